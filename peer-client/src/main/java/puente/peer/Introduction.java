package puente.peer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A short code that two people compare, to know that nobody sits between them: not even who runs the
 * signaling. One side binds itself to a number before it sees the other's (as ZRTP does, RFC 6189
 * §4.4.1.1), so somebody between has one guess among a million.
 */
final class Introduction {
  static final int NUMBER_BYTES = 16;
  private static final int CODES = 1_000_000;

  private final boolean isFirst;
  private final byte[] number;
  private final String fingerprints;
  private byte @Nullable [] commitment;
  private String code = "";

  /**
   * @param isFirst of the two; the other is not
   * @param number random
   * @param fingerprints of both, the first one's first
   */
  Introduction(boolean isFirst, byte[] number, String fingerprints) {
    this.isFirst = isFirst;
    this.number = number.clone();
    this.fingerprints = fingerprints;
  }

  /** What the first says at once. */
  byte[] commitment() {
    return digest(number);
  }

  /** What to answer; empty if nothing. */
  byte[] onMessage(byte[] message) {
    if (!code.isEmpty()) {
      return new byte[0];
    }
    if (isFirst) { // the other's number, now that it cannot depend on ours
      code = code(number, message);
      return number.clone();
    }
    byte[] bound = commitment;
    if (bound == null) {
      commitment = message.clone();
      return number.clone();
    }
    code = MessageDigest.isEqual(digest(message), bound) ? code(message, number) : "FORGED";
    return new byte[0];
  }

  /** Six digits; empty until both numbers are known. */
  String code() {
    return code;
  }

  private String code(byte[] first, byte[] second) {
    byte[] mixed =
        digest(
            fingerprints.getBytes(StandardCharsets.US_ASCII),
            Arrays.copyOf(first, NUMBER_BYTES),
            Arrays.copyOf(second, NUMBER_BYTES));
    long value = Long.remainderUnsigned(ByteBuffer.wrap(mixed).getLong(), CODES);
    return String.format(Locale.ROOT, "%03d %03d", value / 1000, value % 1000);
  }

  private static byte[] digest(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return digest.digest();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
