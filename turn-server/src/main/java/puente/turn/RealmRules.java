package puente.turn;

import java.net.URI;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import puente.stun.TransportAddress;

/**
 * Which realm a client is asked for, before it has said one: by the name it called us by, by the
 * page it comes from, by where it came in; in this order. Else it is the main one. Immutable.
 *
 * @param byServerName by the name in the TLS or DTLS handshake (SNI), in lower case
 * @param byOrigin by {@link #canonical canonical} ORIGIN, as coturn's {@code turn_origin_to_realm}
 * @param byListener by our own address, with port 0
 * @param bySuffix whether users of the main realm whose names end in {@code @REALM} are that
 *     realm's: with its secrets, rates, quotas and peers. The realm that they are asked for is the
 *     main one all the same, as it stands in their keys before they have said their name
 */
public record RealmRules(
    Map<String, String> byServerName,
    Map<String, String> byOrigin,
    Map<TransportAddress, String> byListener,
    boolean bySuffix) {

  public static final RealmRules NONE = new RealmRules(Map.of(), Map.of(), Map.of());

  public RealmRules(
      Map<String, String> byServerName,
      Map<String, String> byOrigin,
      Map<TransportAddress, String> byListener) {
    this(byServerName, byOrigin, byListener, false);
  }

  /** As long as coturn takes one. */
  static final int ORIGIN_MAX = 127;

  public RealmRules {
    byServerName = Map.copyOf(byServerName);
    Map<String, String> origins = new HashMap<>();
    byOrigin.forEach((origin, realm) -> origins.put(canonical(origin), realm));
    byOrigin = Map.copyOf(origins);
    byListener = Map.copyOf(byListener);
  }

  boolean isEmpty() {
    return byServerName.isEmpty() && byOrigin.isEmpty() && byListener.isEmpty();
  }

  /** The realm of who came so; null is the main one. */
  @Nullable String realmOf(
      @Nullable String serverName, @Nullable String origin, TransportAddress server) {
    String realm =
        serverName == null ? null : byServerName.get(serverName.toLowerCase(Locale.ROOT));
    if (realm == null && origin != null) {
      realm = byOrigin.get(canonical(origin));
    }
    return realm == null ? byListener.get(server.withPort(0)) : realm;
  }

  /** The same, with realms by suffix. */
  public RealmRules withSuffixes(boolean wanted) {
    return new RealmRules(byServerName, byOrigin, byListener, wanted);
  }

  /** What stands after the last {@code @} of a name; null without one. */
  static @Nullable String suffix(String name) {
    int at = name.lastIndexOf('@');
    return at < 0 ? null : name.substring(at + 1);
  }

  /** As coturn keeps an origin: in lower case, with its port. What is no URI stays as it is. */
  public static String canonical(String origin) {
    String text = origin.toLowerCase(Locale.ROOT);
    try {
      URI uri = URI.create(text);
      if (uri.getScheme() == null || uri.getHost() == null) {
        return text;
      }
      int port =
          switch (uri.getScheme()) {
            case "http" -> 80;
            case "https" -> 443;
            default -> 0;
          };
      port = uri.getPort() > 0 ? uri.getPort() : port;
      return uri.getScheme() + "://" + uri.getHost() + (port > 0 ? ":" + port : "");
    } catch (IllegalArgumentException noUri) {
      return text;
    }
  }
}
