package puente.signal;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.random.RandomGenerator;

/**
 * Names and keys that nobody guesses.
 *
 * @param random of which they are made
 */
record FreshNames(RandomGenerator random) {
  /** 144 bits: nobody guesses a session. */
  private static final int KEY_BYTES = 18;

  private static final int ID_BYTES = 9;

  String session() {
    return "s_" + fresh(ID_BYTES);
  }

  String peer() {
    return "p_" + fresh(ID_BYTES);
  }

  /** What a client shows to go on with a session. */
  String key() {
    return fresh(KEY_BYTES);
  }

  /** Takes as long for a near miss as for a far one. */
  static boolean same(String expected, String shown) {
    return MessageDigest.isEqual(
        expected.getBytes(StandardCharsets.UTF_8), shown.getBytes(StandardCharsets.UTF_8));
  }

  private String fresh(int bytes) {
    byte[] key = new byte[bytes];
    random.nextBytes(key);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(key);
  }
}
