package puente.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What becomes of a configuration of coturn's, entry by entry. */
final class Migration {

  /** What becomes of one entry. */
  enum Fate {
    KEPT("kept"),
    RENAMED("renamed"),
    NOT_NEEDED("not needed"),
    IGNORED("ignored"),
    UNSUPPORTED("unsupported"),
    UNKNOWN("unknown"),
    MALFORMED("malformed");

    private final String word;

    Fate(String word) {
      this.word = word;
    }

    String word() {
      return word;
    }
  }

  /**
   * What becomes of one entry.
   *
   * @param place of it: {@code line 7}, or a table of the database
   * @param result the new line; empty when there is none
   */
  record Outcome(String place, String word, Fate fate, String why, String result, boolean secret) {
    /** As it may be shown to anybody. */
    String shown() {
      return secret ? "# " + word + ": a secret, not shown; copy " + place : result;
    }

    /** Without the secret. */
    @Override
    public String toString() {
      return "Outcome[" + place + ", " + word + ", " + fate + "]";
    }
  }

  /** Of what is ignored, that whose users notice; the notes say what to do instead. */
  private static final Set<String> LOST =
      Set.of(
          "dtls",
          "tcp-relay",
          "aux-server",
          "multiplex-peer-port",
          "mongo-userdb",
          "redis-statsdb",
          "oauth",
          "CA-file",
          "server-relay",
          "raw-public-keys",
          "prometheus-tls",
          "prometheus-cert",
          "prometheus-key",
          "acme-redirect",
          "respond-http-unsupported");

  private static final Set<String> DATABASES =
      Set.of(
          UserSettings.USERDB.name(),
          UserSettings.PSQL_USERDB.name(),
          UserSettings.MYSQL_USERDB.name(),
          UserSettings.REDIS_USERDB.name());

  private final List<Outcome> outcomes = new ArrayList<>();
  private String realm = Settings.REALM.fallback();

  List<Outcome> outcomes() {
    return List.copyOf(outcomes);
  }

  void file(List<ConfigFile.Line> lines) {
    for (ConfigFile.Line line : lines) {
      Outcome outcome = outcome(line);
      outcomes.add(outcome);
      if (outcome.word().equals(Settings.REALM.name()) && outcome.fate() == Fate.KEPT) {
        realm = line.value();
      }
    }
  }

  private static Outcome outcome(ConfigFile.Line line) {
    String place = "line " + line.number();
    Optional<Setting<?>> known = Settings.named(line.key());
    if (known.isEmpty()) {
      return nothing(place, "?", Fate.UNKNOWN, UnknownWord.inFile(line));
    }
    Setting<?> setting = known.get();
    return switch (setting.status()) {
      case WORKS -> kept(place, setting, setting, line.value());
      case IGNORED ->
          nothing(
              place,
              setting.name(),
              LOST.contains(setting.name()) ? Fate.UNSUPPORTED : Fate.IGNORED,
              setting.note());
      case HELD -> nothing(place, setting.name(), Fate.NOT_NEEDED, setting.note());
      case MAPPED -> mapped(place, line, setting);
    };
  }

  private static Outcome mapped(String place, ConfigFile.Line line, Setting<?> setting) {
    Setting.Mapping mapping = setting.mapping().orElseThrow();
    try {
      String text = mapping.conversion().apply(line.value());
      return text.isEmpty()
          ? nothing(place, setting.name(), Fate.NOT_NEEDED, "it is switched off")
          : kept(place, setting, mapping.target(), text);
    } catch (IllegalArgumentException wrong) {
      return nothing(place, setting.name(), Fate.MALFORMED, String.valueOf(wrong.getMessage()));
    }
  }

  private static Outcome kept(String place, Setting<?> from, Setting<?> to, String text) {
    try {
      to.type().reader().apply(text.isEmpty() ? to.bare().orElse("") : text);
    } catch (IllegalArgumentException wrong) {
      return nothing(place, from.name(), Fate.MALFORMED, String.valueOf(wrong.getMessage()));
    }
    String result = to + (text.isEmpty() ? "" : "=" + SafeText.escape(text));
    return from.equals(to)
        ? new Outcome(place, from.name(), Fate.KEPT, "", result, to.secret())
        : new Outcome(place, from.name(), Fate.RENAMED, from + " is " + to, result, to.secret());
  }

  private static Outcome nothing(String place, String word, Fate fate, String why) {
    return new Outcome(place, word, fate, why, "", false);
  }

  // ---- the database

  /** After the file, which says the realm. */
  void database(CoturnDatabase database) {
    outcomes.replaceAll(Migration::takenOver);
    database.users().forEach(this::user);
    rows("turn_secret", Settings.STATIC_AUTH_SECRET, database.secrets());
    rows("allowed_peer_ip", Settings.ALLOWED_PEER_IP, database.allowedPeers());
    rows("denied_peer_ip", Settings.DENIED_PEER_IP, database.deniedPeers());
    database.realmOptions().forEach(this::option);
    lost(
        "turn_origin_to_realm",
        database.origins(),
        "say it as origin-realm, or keep the database: realms are kept there");
    lost("oauth_key", database.oauthKeys(), "say it as oauth-key, or keep the database");
    lost(
        "admin_user",
        database.admins(),
        "its passwords are of another kind: make accounts on the console's first page");
  }

  /** The database that is taken over is none any more. */
  private static Outcome takenOver(Outcome outcome) {
    return DATABASES.contains(outcome.word()) && outcome.fate() == Fate.KEPT
        ? nothing(
            outcome.place(), outcome.word(), Fate.NOT_NEEDED, "its entries are taken over below")
        : outcome;
  }

  private boolean isOurs(CoturnDatabase.Row row) {
    return row.realm().isEmpty() || row.realm().equals(realm);
  }

  private Outcome foreign(String table, String word, CoturnDatabase.Row row) {
    return nothing(
        table,
        word,
        Fate.UNSUPPORTED,
        "of realm "
            + SafeText.excerpt(row.realm(), 60)
            + ", this is "
            + SafeText.excerpt(realm, 60)
            + ": keep the database, where realms are kept");
  }

  private void user(CoturnDatabase.Row row) {
    if (!isOurs(row)) {
      outcomes.add(foreign("turnusers_lt", "user " + SafeText.excerpt(row.name(), 60), row));
      return;
    }
    String key = row.value().startsWith("0x") ? row.value() : "0x" + row.value();
    outcomes.add(kept("turnusers_lt", Settings.USER, Settings.USER, row.name() + ":" + key));
  }

  private void rows(String table, Setting<?> setting, List<CoturnDatabase.Row> rows) {
    for (CoturnDatabase.Row row : rows) {
      outcomes.add(
          isOurs(row)
              ? kept(table, setting, setting, row.value())
              : foreign(table, setting.name(), row));
    }
  }

  private void option(CoturnDatabase.Row row) {
    String table = "turn_realm_option";
    Optional<Setting<?>> setting =
        Settings.named(row.name()).filter(one -> one.status() == Setting.Status.WORKS);
    if (setting.isEmpty()) {
      outcomes.add(
          nothing(table, SafeText.excerpt(row.name(), 40), Fate.UNKNOWN, "no such option"));
    } else if (isOurs(row)) {
      outcomes.add(kept(table, setting.get(), setting.get(), row.value()));
    } else {
      outcomes.add(foreign(table, row.name(), row));
    }
  }

  private void lost(String table, List<CoturnDatabase.Row> rows, String why) {
    for (CoturnDatabase.Row row : rows) {
      outcomes.add(nothing(table, SafeText.excerpt(row.name(), 60), Fate.UNSUPPORTED, why));
    }
  }
}
