package puente.admin;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Who may relay, as operators see and change it. What the configuration gives can only be read; what
 * is added here takes effect at once and outlives a restart. Called on a worker; it may block. What
 * cannot be is thrown as a {@link puente.admin.access.AccessProblem}.
 */
public interface TurnAccess {

  /**
   * The realm.
   *
   * @param authentication {@code long-term}, {@code shared-secret}, {@code both} or {@code none}
   */
  record Realm(String name, String authentication, int users, int secrets, Quota quota) {}

  /** Allocations at most; 0 is no limit. */
  record Quota(int perUser, int perRealm, int perSource, int total, String origin) {}

  /** What is left out stays. */
  record QuotaChange(
      Optional<Integer> perUser,
      Optional<Integer> perRealm,
      Optional<Integer> perSource,
      Optional<Integer> total) {}

  /**
   * A static user.
   *
   * @param created empty for one of the configuration
   */
  record User(String name, String origin, boolean isRemovable, Optional<Instant> created) {}

  /** A user, and the password that was made, this once. */
  record UserMade(User user, Optional<String> password) {}

  /**
   * A shared secret, never its text.
   *
   * @param id tells nothing of the text
   * @param isSigning whether new credentials are made with it
   */
  record Secret(
      String id,
      String origin,
      boolean isRemovable,
      boolean isSigning,
      Optional<Instant> created,
      Optional<Instant> ends) {}

  /** A secret, and the text that was made, this once. */
  record SecretMade(Secret secret, String text) {}

  /**
   * A key of the HTTP side.
   *
   * @param kind {@code api-key} or {@code public-key}
   * @param webOrigins that a public key is locked to
   */
  record Key(String kind, String name, List<String> webOrigins, String origin) {}

  /** A credential that ends by itself. */
  record Credential(
      String username,
      String password,
      String realm,
      Instant expires,
      List<IceServer> iceServers) {}

  /** As RTCPeerConnection takes it; a STUN server has no username. */
  record IceServer(List<String> urls, Optional<String> username, Optional<String> credential) {}

  Realm realm();

  Quota setQuota(QuotaChange change);

  /** By name. */
  List<User> users();

  UserMade addUser(String name, Optional<String> password);

  UserMade changeUser(String name, Optional<String> password);

  void removeUser(String name);

  /** The signing one first. */
  List<Secret> secrets();

  SecretMade addSecret(Optional<String> text);

  /** A new one; those that may end do so after the overlap. */
  SecretMade rotateSecret(Duration overlap);

  void removeSecret(String id);

  List<Key> keys();

  Credential makeCredential(String user, Duration life);

  /** Refuses a username from now on. */
  void revokeCredential(String username);
}
