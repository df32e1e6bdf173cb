package puente.stun;

import java.nio.charset.StandardCharsets;
import javax.crypto.spec.SecretKeySpec;

/**
 * The key of a message's HMAC. Immutable, and the same object for as long as the credential lives:
 * {@link Integrity} is quickest when it sees the same one again.
 */
public final class IntegrityKey {

  private final SecretKeySpec secret;

  private IntegrityKey(byte[] key) {
    secret = new SecretKeySpec(key, "HMAC");
  }

  /** A key as it is, such as the {@code 0x...} of a user in the configuration. */
  public static IntegrityKey of(byte[] key) {
    return new IntegrityKey(key);
  }

  /** The password itself is the key (RFC 8489 §9.1.1); prepared by {@link OpaqueString}. */
  public static IntegrityKey shortTerm(String password) {
    return new IntegrityKey(password.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The digest of {@code username:realm:password} (RFC 8489 §9.2.2 and §18.5.1). The username is
   * taken as it stood in USERNAME, realm and password as {@link OpaqueString} prepared them; quotes
   * are not taken off, as no client in use does.
   */
  public static IntegrityKey longTerm(
      PasswordAlgorithm algorithm, String username, String realm, String password) {
    String text = username + ':' + realm + ':' + password;
    return new IntegrityKey(algorithm.digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** The value of USERHASH: the SHA-256 of {@code username:realm} (RFC 8489 §14.4). */
  public static byte[] userhash(String username, String realm) {
    String text = username + ':' + realm;
    return PasswordAlgorithm.SHA_256.digest(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A copy of the key's bytes. */
  public byte[] bytes() {
    return secret.getEncoded();
  }

  SecretKeySpec secret() {
    return secret;
  }

  /** Never the key. */
  @Override
  public String toString() {
    return "IntegrityKey";
  }
}
