package puente.admin.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Passwords by Argon2id (RFC 9106), as the PHC string that other programs write too. Slow and hungry
 * by intention: 19 MiB and two passes each, as OWASP advises; never on an event loop.
 */
final class Passwords {

  static final int LENGTH_MIN = 10;
  static final int LENGTH_MAX = 256;

  private static final int MEMORY_KIB = 19 * 1024;
  private static final int PASSES = 2;
  private static final int LANES = 1;
  private static final int SALT_BYTES = 16;
  private static final int HASH_BYTES = 32;

  /** Bounds what a broken file could make us do. */
  private static final int MEMORY_KIB_MAX = 256 * 1024;

  private static final int PASSES_MAX = 16;
  private static final int LANES_MAX = 8;

  private static final Pattern PHC =
      Pattern.compile(
          "\\$argon2id\\$v=19\\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9])"
              + "\\$([A-Za-z0-9+/]{10,86})\\$([A-Za-z0-9+/]{22,86})");

  private final SecureRandom random;

  /** Checked when there is no such account: it takes as long as a real one. */
  private final String nobodys;

  Passwords(SecureRandom random) {
    this.random = random;
    byte[] noise = new byte[HASH_BYTES];
    random.nextBytes(noise);
    nobodys = text(Arrays.copyOf(noise, SALT_BYTES), noise);
  }

  /**
   * Refuses what is too easy to guess.
   *
   * @throws AccessProblem with a sentence
   */
  static void check(String account, String password) {
    if (password.length() < LENGTH_MIN || password.length() > LENGTH_MAX) {
      throw problem("A password has from " + LENGTH_MIN + " to " + LENGTH_MAX + " characters.");
    }
    if (password
        .toLowerCase(java.util.Locale.ROOT)
        .contains(account.toLowerCase(java.util.Locale.ROOT))) {
      throw problem("A password does not contain the account's name.");
    }
    if (password.chars().distinct().count() < LENGTH_MIN / 2) {
      throw problem("A password has at least five different characters.");
    }
  }

  private static AccessProblem problem(String sentence) {
    return new AccessProblem(AccessProblem.Kind.WRONG, sentence);
  }

  String hash(String password) {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    return text(salt, argon2(password, salt, MEMORY_KIB, PASSES, LANES, HASH_BYTES));
  }

  private static String text(byte[] salt, byte[] hash) {
    Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
    return "$argon2id$v=19$m="
        + MEMORY_KIB
        + ",t="
        + PASSES
        + ",p="
        + LANES
        + "$"
        + base64.encodeToString(salt)
        + "$"
        + base64.encodeToString(hash);
  }

  /** Takes as long as a real check: that an account exists is no stranger's business. */
  void checkNobodys(String password) {
    if (matches(nobodys, password)) {
      throw new IllegalStateException("a random hash has a password");
    }
  }

  boolean matches(String phc, String password) {
    Matcher parts = PHC.matcher(phc);
    if (!parts.matches()) {
      return false;
    }
    int memory = Integer.parseInt(parts.group(1));
    int passes = Integer.parseInt(parts.group(2));
    int lanes = Integer.parseInt(parts.group(3));
    if (memory < 8 * lanes
        || memory > MEMORY_KIB_MAX
        || passes < 1
        || passes > PASSES_MAX
        || lanes < 1
        || lanes > LANES_MAX) {
      return false;
    }
    byte[] salt = Base64.getDecoder().decode(parts.group(4));
    byte[] wanted = Base64.getDecoder().decode(parts.group(5));
    return MessageDigest.isEqual(
        wanted, argon2(password, salt, memory, passes, lanes, wanted.length));
  }

  private static byte[] argon2(
      String password, byte[] salt, int memory, int passes, int lanes, int length) {
    Argon2BytesGenerator generator = new Argon2BytesGenerator();
    generator.init(
        new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
            .withVersion(Argon2Parameters.ARGON2_VERSION_13)
            .withMemoryAsKB(memory)
            .withIterations(passes)
            .withParallelism(lanes)
            .withSalt(salt)
            .build());
    byte[] hash = new byte[length];
    // However it is typed: one keyboard's é is another's e and accent.
    String typed = Normalizer.normalize(password, Normalizer.Form.NFKC);
    generator.generateBytes(typed.getBytes(StandardCharsets.UTF_8), hash);
    return hash;
  }
}
