package puente.launcher;

import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.net.Addresses;
import puente.stun.AddressRange;
import puente.stun.TransportAddress;
import puente.turn.Credentials;
import puente.turn.PeerPolicy;
import puente.turn.RealmRules;
import puente.turn.RelayAddress;
import puente.turn.Tenant;
import puente.turn.TurnConfig;
import puente.turn.store.Accounts;
import puente.turn.store.LocalStore;
import puente.users.AccountDesk;
import puente.users.Breaker;
import puente.users.Contents;
import puente.users.DatabaseFailure;
import puente.users.DatabaseLookup;
import puente.users.Databases;
import puente.users.Lookup;
import puente.users.UserDatabase;
import puente.users.Webhook;

/**
 * Users that others know, and realms: the database, the web service, and what they say by now.
 * What waits for them waits on threads of its own.
 */
final class NodeUsers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("puente.users");

  /** In state-dir, where no other database is named. */
  static final String DATABASE = "turndb";

  private static final int WAITING_MAX = 1024;

  private final @Nullable UserDatabase database;
  private final @Nullable Webhook webhook;
  private final List<Breaker> breakers = new ArrayList<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("userdb-refresh").factory());
  private final AccountDesk desk;
  private volatile DatabaseOverlay overlay = DatabaseOverlay.NOTHING;
  private volatile boolean isClosed;
  private volatile Duration refresh;

  /** Of the database, at the last look. */
  private OptionalLong version;

  private NodeUsers(Config config, @Nullable UserDatabase database, @Nullable Webhook webhook) {
    this.database = database;
    this.webhook = webhook;
    refresh = config.value(UserSettings.REFRESH);
    version = database == null ? OptionalLong.empty() : database.version();
    if (database != null) {
      breakers.add(new Breaker(new DatabaseLookup(database), NodeUsers::nowMs));
    }
    if (webhook != null) {
      breakers.add(new Breaker(webhook, NodeUsers::nowMs));
    }
    List<Lookup> lookups = List.copyOf(breakers);
    desk = new AccountDesk(lookups, options(config), threads, NodeUsers::nowMs);
  }

  /**
   * Opens what the configuration names. One that is down is no failure: it is asked again.
   *
   * @throws StartFailure if the configuration is wrong
   */
  static NodeUsers open(Config config, StateDirectory state) throws StartFailure {
    Optional<UserDatabase> database = database(config, state.directory(), false);
    NodeUsers users = new NodeUsers(config, database.orElse(null), webhook(config));
    users.read();
    return users;
  }

  /**
   * The database that is configured, or the one in the state directory if it is there.
   *
   * @param toWrite whether to change it; the one in the state directory is made then
   */
  static Optional<UserDatabase> database(Config config, Path state, boolean toWrite)
      throws StartFailure {
    List<Setting<?>> given =
        List.<Setting<?>>of(
                UserSettings.USERDB,
                UserSettings.PSQL_USERDB,
                UserSettings.MYSQL_USERDB,
                UserSettings.REDIS_USERDB)
            .stream()
            .filter(setting -> config.find(setting).isPresent())
            .toList();
    if (given.size() > 1) {
      throw StartFailure.configuration(
          given.get(0) + " and " + given.get(1) + ": a server has one user database");
    }
    Path own = state.resolve(DATABASE);
    String word = given.isEmpty() ? UserSettings.USERDB.name() : given.getFirst().name();
    try {
      if (given.isEmpty()) {
        return toWrite || Files.exists(own)
            ? Optional.of(Databases.sqlite(own, toWrite))
            : Optional.empty();
      }
      return Optional.of(opened(config, toWrite));
    } catch (DatabaseFailure broken) {
      throw StartFailure.configuration(word + ": " + broken.line());
    } catch (IllegalArgumentException wrong) {
      throw StartFailure.configuration(word + ": " + wrong.getMessage());
    }
  }

  private static UserDatabase opened(Config config, boolean toWrite) throws DatabaseFailure {
    Optional<String> psql = config.find(UserSettings.PSQL_USERDB);
    if (psql.isPresent()) {
      return Databases.postgresql(psql.get());
    }
    Optional<String> mysql = config.find(UserSettings.MYSQL_USERDB);
    if (mysql.isPresent()) {
      return Databases.mysql(mysql.get());
    }
    Optional<String> redis = config.find(UserSettings.REDIS_USERDB);
    return redis.isPresent()
        ? Databases.redis(redis.get())
        : Databases.sqlite(config.value(UserSettings.USERDB), toWrite);
  }

  /** Where the database is: never anybody's peer. */
  static List<InetSocketAddress> endpoints(Config config) {
    List<InetSocketAddress> all = new ArrayList<>();
    config
        .find(UserSettings.PSQL_USERDB)
        .ifPresent(words -> all.addAll(Databases.endpoints(words, 5432)));
    config
        .find(UserSettings.MYSQL_USERDB)
        .ifPresent(words -> all.addAll(Databases.endpoints(words, 3306)));
    config
        .find(UserSettings.REDIS_USERDB)
        .ifPresent(words -> all.addAll(Databases.endpoints(words, 6379)));
    return all;
  }

  private static @Nullable Webhook webhook(Config config) throws StartFailure {
    if (config.find(UserSettings.WEBHOOK).isEmpty()) {
      return null;
    }
    String secret =
        config
            .find(UserSettings.WEBHOOK_SECRET)
            .orElseThrow(
                () ->
                    StartFailure.configuration(
                        "auth-webhook needs auth-webhook-secret, which its service knows, too"));
    return new Webhook(
        config.value(UserSettings.WEBHOOK),
        secret,
        config.value(UserSettings.WEBHOOK_TIMEOUT),
        InstantSource.system());
  }

  private static AccountDesk.Options options(Config config) {
    return new AccountDesk.Options(
        config.value(UserSettings.KNOWN_AGE).toMillis(),
        config.value(UserSettings.UNKNOWN_AGE).toMillis(),
        config.value(UserSettings.REMEMBERED),
        WAITING_MAX,
        config.value(UserSettings.PER_SECOND));
  }

  private static long nowMs() {
    return System.nanoTime() / 1_000_000;
  }

  // ---- what it says

  Accounts accounts() {
    return breakers.isEmpty() ? Accounts.NOBODY : desk;
  }

  AccountDesk desk() {
    return desk;
  }

  /** How many of those that know users there are, and how many of them answer. */
  int known() {
    return breakers.size();
  }

  long reachable() {
    return breakers.stream().filter(breaker -> breaker.failure() == null).count();
  }

  /** The configuration with what the database adds to its realm. */
  Config over(Config given) {
    return overlay.over(given);
  }

  /** From now on, by this configuration. */
  void reconfigure(Config config) {
    refresh = config.value(UserSettings.REFRESH);
    desk.reconfigure(options(config));
  }

  /** The same with the realms beside the main one, and with who else knows users. */
  TurnConfig apply(TurnConfig turn, Config config, Set<String> revoked) {
    TurnConfig.Builder builder = turn.toBuilder();
    if (!breakers.isEmpty() && !config.isAnonymous()) {
      builder.elsewhere(
          config.value(UserSettings.KNOWN_AGE).toMillis(), config.value(UserSettings.SHA256));
    }
    RealmRules rules = rules(config);
    Map<String, List<RelayAddress>> relays = NodeAddresses.relaysByRealm(config);
    List<Tenant> tenants = new ArrayList<>();
    for (String realm : realms(config)) {
      tenants.add(tenant(realm, relays.getOrDefault(realm, List.of()), turn, config, revoked));
    }
    return builder.tenants(tenants, rules).build();
  }

  private Tenant tenant(
      String realm,
      List<RelayAddress> relays,
      TurnConfig turn,
      Config config,
      Set<String> revoked) {
    Credentials credentials =
        Credentials.ofRealm(realm)
            .withRevoked(revoked)
            .withSeparator(config.value(Settings.REST_API_SEPARATOR).charAt(0))
            .withSecrets(overlay.secrets(realm));
    PeerPolicy peers = turn.peers();
    if (!config.value(UserSettings.NO_DYNAMIC_IP_LIST)) {
      String main = config.value(Settings.REALM);
      peers =
          peers
              .withAllowed(ofRealm(peers.allowed(), overlay.allowed(main), overlay.allowed(realm)))
              .withDenied(ofRealm(peers.denied(), overlay.denied(main), overlay.denied(realm)));
    }
    long bytesPerSecond = overlay.option(realm, "max-bps").orElse(config.value(Settings.MAX_BPS));
    return new Tenant(credentials, peers, bytesPerSecond, relays);
  }

  /** The rules of the main realm without those that the database adds to it alone. */
  private static AddressRange[] ofRealm(
      List<AddressRange> all, List<AddressRange> ofMain, List<AddressRange> ofRealm) {
    List<AddressRange> rules = new ArrayList<>(all);
    ofMain.forEach(rules::remove);
    rules.addAll(ofRealm);
    return rules.toArray(AddressRange[]::new);
  }

  private RealmRules rules(Config config) {
    Map<String, String> origins = new HashMap<>();
    if (!config.value(UserSettings.NO_DYNAMIC_REALMS)) {
      origins.putAll(overlay.realmByOrigin());
    }
    config.all(UserSettings.ORIGIN_REALM).forEach(rule -> origins.put(rule.key(), rule.realm()));
    Map<String, String> names = new HashMap<>();
    config.all(UserSettings.SNI_REALM).forEach(rule -> names.put(rule.key(), rule.realm()));
    Map<TransportAddress, String> listeners = new HashMap<>();
    for (RealmRule rule : config.all(UserSettings.LISTENER_REALM)) {
      listeners.put(Addresses.of(rule.address(), 0), rule.realm());
    }
    return new RealmRules(names, origins, listeners)
        .withSuffixes(config.value(UserSettings.SUFFIX_REALM));
  }

  private Set<String> realms(Config config) {
    Set<String> realms = new HashSet<>();
    if (!config.value(UserSettings.NO_DYNAMIC_REALMS)) {
      realms.addAll(overlay.realms());
    }
    for (Setting<RealmRule> setting :
        List.of(
            UserSettings.SNI_REALM,
            UserSettings.ORIGIN_REALM,
            UserSettings.LISTENER_REALM,
            UserSettings.RELAY_REALM)) {
      config.all(setting).forEach(rule -> realms.add(rule.realm()));
    }
    realms.remove(config.value(Settings.REALM));
    return realms;
  }

  /** Of the realms beside the main one. */
  Map<String, LocalStore.Quotas> quotasByRealm(Config config, LocalStore.Quotas main) {
    Map<String, LocalStore.Quotas> quotas = new HashMap<>();
    for (String realm : realms(config)) {
      quotas.put(
          realm,
          new LocalStore.Quotas(
              quota(realm, "user-quota", main.perUser()),
              quota(realm, "total-quota", main.perRealm()),
              main.perSource(),
              main.total()));
    }
    return quotas;
  }

  private int quota(String realm, String option, int fallback) {
    return overlay.option(realm, option).map(DatabaseOverlay::clamped).orElse(fallback);
  }

  // ---- reading again

  /**
   * Looks for changes from now on.
   *
   * @param onChange run on a thread that may wait
   * @param onUsers the same, when users may have changed; where that is not seen, they get old
   */
  void watch(Runnable onChange, Runnable onUsers) {
    if (database != null) {
      lookLater(onChange, onUsers);
    }
  }

  private void lookLater(Runnable onChange, Runnable onUsers) {
    try {
      timer.schedule(() -> look(onChange, onUsers), refresh.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException ending) {
      // Nothing is wanted of it any more.
    }
  }

  private void look(Runnable onChange, Runnable onUsers) {
    try {
      if (isWritten()) {
        desk.forget();
        onUsers.run();
      }
      if (read()) {
        onChange.run();
        LOG.info("event=userdb-changed");
      }
    } catch (RuntimeException | AssertionError defect) {
      LOG.error("event=defect where=userdb meaning=\"please report\"", defect);
    } finally {
      lookLater(onChange, onUsers);
    }
  }

  private boolean isWritten() {
    OptionalLong now = database == null ? OptionalLong.empty() : database.version();
    boolean isOther = !now.equals(version);
    version = now;
    return isOther;
  }

  /** Whether something is other than it was. */
  private boolean read() {
    if (database == null) {
      return false;
    }
    Breaker breaker = breakers.getFirst();
    try {
      Contents contents = Contents.read(database);
      breaker.answered();
      if (overlay.isOf(contents)) {
        return false;
      }
      overlay = DatabaseOverlay.of(contents);
      return true;
    } catch (DatabaseFailure silent) {
      if (!isClosed) {
        breaker.failed(silent.line());
      }
      return false;
    }
  }

  @Override
  public void close() {
    isClosed = true;
    timer.shutdownNow();
    threads.shutdownNow();
    if (database != null) {
      database.close();
    }
    if (webhook != null) {
      webhook.close();
    }
  }
}
