package puente.stun;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Makes and checks nonces without remembering any (RFC 8489 §9.2). A nonce is 32 characters, which
 * need no padding:
 *
 * <pre>
 *  obMatJos2 | security features (24 bits, 4 base64) | time (40) and MAC (72 bits, 19 base64)
 * </pre>
 *
 * <p>The time is the low 40 bits of the epoch's milliseconds. The MAC is the first 72 bits of a
 * {@link SipHash} over the time, the features, the transport and the addresses and ports of client
 * and server: a nonce is only good on the way that it was given to, on any node that has the key.
 * For one thread; keys and time are arguments.
 */
public final class Nonce {

  /**
   * RFC 8489 §18.1, bit 0 of 24: PASSWORD-ALGORITHMS is supported. The RFC counts from the most
   * significant bit (so does RFC 8656 §20), its verified erratum 6290 from the least, and clients
   * of both kinds are in use. No other bit is assigned, so both ends say the same.
   */
  public static final int PASSWORD_ALGORITHMS = 0x80_0001;

  /** RFC 8489 §18.1, bit 1 of 24, from both ends: USERHASH is supported. */
  public static final int USERNAME_ANONYMITY = 0x40_0002;

  /** RFC 8489 §9.2: what a nonce cookie starts with. */
  public static final String COOKIE_PREFIX = "obMatJos2";

  /** Characters, and bytes, of the nonce cookie. */
  public static final int COOKIE_LENGTH = 13;

  /** Characters, and bytes, of our nonces. */
  public static final int LENGTH = 32;

  /** coturn's default of {@code stale-nonce}. */
  public static final long LIFETIME_MS_DEFAULT = 600_000;

  /** How far the clock of another node, or of our own before a restart, may be ahead. */
  static final long CLOCK_SKEW_MS = 60_000;

  private static final byte[] PREFIX = COOKIE_PREFIX.getBytes(StandardCharsets.US_ASCII);
  private static final byte[] BASE64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
          .getBytes(StandardCharsets.US_ASCII);
  private static final byte[] DIGIT_OF = new byte[0x80];

  static {
    Arrays.fill(DIGIT_OF, (byte) -1);
    for (int i = 0; i < BASE64.length; i++) {
      DIGIT_OF[BASE64[i]] = (byte) i;
    }
  }

  private static final int TIME_BITS = 40;
  private static final long TIME_MASK = (1L << TIME_BITS) - 1;
  private static final int TIME_BYTES = 5;
  private static final int MAC_BYTES = 9;

  /** Base64 characters that hold the whole time, and 2 bits of the MAC. */
  private static final int TIME_CHARACTERS = 7;

  private static final int FEATURE_BITS = 24;

  /** Time and features, both addresses of two words each, and ports, families and transport. */
  private static final int INPUT_WORDS = 1 + 2 * 2 + 1;

  /** What {@link #check} found. Both bad ones are answered with 438 and a new nonce. */
  public enum Verdict {
    VALID,
    /** Made by us for this client, but too old. */
    STALE,
    /** Not made by us, or not for this client. */
    FORGED
  }

  /** The key that new nonces are made with, and the one before it, which still opens old ones. */
  public record Keys(IntegrityKey current, @Nullable IntegrityKey previous) {}

  private final int features;
  private final long lifetimeMs;
  private final Keyed currentMac = new Keyed();
  private final Keyed previousMac = new Keyed();
  private final long[] input = new long[INPUT_WORDS];
  private final byte[] raw = new byte[TIME_BYTES + MAC_BYTES];
  private final byte[] expected = new byte[LENGTH];
  private final byte[] presented = new byte[LENGTH];

  /**
   * @param features the security features that this server has, such as {@link
   *     #PASSWORD_ALGORITHMS}
   * @param lifetimeMs after which a nonce is stale
   */
  public Nonce(int features, long lifetimeMs) {
    if (features >>> FEATURE_BITS != 0 || lifetimeMs <= 0 || lifetimeMs >= TIME_MASK / 2) {
      throw new IllegalArgumentException("no such features or lifetime");
    }
    this.features = features;
    this.lifetimeMs = lifetimeMs;
  }

  /** A new nonce for this client: the value of NONCE. */
  public byte[] issue(FiveTuple client, Keys keys, long now) {
    byte[] nonce = new byte[LENGTH];
    write(nonce, client, now & TIME_MASK, currentMac.with(keys.current()));
    return nonce;
  }

  /** Whether NONCE, attribute {@code index} of this request, is one of ours for this client. */
  public Verdict check(Message request, int index, FiveTuple client, Keys keys, long now) {
    if (request.lengthAt(index) != LENGTH) {
      return Verdict.FORGED;
    }
    System.arraycopy(request.bytes(), request.valueAt(index), presented, 0, LENGTH);
    long time = readTime();
    if (time < 0) {
      return Verdict.FORGED;
    }
    // Written anew and compared whole: no second spelling of the same nonce passes.
    write(expected, client, time, currentMac.with(keys.current()));
    boolean ours = MessageDigest.isEqual(expected, presented);
    IntegrityKey previous = keys.previous();
    if (!ours && previous != null) {
      write(expected, client, time, previousMac.with(previous));
      ours = MessageDigest.isEqual(expected, presented);
    }
    if (!ours) {
      return Verdict.FORGED;
    }
    return (now - time + CLOCK_SKEW_MS & TIME_MASK) <= lifetimeMs + CLOCK_SKEW_MS
        ? Verdict.VALID
        : Verdict.STALE;
  }

  /**
   * The security features in a nonce cookie, or -1 where the value starts with none (RFC 8489
   * §9.2). For clients, and for the checks of §9.2.4 before the nonce itself is checked.
   */
  public static int features(byte[] bytes, int from, int length) {
    if (length < COOKIE_LENGTH
        || !Arrays.equals(bytes, from, from + PREFIX.length, PREFIX, 0, PREFIX.length)) {
      return -1;
    }
    return (int) decode(bytes, from + PREFIX.length, COOKIE_LENGTH - PREFIX.length);
  }

  private long readTime() {
    long bits = decode(presented, COOKIE_LENGTH, TIME_CHARACTERS);
    return bits < 0 ? -1 : bits >>> TIME_CHARACTERS * 6 - TIME_BITS;
  }

  /** The bits of {@code count} base64 characters, or -1 if one is none. */
  private static long decode(byte[] bytes, int from, int count) {
    long bits = 0;
    for (int i = from; i < from + count; i++) {
      if (bytes[i] < 0 || DIGIT_OF[bytes[i]] < 0) {
        return -1;
      }
      bits = bits << 6 | DIGIT_OF[bytes[i]];
    }
    return bits;
  }

  private void write(byte[] nonce, FiveTuple client, long time, SipHash mac) {
    TransportAddress from = client.client();
    TransportAddress to = client.server();
    input[0] = time << FEATURE_BITS | features;
    input[1] = from.hi();
    input[2] = from.lo();
    input[3] = to.hi();
    input[4] = to.lo();
    input[5] = (long) client.transport().ordinal() << 48 | endOf(from) << 24 | endOf(to);
    mac.hash(input);
    for (int i = 0; i < TIME_BYTES; i++) {
      raw[i] = (byte) (time >>> 8 * (TIME_BYTES - 1 - i));
    }
    for (int i = 0; i < MAC_BYTES; i++) {
      raw[TIME_BYTES + i] = mac.byteAt(i);
    }
    System.arraycopy(PREFIX, 0, nonce, 0, PREFIX.length);
    for (int i = 0; i < 4; i++) {
      nonce[PREFIX.length + i] = BASE64[features >>> 18 - 6 * i & 0x3f];
    }
    for (int i = 0; i < LENGTH - COOKIE_LENGTH; i++) {
      nonce[COOKIE_LENGTH + i] = BASE64[sixBits(6 * i)];
    }
  }

  private int sixBits(int bit) {
    int first = raw[bit >>> 3] & 0xff;
    int second = (bit >>> 3) + 1 < raw.length ? raw[(bit >>> 3) + 1] & 0xff : 0;
    return (first << 8 | second) >>> 10 - (bit & 7) & 0x3f;
  }

  /** Family and port. */
  private static long endOf(TransportAddress address) {
    return address.family().code() << 16 | address.port();
  }

  /** A hash that remembers its key, which may be of any length. */
  private static final class Keyed {

    private final SipHash hash = new SipHash();
    private @Nullable IntegrityKey last;

    SipHash with(IntegrityKey key) {
      if (last != key) {
        hash.key(PasswordAlgorithm.SHA_256.digest(key.bytes()));
        last = key;
      }
      return hash;
    }
  }
}
