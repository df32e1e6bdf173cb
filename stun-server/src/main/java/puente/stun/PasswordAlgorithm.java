package puente.stun;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/** How a long-term key is made of a password (RFC 8489 §18.5.1). Neither takes parameters. */
public enum PasswordAlgorithm {
  MD5(0x0001, "MD5"),
  SHA_256(0x0002, "SHA-256");

  private final int code;
  private final String digest;

  PasswordAlgorithm(int code, String digest) {
    this.code = code;
    this.digest = digest;
  }

  public int code() {
    return code;
  }

  public static @Nullable PasswordAlgorithm of(int code) {
    return switch (code) {
      case 0x0001 -> MD5;
      case 0x0002 -> SHA_256;
      default -> null;
    };
  }

  byte[] digest(byte[] input) {
    try {
      return MessageDigest.getInstance(digest).digest(input);
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException("this Java has no " + digest, missing);
    }
  }
}
