package puente.turn;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import puente.stun.IntegrityKey;
import puente.stun.OpaqueString;
import puente.stun.PasswordAlgorithm;

/**
 * Who may use the server: users of the configuration ({@code user=}), and ephemeral usernames whose
 * password is the HMAC of the name under a shared secret ({@code static-auth-secret=}), both at
 * once. Several secrets are live at once, so that they can be rotated. Immutable; no password is
 * kept.
 */
public final class Credentials {

  /** Seconds since 1970 have 10 digits until the year 2286. */
  private static final int EXPIRY_DIGITS_MAX = 12;

  /** A user of the configuration; one of the keys may be missing where only the other was given. */
  private record User(String name, @Nullable IntegrityKey md5, @Nullable IntegrityKey sha256) {

    @Nullable IntegrityKey key(PasswordAlgorithm algorithm) {
      return algorithm == PasswordAlgorithm.MD5 ? md5 : sha256;
    }
  }

  /**
   * Keys that would prove a username; more than one while secrets are rotated.
   *
   * @param quotaUser see {@link Login}
   */
  record Candidates(
      String user,
      String quotaUser,
      Mechanism mechanism,
      List<IntegrityKey> keys,
      long expiresMs,
      Conditions conditions) {

    Candidates(
        String user,
        String quotaUser,
        Mechanism mechanism,
        List<IntegrityKey> keys,
        long expiresMs) {
      this(user, quotaUser, mechanism, keys, expiresMs, Conditions.NONE);
    }
  }

  private final String realm;
  private final Map<String, User> userByName;
  private final Map<ByteBuffer, User> userByHash;
  private final List<byte[]> secrets;
  private final boolean sha256Secrets;
  private final char separator;
  private final Set<String> revoked;

  private Credentials(
      String realm,
      Map<String, User> userByName,
      List<byte[]> secrets,
      boolean sha256Secrets,
      char separator,
      Set<String> revoked) {
    this.realm = realm;
    this.revoked = Set.copyOf(revoked);
    this.userByName = Map.copyOf(userByName);
    this.secrets = List.copyOf(secrets);
    this.sha256Secrets = sha256Secrets;
    this.separator = separator;
    Map<ByteBuffer, User> byHash = new HashMap<>();
    for (User user : userByName.values()) {
      byHash.put(ByteBuffer.wrap(IntegrityKey.userhash(user.name, realm)), user);
    }
    this.userByHash = Map.copyOf(byHash);
  }

  /** Nobody, in this realm. */
  public static Credentials ofRealm(String realm) {
    return new Credentials(OpaqueString.enforce(realm), Map.of(), List.of(), false, ':', Set.of());
  }

  public String realm() {
    return realm;
  }

  /** These users too: name to password ({@code user=name:password}). */
  public Credentials withUsers(Map<String, String> passwordByName) {
    Map<String, User> users = new HashMap<>(userByName);
    passwordByName.forEach(
        (name, password) -> {
          String user = OpaqueString.enforce(name);
          String secret = OpaqueString.enforce(password);
          users.put(
              user,
              new User(
                  user,
                  IntegrityKey.longTerm(PasswordAlgorithm.MD5, user, realm, secret),
                  IntegrityKey.longTerm(PasswordAlgorithm.SHA_256, user, realm, secret)));
        });
    return new Credentials(realm, users, secrets, sha256Secrets, separator, revoked);
  }

  public Credentials withUser(String name, String password) {
    return withUsers(Map.of(name, password));
  }

  /**
   * These users too: name to key ({@code user=name:0x...}), the digest of {@code
   * name:realm:password} by MD5 (16 bytes) or SHA-256 (32 bytes).
   */
  public Credentials withKeys(Map<String, byte[]> keyByName) {
    Map<String, User> users = new HashMap<>(userByName);
    keyByName.forEach(
        (name, key) -> {
          String user = OpaqueString.enforce(name);
          if (key.length != 16 && key.length != 32) {
            throw new IllegalArgumentException(
                "the key of a user has 16 bytes (MD5) or 32 (SHA-256)");
          }
          IntegrityKey given = IntegrityKey.of(key);
          users.put(
              user, key.length == 16 ? new User(user, given, null) : new User(user, null, given));
        });
    return new Credentials(realm, users, secrets, sha256Secrets, separator, revoked);
  }

  /** Ephemeral usernames, under any of these secrets. */
  public Credentials withSecrets(List<String> texts) {
    List<byte[]> all = new ArrayList<>(secrets);
    for (String text : texts) {
      if (text.isEmpty()) {
        throw new IllegalArgumentException("a shared secret is not empty");
      }
      all.add(text.getBytes(StandardCharsets.UTF_8));
    }
    return new Credentials(realm, userByName, all, sha256Secrets, separator, revoked);
  }

  public Credentials withSecret(String secret) {
    return withSecrets(List.of(secret));
  }

  /** Passwords made by HMAC-SHA256 are good too, not only those by HMAC-SHA1. */
  public Credentials withSha256Secrets(boolean allowed) {
    return new Credentials(realm, userByName, secrets, allowed, separator, revoked);
  }

  /** What stands between expiry and name in an ephemeral username ({@code rest-api-separator}). */
  public Credentials withSeparator(char newSeparator) {
    return new Credentials(realm, userByName, secrets, sha256Secrets, newSeparator, revoked);
  }

  /** Ephemeral usernames that are refused before they expire. */
  public Credentials withRevoked(Set<String> usernames) {
    return new Credentials(realm, userByName, secrets, sha256Secrets, separator, usernames);
  }

  /** What PASSWORD-ALGORITHMS offers, the best first: those that every user has a key for. */
  List<PasswordAlgorithm> algorithms() {
    boolean bySha256 = true;
    boolean byMd5 = true;
    for (User user : userByName.values()) {
      bySha256 &= user.sha256 != null;
      byMd5 &= user.md5 != null;
    }
    if (bySha256 == byMd5) {
      return List.of(PasswordAlgorithm.SHA_256, PasswordAlgorithm.MD5);
    }
    return List.of(bySha256 ? PasswordAlgorithm.SHA_256 : PasswordAlgorithm.MD5);
  }

  /**
   * Whether USERHASH can be offered (RFC 8489 §9.2): only where every name is known beforehand. A
   * client that sees the offer must hash, and the hash of an ephemeral name tells us nothing.
   */
  boolean canUnhash() {
    return secrets.isEmpty();
  }

  /** The keys that would prove this name; null if there cannot be any. */
  @Nullable Candidates candidates(String name, PasswordAlgorithm algorithm) {
    User user = userByName.get(name);
    if (user != null) {
      return candidates(user, algorithm);
    }
    return secrets.isEmpty() || revoked.contains(name) ? null : ephemeral(name, algorithm);
  }

  boolean hasUser(String name) {
    return userByName.containsKey(name);
  }

  /** The secrets alone, for names that are told another realm. */
  Credentials secretsUnder(String otherRealm) {
    return new Credentials(otherRealm, Map.of(), secrets, sha256Secrets, separator, revoked);
  }

  /** Whether nobody else needs to be asked for this name: it is ours, or refused. */
  boolean decides(String name) {
    return userByName.containsKey(name) || revoked.contains(name);
  }

  @Nullable Candidates candidates(byte[] userhash, PasswordAlgorithm algorithm) {
    User user = userByHash.get(ByteBuffer.wrap(userhash));
    return user == null ? null : candidates(user, algorithm);
  }

  private static @Nullable Candidates candidates(User user, PasswordAlgorithm algorithm) {
    IntegrityKey key = user.key(algorithm);
    return key == null
        ? null
        : new Candidates(user.name, user.name, Mechanism.STATIC, List.of(key), Long.MAX_VALUE);
  }

  private @Nullable Candidates ephemeral(String name, PasswordAlgorithm algorithm) {
    int at = name.indexOf(separator);
    String head = at < 0 ? name : name.substring(0, at);
    String tail = at < 0 ? "" : name.substring(at + 1);
    // coturn's clients know both orders.
    boolean expiryFirst = isDigits(head);
    long expirySeconds = parseExpiry(expiryFirst ? head : tail);
    Conditions.Named named = Conditions.read(expiryFirst ? tail : "");
    if (expirySeconds < 0 || named == null) {
      return null;
    }
    List<IntegrityKey> keys = new ArrayList<>(2 * secrets.size());
    for (byte[] secret : secrets) {
      keys.add(key(algorithm, name, password("HmacSHA1", secret, name)));
      if (sha256Secrets) {
        keys.add(key(algorithm, name, password("HmacSHA256", secret, name)));
      }
    }
    String person = expiryFirst ? named.name() : head;
    return new Candidates(
        name,
        person.isEmpty() ? name : person,
        Mechanism.REST,
        keys,
        1000 * expirySeconds,
        named.conditions());
  }

  private IntegrityKey key(PasswordAlgorithm algorithm, String name, String password) {
    return IntegrityKey.longTerm(algorithm, name, realm, password);
  }

  /** The password of an ephemeral username: what whoever shares the secret gives out. */
  public static String ephemeralPassword(String secret, String username) {
    return password("HmacSHA1", secret.getBytes(StandardCharsets.UTF_8), username);
  }

  private static String password(String algorithm, byte[] secret, String username) {
    try {
      Mac mac = Mac.getInstance(algorithm);
      mac.init(new SecretKeySpec(secret, algorithm));
      byte[] digest = mac.doFinal(username.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException | InvalidKeyException missing) {
      throw new IllegalStateException("this Java has no " + algorithm, missing);
    }
  }

  /** Strictly digits, without sign, space or leading zero; -1 for anything else. */
  private static long parseExpiry(String digits) {
    return isDigits(digits) && digits.length() <= EXPIRY_DIGITS_MAX && digits.charAt(0) != '0'
        ? Long.parseLong(digits)
        : -1;
  }

  private static boolean isDigits(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /** Never a name or a key. */
  @Override
  public String toString() {
    return "Credentials[" + userByName.size() + " users, " + secrets.size() + " secrets]";
  }
}
