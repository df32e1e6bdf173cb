package puente.launcher;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import puente.admin.TurnAccess;
import puente.admin.access.AccessProblem;
import puente.admin.access.AccessProblem.Kind;
import puente.signal.Keys;

/** Who may relay through this node: the configuration's users and secrets, and the added ones. */
final class NodeAccess implements TurnAccess {
  private static final int SECRETS_MAX = 20;
  private static final int SECRET_BYTES = 24;
  private static final int ID_LENGTH = 12;

  private final NodeControl node;
  private final SecureRandom random = new SecureRandom();

  NodeAccess(NodeControl node) {
    this.node = node;
  }

  // ---- realm and quota

  @Override
  public Realm realm() {
    Config config = node.effective();
    boolean users = !config.all(Settings.USER).isEmpty();
    boolean secrets = config.usesSharedSecret();
    String authentication =
        config.isAnonymous()
            ? "none"
            : users && secrets ? "both" : users ? "long-term" : "shared-secret";
    return new Realm(
        config.value(Settings.REALM),
        authentication,
        config.all(Settings.USER).size(),
        secrets().size(),
        quota(config));
  }

  private static Quota quota(Config config) {
    boolean added = AddedAccess.QUOTAS.stream().anyMatch(one -> isAdded(config.origin(one)));
    return new Quota(
        config.value(Settings.USER_QUOTA),
        config.value(Settings.REALM_QUOTA),
        config.value(Settings.SOURCE_QUOTA),
        config.value(Settings.TOTAL_QUOTA),
        added ? "console" : config.origin(Settings.USER_QUOTA).toString());
  }

  private static boolean isAdded(Origin origin) {
    return origin.equals(Origin.CONSOLE);
  }

  @Override
  public Quota setQuota(QuotaChange change) {
    AddedAccess base = node.added();
    Map<String, Integer> quotas = new HashMap<>(base.quotaBySetting());
    change.perUser().ifPresent(max -> quotas.put(Settings.USER_QUOTA.name(), max));
    change.perRealm().ifPresent(max -> quotas.put(Settings.REALM_QUOTA.name(), max));
    change.perSource().ifPresent(max -> quotas.put(Settings.SOURCE_QUOTA.name(), max));
    change.total().ifPresent(max -> quotas.put(Settings.TOTAL_QUOTA.name(), max));
    apply(base, base.withQuotas(quotas));
    return quota(node.effective());
  }

  // ---- users

  @Override
  public List<User> users() {
    List<User> users = new ArrayList<>();
    for (Config.Value<puente.launcher.User> value : node.effective().values(Settings.USER)) {
      users.add(user(value.value().name(), value.origin()));
    }
    users.sort(Comparator.comparing(User::name));
    return users;
  }

  private User user(String name, Origin origin) {
    Optional<Instant> created =
        Optional.ofNullable(node.added().userByName().get(name)).map(AddedAccess.User::created);
    return new User(name, origin.toString(), isAdded(origin), created);
  }

  @Override
  public UserMade addUser(String name, Optional<String> password) {
    if (users().stream().anyMatch(user -> user.name().equals(name))) {
      throw new AccessProblem(Kind.CONFLICT, "There is a user of that name.");
    }
    if (node.added().userByName().size() >= AddedEntries.USERS_MAX) {
      throw new AccessProblem(
          Kind.CONFLICT, "There are " + AddedEntries.USERS_MAX + " users; remove some.");
    }
    return keep(name, password);
  }

  @Override
  public UserMade changeUser(String name, Optional<String> password) {
    added(name);
    return keep(name, password);
  }

  private UserMade keep(String name, Optional<String> given) {
    String password = given.orElseGet(this::secret);
    if (name.indexOf(':') >= 0) {
      throw new AccessProblem(Kind.WRONG, "name: a colon ends a name in the configuration.");
    }
    try {
      puente.launcher.User.parse(name + ":" + password);
    } catch (IllegalArgumentException wrong) {
      throw new AccessProblem(Kind.WRONG, wrong.getMessage() + ".");
    }
    AddedAccess base = node.added();
    Map<String, AddedAccess.User> users = new TreeMap<>(base.userByName());
    AddedAccess.User before = users.get(name);
    Instant created = before == null ? now() : before.created();
    users.put(name, new AddedAccess.User(password, created));
    apply(base, base.withUsers(users));
    return new UserMade(
        user(name, Origin.CONSOLE), given.isPresent() ? Optional.empty() : Optional.of(password));
  }

  @Override
  public void removeUser(String name) {
    added(name);
    AddedAccess base = node.added();
    Map<String, AddedAccess.User> users = new TreeMap<>(base.userByName());
    users.remove(name);
    apply(base, base.withUsers(users));
  }

  private void added(String name) {
    if (node.added().userByName().containsKey(name)) {
      return;
    }
    for (Config.Value<puente.launcher.User> value : node.given().values(Settings.USER)) {
      if (value.value().name().equals(name)) {
        throw new AccessProblem(
            Kind.CONFLICT,
            "That user is of the configuration: change it at " + value.origin() + ".");
      }
    }
    throw new AccessProblem(Kind.UNKNOWN, "There is no user of that name.");
  }

  // ---- secrets

  @Override
  public List<Secret> secrets() {
    Config config = node.effective();
    if (!config.usesSharedSecret()) {
      return List.of();
    }
    List<Config.Value<String>> values = config.values(Settings.STATIC_AUTH_SECRET);
    List<Secret> secrets = new ArrayList<>();
    for (Config.Value<String> value : values) {
      secrets.add(secret(value.value(), value.origin(), secrets.isEmpty()));
    }
    if (values.isEmpty()) {
      secrets.add(secret(generated(), Origin.derived("generated"), true));
    }
    return secrets;
  }

  private Secret secret(String text, Origin origin, boolean isSigning) {
    Optional<AddedAccess.Secret> added =
        node.added().secrets().stream().filter(one -> one.text().equals(text)).findFirst();
    boolean isGenerated = origin.toString().equals("generated");
    Optional<Instant> ends =
        isGenerated
            ? Optional.ofNullable(node.added().generatedEnds())
            : added.flatMap(AddedAccess.Secret::ends);
    return new Secret(
        id(text),
        origin.toString(),
        added.isPresent(),
        isSigning,
        added.map(AddedAccess.Secret::created),
        ends);
  }

  @Override
  public SecretMade addSecret(Optional<String> given) {
    String text = given.orElseGet(this::secret);
    if (secrets().stream().anyMatch(secret -> secret.id().equals(id(text)))) {
      throw new AccessProblem(Kind.CONFLICT, "That secret is there already.");
    }
    AddedAccess added = node.added();
    if (added.secrets().size() >= SECRETS_MAX) {
      throw new AccessProblem(Kind.CONFLICT, "There are " + SECRETS_MAX + "; remove one first.");
    }
    List<AddedAccess.Secret> secrets = new ArrayList<>(added.secrets());
    secrets.addFirst(new AddedAccess.Secret(text, now(), Optional.empty()));
    apply(added, added.withSecrets(secrets, added.generatedEnds(), now()));
    return new SecretMade(secret(text, Origin.CONSOLE, true), text);
  }

  @Override
  public SecretMade rotateSecret(Duration overlap) {
    Instant ends = now().plus(overlap);
    AddedAccess added = node.added();
    List<AddedAccess.Secret> secrets = new ArrayList<>();
    String text = secret();
    secrets.add(new AddedAccess.Secret(text, now(), Optional.empty()));
    for (AddedAccess.Secret before : added.secrets()) {
      Instant end = before.ends().filter(ends::isAfter).orElse(ends);
      secrets.add(new AddedAccess.Secret(before.text(), before.created(), Optional.of(end)));
    }
    Instant generated = added.generatedEnds();
    boolean endsSooner = generated != null && generated.isBefore(ends);
    apply(added, added.withSecrets(secrets, endsSooner ? generated : ends, now()));
    return new SecretMade(secret(text, Origin.CONSOLE, true), text);
  }

  @Override
  public void removeSecret(String id) {
    AddedAccess added = node.added();
    List<AddedAccess.Secret> rest =
        added.secrets().stream().filter(secret -> !id(secret.text()).equals(id)).toList();
    if (rest.size() == added.secrets().size()) {
      boolean known = secrets().stream().anyMatch(secret -> secret.id().equals(id));
      throw known
          ? new AccessProblem(
              Kind.CONFLICT, "That secret was not added here: take it out of the configuration.")
          : new AccessProblem(Kind.UNKNOWN, "There is no secret of that id.");
    }
    Instant now = now();
    Instant generated = added.generatedEnds();
    boolean others =
        !node.given().all(Settings.STATIC_AUTH_SECRET).isEmpty()
            || generated == null
            || now.isBefore(generated)
            || rest.stream().anyMatch(secret -> secret.isLive(now));
    if (!others) {
      throw new AccessProblem(Kind.CONFLICT, "That is the last secret: rotate it instead.");
    }
    apply(added, added.withSecrets(rest, generated, now));
  }

  private String generated() {
    try {
      return node.state().sharedSecret();
    } catch (StartFailure unreadable) {
      throw new AccessProblem(Kind.CONFLICT, unreadable.line());
    }
  }

  // ---- keys and credentials

  @Override
  public List<Key> keys() {
    return keys(node.effective());
  }

  static List<Key> keys(Config config) {
    List<Key> keys = new ArrayList<>();
    for (Config.Value<Keys.ApiKey> value : config.values(HttpSettings.API_KEY)) {
      keys.add(new Key("api-key", value.value().name(), List.of(), value.origin().toString()));
    }
    config
        .values(HttpSettings.PUBLIC_KEY)
        .forEach(value -> keys.add(publicKey(value.value(), value.origin())));
    if (config.value(Settings.DEV)) {
      Origin dev = config.origin(Settings.DEV);
      keys.add(new Key("api-key", NodeSignaling.DEV_KEY, List.of(), dev.toString()));
      keys.add(publicKey(NodeSignaling.DEV_PUBLIC_KEY, dev));
    }
    return keys;
  }

  private static Key publicKey(Keys.PublicKey key, Origin origin) {
    return new Key("public-key", key.key(), List.of(key.origin()), origin.toString());
  }

  @Override
  public Credential makeCredential(String user, Duration life) {
    if (user.chars()
        .anyMatch(c -> SafeText.isUnsafe((char) c) && !Character.isSurrogate((char) c))) {
      throw new AccessProblem(Kind.WRONG, "user: a control character in the name.");
    }
    Config config = node.effective();
    if (!config.usesSharedSecret()) {
      throw new AccessProblem(
          Kind.CONFLICT, "Time-limited credentials are off: add a secret, or use-auth-secret.");
    }
    List<String> configured = config.all(Settings.STATIC_AUTH_SECRET);
    String secret = configured.isEmpty() ? generated() : configured.getFirst();
    Instant expires = now().plus(life);
    puente.launcher.Credential made =
        puente.launcher.Credential.create(
            secret, user, expires, config.value(Settings.REST_API_SEPARATOR));
    IceUrls urls = new IceUrls(config, Optional.empty(), node.listening());
    List<IceServer> servers = new ArrayList<>();
    if (!urls.stun().isEmpty()) {
      servers.add(new IceServer(urls.stun(), Optional.empty(), Optional.empty()));
    }
    servers.add(
        new IceServer(urls.turn(), Optional.of(made.username()), Optional.of(made.password())));
    return new Credential(
        made.username(), made.password(), config.value(Settings.REALM), expires, servers);
  }

  @Override
  public void revokeCredential(String username) {
    node.revoke(username);
  }

  private void apply(AddedAccess base, AddedAccess next) {
    try {
      node.apply(base, next);
    } catch (StartFailure refused) {
      throw new AccessProblem(Kind.CONFLICT, refused.line());
    }
  }

  private String secret() {
    byte[] bytes = new byte[SECRET_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** Under a key of this server's own: a digest alone would let weak secrets be guessed at home. */
  private String id(String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      byte[] key = node.state().secret("secret-id-key").getBytes(StandardCharsets.UTF_8);
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      byte[] digest = mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, ID_LENGTH);
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    } catch (StartFailure unreadable) {
      throw new AccessProblem(Kind.CONFLICT, unreadable.line());
    }
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS);
  }
}
