package puente.launcher;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.stun.AddressRange;
import puente.users.Contents;
import puente.users.Row;
import puente.users.Table;

/**
 * What a user database says beside its users, read once and checked: for each realm its secrets,
 * peer rules, limits. Immutable.
 */
final class DatabaseOverlay {
  private static final Logger LOG = LoggerFactory.getLogger("puente.users");
  private static final Origin ORIGIN = new Origin(Origin.Source.FLAG, "user database");

  /** Each has keys and rules of its own in every shard. */
  private static final int REALMS_MAX = 1000;

  /** What one realm has of its own. */
  record RealmRows(
      List<String> secrets,
      List<AddressRange> allowed,
      List<AddressRange> denied,
      Map<String, Long> options) {

    /** {@code max-bps}, {@code user-quota} or {@code total-quota}; empty where it is not set. */
    Optional<Long> option(String name) {
      return Optional.ofNullable(options.get(name));
    }
  }

  static final DatabaseOverlay NOTHING = of(Contents.NOTHING);

  private final Contents contents;
  private final Map<String, RealmRows> rowsByRealm = new HashMap<>();
  private final Map<String, String> realmByOrigin = new HashMap<>();
  private final List<TokenKey> tokenKeys = new ArrayList<>();

  private DatabaseOverlay(Contents contents) {
    this.contents = contents;
  }

  static DatabaseOverlay of(Contents contents) {
    DatabaseOverlay overlay = new DatabaseOverlay(contents);
    overlay.read();
    return overlay;
  }

  boolean isOf(Contents other) {
    return contents.equals(other);
  }

  private void read() {
    for (Row row : contents.rows(Table.SECRETS)) {
      if (row.value().isEmpty()) {
        wrong(Table.SECRETS, "an empty secret");
      } else {
        rows(row.realm()).secrets.add(row.value());
      }
    }
    ranges(Table.ALLOWED_PEERS);
    ranges(Table.DENIED_PEERS);
    for (Row row : contents.rows(Table.OPTIONS)) {
      boolean known = Set.of("max-bps", "user-quota", "total-quota").contains(row.name());
      if (!known || !row.value().matches("[0-9]{1,15}")) {
        wrong(Table.OPTIONS, known ? "not a number" : "no such option");
      } else {
        rows(row.realm()).options.put(row.name(), Long.parseLong(row.value()));
      }
    }
    for (Row row : contents.rows(Table.ORIGINS)) {
      rows(row.realm());
      realmByOrigin.put(row.name(), row.realm());
    }
    for (Row row : contents.rows(Table.OAUTH_KEYS)) {
      try {
        tokenKeys.add(TokenKey.parse(row.name() + ":" + row.value()));
      } catch (IllegalArgumentException malformed) {
        wrong(Table.OAUTH_KEYS, String.valueOf(malformed.getMessage()));
      }
    }
  }

  /** A rule that cannot be read denies everything of its realm: never is more allowed than meant. */
  private void ranges(Table table) {
    for (Row row : contents.rows(table)) {
      RealmRows rows = rows(row.realm());
      try {
        AddressRange range = AddressRange.parse(row.value());
        (table == Table.ALLOWED_PEERS ? rows.allowed : rows.denied).add(range);
      } catch (IllegalArgumentException malformed) {
        wrong(table, malformed.getMessage() + (table == Table.DENIED_PEERS ? "; all denied" : ""));
        if (table == Table.DENIED_PEERS) {
          rows.denied.add(AddressRange.parse("0.0.0.0/0"));
          rows.denied.add(AddressRange.parse("::/0"));
        }
      }
    }
  }

  private static void wrong(Table table, String why) {
    LOG.error("event=userdb-row-wrong table={} reason=\"{}\"", table.table(), why);
  }

  private RealmRows rows(String realm) {
    return rowsByRealm.computeIfAbsent(
        realm,
        unused ->
            new RealmRows(
                new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new HashMap<>()));
  }

  // ---- the main realm

  /** The configuration with what the database adds to its own realm. */
  Config over(Config given) {
    String realm = given.value(Settings.REALM);
    Map<Setting<?>, List<Config.Value<?>>> others = new HashMap<>();
    List<String> secrets = rowsOf(realm).stream().flatMap(one -> one.secrets.stream()).toList();
    add(others, Settings.STATIC_AUTH_SECRET, given, secrets);
    if (!secrets.isEmpty()) {
      others.put(
          Settings.USE_AUTH_SECRET, List.of(new Config.Value<>(true, Origin.derived("userdb"))));
    }
    if (!given.value(UserSettings.NO_DYNAMIC_IP_LIST)) {
      add(others, Settings.ALLOWED_PEER_IP, given, allowed(realm));
      add(others, Settings.DENIED_PEER_IP, given, denied(realm));
    }
    add(others, ProtocolSettings.OAUTH_KEY, given, tokenKeys);
    for (RealmRows rows : rowsOf(realm)) {
      rows.option("max-bps").ifPresent(max -> set(others, Settings.MAX_BPS, max));
      rows.option("user-quota").ifPresent(max -> set(others, Settings.USER_QUOTA, clamped(max)));
      rows.option("total-quota").ifPresent(max -> set(others, Settings.REALM_QUOTA, clamped(max)));
    }
    return others.isEmpty() ? given : given.with(others);
  }

  private static <T> void add(
      Map<Setting<?>, List<Config.Value<?>>> into, Setting<T> setting, Config given, List<T> more) {
    if (more.isEmpty()) {
      return;
    }
    List<Config.Value<?>> all = new ArrayList<>(given.values(setting));
    more.forEach(one -> all.add(new Config.Value<>(one, ORIGIN)));
    into.put(setting, all);
  }

  private static <T> void set(
      Map<Setting<?>, List<Config.Value<?>>> into, Setting<T> setting, T value) {
    into.put(setting, List.of(new Config.Value<>(value, ORIGIN)));
  }

  static int clamped(long number) {
    return (int) Math.min(number, Integer.MAX_VALUE);
  }

  // ---- every realm

  /** What holds for every realm, then what holds for this one. */
  private List<RealmRows> rowsOf(String realm) {
    List<RealmRows> all = new ArrayList<>();
    for (String name : List.of("", realm)) {
      RealmRows rows = rowsByRealm.get(name);
      if (rows != null) {
        all.add(rows);
      }
    }
    return all;
  }

  List<AddressRange> allowed(String realm) {
    return rowsOf(realm).stream().flatMap(rows -> rows.allowed.stream()).toList();
  }

  List<AddressRange> denied(String realm) {
    return rowsOf(realm).stream().flatMap(rows -> rows.denied.stream()).toList();
  }

  List<String> secrets(String realm) {
    return rowsOf(realm).stream().flatMap(rows -> rows.secrets.stream()).toList();
  }

  Optional<Long> option(String realm, String name) {
    return rowsOf(realm).reversed().stream()
        .flatMap(rows -> rows.option(name).stream())
        .findFirst();
  }

  /** By origin as it stands there. */
  Map<String, String> realmByOrigin() {
    return Map.copyOf(realmByOrigin);
  }

  /** All realms that it says something of. */
  Set<String> realms() {
    Set<String> realms = new HashSet<>(rowsByRealm.keySet());
    realms.remove("");
    if (realms.size() > REALMS_MAX) {
      wrong(Table.OPTIONS, "more than " + REALMS_MAX + " realms; the rest is left out");
      return Set.copyOf(realms.stream().sorted().limit(REALMS_MAX).toList());
    }
    return realms;
  }
}
