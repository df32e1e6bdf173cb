package puente.launcher;

import static puente.launcher.Setting.row;
import static puente.launcher.Settings.flag;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import puente.launcher.Setting.Group;

/** The rows of the table about users that others know, and about realms. */
final class UserSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  private static final Type<Duration> AGE =
      Type.duration(Duration.ofSeconds(1), Duration.ofHours(1));

  private static final Type<RealmRule> RULE = new Type<>("key realm", true, RealmRule::parse);

  static final Setting<Path> USERDB =
      row(
              Group.CREDENTIALS,
              "userdb",
              Type.PATH,
              "User database: a file of SQLite in coturn's schema. Without any database,"
                  + " state-dir/turndb is read if it is there.")
          .or("db")
          .letter('b')
          .in(ROWS);
  static final Setting<String> PSQL_USERDB =
      connection("psql-userdb", "PostgreSQL").or("sql-userdb").letter('e').in(ROWS);
  static final Setting<String> MYSQL_USERDB =
      connection("mysql-userdb", "MySQL or MariaDB").letter('M').in(ROWS);
  static final Setting<String> REDIS_USERDB =
      connection("redis-userdb", "Redis").letter('N').in(ROWS);
  static final Setting<Boolean> NO_DYNAMIC_IP_LIST =
      flag(Group.PEERS, "no-dynamic-ip-list", "No peer rules from the user database.").in(ROWS);
  static final Setting<Boolean> NO_DYNAMIC_REALMS =
      flag(Group.CREDENTIALS, "no-dynamic-realms", "No realms from the user database.").in(ROWS);
  static final Setting<Duration> REFRESH =
      row(
              Group.CREDENTIALS,
              "userdb-refresh",
              AGE,
              "How often secrets, peer rules, realms and keys of tokens are read from the user"
                  + " database again.")
          .fallback("5")
          .in(ROWS);
  static final Setting<Duration> KNOWN_AGE =
      row(
              Group.CREDENTIALS,
              "userdb-age",
              AGE,
              "How long what the user database or the webhook has said of a user holds.")
          .fallback("30")
          .in(ROWS);
  static final Setting<Duration> UNKNOWN_AGE =
      row(
              Group.CREDENTIALS,
              "userdb-unknown-age",
              AGE,
              "How long it holds that there is no such user.")
          .fallback("5")
          .in(ROWS);
  static final Setting<Integer> REMEMBERED =
      row(
              Group.LIMITS,
              "userdb-remembered",
              Type.count(100, 10_000_000),
              "Users, found or not, that are remembered at a time.")
          .fallback("20000")
          .in(ROWS);
  static final Setting<Integer> PER_SECOND =
      row(
              Group.LIMITS,
              "userdb-lookups-per-second",
              Type.count(1, 1_000_000),
              "Users asked for in one second, beyond those that are remembered.")
          .fallback("1000")
          .in(ROWS);
  static final Setting<Boolean> SHA256 =
      flag(
              Group.CREDENTIALS,
              "userdb-sha256",
              "All users of the database have a key for SHA-256, too (puente user add --sha256):"
                  + " offer it to clients (RFC 8489).")
          .in(ROWS);
  static final Setting<URI> WEBHOOK =
      row(
              Group.CREDENTIALS,
              "auth-webhook",
              new Type<>("https://host/path", true, UserSettings::webhook),
              "Web service that is asked for users that nothing else knows; http on this machine"
                  + " only.")
          .in(ROWS);
  static final Setting<String> WEBHOOK_SECRET =
      row(
              Group.CREDENTIALS,
              "auth-webhook-secret",
              new Type<>("secret", true, UserSettings::webhookSecret),
              "Signs questions to the web service and its answers, 32 characters or more.")
          .secret()
          .in(ROWS);
  static final Setting<Duration> WEBHOOK_TIMEOUT =
      row(
              Group.CREDENTIALS,
              "auth-webhook-timeout",
              Type.duration(Duration.ofSeconds(1), Duration.ofSeconds(10)),
              "How long an answer of the web service may take.")
          .fallback("2")
          .in(ROWS);
  static final Setting<RealmRule> SNI_REALM =
      row(
              Group.CREDENTIALS,
              "sni-realm",
              RULE,
              "Realm of clients that call this name in their TLS or DTLS handshake; several times.")
          .adds()
          .in(ROWS);
  static final Setting<RealmRule> ORIGIN_REALM =
      row(
              Group.CREDENTIALS,
              "origin-realm",
              RULE,
              "Realm of clients that send this ORIGIN, as coturn's turn_origin_to_realm; several"
                  + " times.")
          .adds()
          .in(ROWS);
  static final Setting<RealmRule> LISTENER_REALM =
      row(
              Group.CREDENTIALS,
              "listener-realm",
              new Type<>("ip realm", true, RealmRule::ofAddress),
              "Realm of clients that come to this address of ours; several times.")
          .adds()
          .in(ROWS);

  static final Setting<RealmRule> RELAY_REALM =
      row(
              Group.CREDENTIALS,
              "relay-realm",
              new Type<>("ip realm", true, RealmRule::ofRelay),
              "Relay address of this realm's users, instead of those of relay-ip; several times.")
          .adds()
          .in(ROWS);

  static final Setting<Boolean> SUFFIX_REALM =
      flag(
              Group.CREDENTIALS,
              "suffix-realm",
              "Let users whose names end in @REALM have the secrets, rates, quotas, peer rules and"
                  + " relay addresses of that realm.")
          .in(ROWS);

  private UserSettings() {}

  static void addTo(List<Setting<?>> table) {
    table.addAll(ROWS);
  }

  /** Whether others than the configuration are said to know users. */
  static boolean areGiven(Config config) {
    return isDatabaseGiven(config) || config.find(WEBHOOK).isPresent();
  }

  static boolean isDatabaseGiven(Config config) {
    return config.find(USERDB).isPresent()
        || config.find(PSQL_USERDB).isPresent()
        || config.find(MYSQL_USERDB).isPresent()
        || config.find(REDIS_USERDB).isPresent();
  }

  private static Setting.Row<String> connection(String name, String what) {
    return row(
            Group.CREDENTIALS,
            name,
            Type.TEXT,
            "User database: "
                + what
                + ", in coturn's words: \"host=... dbname=... user=... password=...\".")
        .secret();
  }

  private static URI webhook(String text) {
    URI uri;
    try {
      uri = URI.create(text);
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException("not a URL");
    }
    String host = uri.getHost();
    boolean isHere =
        host != null
            && (host.equals("localhost") || host.equals("[::1]") || host.startsWith("127."));
    boolean isSafe = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme()) && isHere;
    if (host == null || !isSafe || uri.getUserInfo() != null || text.length() > 500) {
      throw new IllegalArgumentException("not https://host/path, nor http:// on this machine");
    }
    return uri;
  }

  private static String webhookSecret(String text) {
    if (text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length < 32) {
      throw new IllegalArgumentException("shorter than 32 bytes");
    }
    return text;
  }
}
