package puente.users;

import org.jspecify.annotations.Nullable;

/** The tables of coturn's schema, and which of their columns a {@link Row} is made of. */
public enum Table {
  USERS("turnusers_lt", "realm", "name", "hmackey", "realm name"),
  SECRETS("turn_secret", "realm", null, "value", "realm value"),
  ALLOWED_PEERS("allowed_peer_ip", "realm", null, "ip_range", "realm value"),
  DENIED_PEERS("denied_peer_ip", "realm", null, "ip_range", "realm value"),
  ORIGINS("turn_origin_to_realm", "realm", "origin", null, "name"),
  OPTIONS("turn_realm_option", "realm", "opt", "value", "realm name"),
  /** The value is {@code key:algorithm:timestamp:lifetime}. */
  OAUTH_KEYS("oauth_key", "realm", "kid", null, "name"),
  ADMINS("admin_user", "realm", "name", "password", "name");

  private final String table;
  final String realm;
  final @Nullable String name;
  final @Nullable String value;
  private final String key;

  Table(String table, String realm, @Nullable String name, @Nullable String value, String key) {
    this.table = table;
    this.realm = realm;
    this.name = name;
    this.value = value;
    this.key = key;
  }

  /** As the schema calls it. */
  public String table() {
    return table;
  }

  boolean isKey(String part) {
    return (" " + key + " ").contains(" " + part + " ");
  }
}
