package puente.launcher;

import java.security.SecureRandom;
import java.util.Base64;

/** A secret that nobody can guess. */
final class FreshSecret {
  private static final SecureRandom RANDOM = new SecureRandom();

  private FreshSecret() {}

  /** So many random bytes in base64url; a multiple of three needs no padding in base 64. */
  static String of(int bytes) {
    byte[] secret = new byte[bytes];
    RANDOM.nextBytes(secret);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
  }
}
