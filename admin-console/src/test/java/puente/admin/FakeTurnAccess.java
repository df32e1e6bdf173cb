package puente.admin;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import puente.admin.access.AccessProblem;

/** Users and secrets as a test wants them; {@code conf} is of the configuration. */
final class FakeTurnAccess implements TurnAccess {

  private final Map<String, Instant> createdByUser = new TreeMap<>(Map.of("ana", Instant.EPOCH));
  private Quota quota = new Quota(10, 0, 0, 1000, "default");
  final List<String> orders = new java.util.concurrent.CopyOnWriteArrayList<>();

  @Override
  public Realm realm() {
    return new Realm("example.org", "both", createdByUser.size() + 1, 1, quota);
  }

  @Override
  public Quota setQuota(QuotaChange change) {
    quota =
        new Quota(
            change.perUser().orElse(quota.perUser()),
            change.perRealm().orElse(quota.perRealm()),
            change.perSource().orElse(quota.perSource()),
            change.total().orElse(quota.total()),
            "console");
    return quota;
  }

  @Override
  public List<User> users() {
    List<User> users =
        new java.util.ArrayList<>(
            List.of(new User("conf", "file turnserver.conf:1", false, Optional.empty())));
    createdByUser.forEach(
        (name, created) -> users.add(new User(name, "console", true, Optional.of(created))));
    users.sort(java.util.Comparator.comparing(User::name));
    return users;
  }

  @Override
  public UserMade addUser(String name, Optional<String> password) {
    if (createdByUser.put(name, Instant.EPOCH) != null) {
      throw new AccessProblem(AccessProblem.Kind.CONFLICT, "There is a user of that name.");
    }
    return changeUser(name, password);
  }

  @Override
  public UserMade changeUser(String name, Optional<String> password) {
    User user = new User(name, "console", true, Optional.of(Instant.EPOCH));
    return new UserMade(user, password.isPresent() ? Optional.empty() : Optional.of("made"));
  }

  @Override
  public void removeUser(String name) {
    if (name.equals("conf")) {
      throw new AccessProblem(AccessProblem.Kind.CONFLICT, "Take it out of the configuration.");
    }
    createdByUser.remove(name);
  }

  @Override
  public List<Secret> secrets() {
    return List.of(secret());
  }

  private static Secret secret() {
    return new Secret("abc", "console", true, true, Optional.of(Instant.EPOCH), Optional.empty());
  }

  @Override
  public SecretMade addSecret(Optional<String> text) {
    return new SecretMade(secret(), text.orElse("a secret that was made"));
  }

  @Override
  public SecretMade rotateSecret(Duration overlap) {
    orders.add("rotate " + overlap);
    return addSecret(Optional.empty());
  }

  @Override
  public void removeSecret(String id) {
    orders.add("remove " + id);
  }

  @Override
  public List<Key> keys() {
    return List.of(
        new Key("public-key", "pub", List.of("https://a.example"), "flag"),
        new Key("api-key", "backend", List.of(), "flag"));
  }

  @Override
  public Credential makeCredential(String user, Duration life) {
    List<IceServer> servers =
        List.of(
            new IceServer(List.of("stun:a"), Optional.empty(), Optional.empty()),
            new IceServer(List.of("turn:a"), Optional.of("1:" + user), Optional.of("p")));
    return new Credential("1:" + user, "p", "example.org", Instant.EPOCH.plus(life), servers);
  }

  @Override
  public void revokeCredential(String username) {
    orders.add("revoke " + username);
  }
}
