package puente.stun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.stun.Nonce.Verdict.FORGED;
import static puente.stun.Nonce.Verdict.STALE;
import static puente.stun.Nonce.Verdict.VALID;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Nonces that need no memory. */
class NonceTest {

  private static final int BOTH = Nonce.PASSWORD_ALGORITHMS | Nonce.USERNAME_ANONYMITY;
  private static final long NOW = 1_800_000_000_000L;
  private static final IntegrityKey OLD_KEY = IntegrityKey.shortTerm("old key");
  private static final IntegrityKey NEW_KEY = IntegrityKey.shortTerm("new key");
  private static final Nonce.Keys KEYS = new Nonce.Keys(OLD_KEY, null);
  private static final FiveTuple CLIENT = Messages.client(Transport.UDP);

  private final Nonce nonces = new Nonce(BOTH, Nonce.LIFETIME_MS_DEFAULT);

  /**
   * RFC 8489 §9.2 and §18.1: the nonce cookie. Bit 0 is the most significant one to readers of the
   * RFC and of RFC 8656 §20, and the least to those of erratum 6290; both find it.
   */
  @Test
  void cookie() {
    assertEquals("obMatJos2wAAD", text(nonces).substring(0, Nonce.COOKIE_LENGTH));
    assertEquals("obMatJos2gAAB", text(new Nonce(Nonce.PASSWORD_ALGORITHMS, 1)).substring(0, 13));
    assertEquals("obMatJos2QAAC", text(new Nonce(Nonce.USERNAME_ANONYMITY, 1)).substring(0, 13));
    assertEquals("obMatJos2AAAA", text(new Nonce(0, 1)).substring(0, 13));
    // RFC 8656 §20 and RFC 8489 Appendix B.1.
    assertTrue((features("obMatJos2gAAAadl7W7PeDU4hKE72jda") & Nonce.PASSWORD_ALGORITHMS) != 0);
    assertEquals(0, features("obMatJos2gAAAadl7W7PeDU4hKE72jda") & Nonce.USERNAME_ANONYMITY);
    assertTrue((features("obMatJos2AAACf//499k954d6OL34oL9FS") & Nonce.USERNAME_ANONYMITY) != 0);
    assertEquals(0, features("obMatJos2AAACf//499k954d6OL34oL9FS") & Nonce.PASSWORD_ALGORITHMS);
    byte[] nonce = nonces.issue(CLIENT, KEYS, NOW);
    assertEquals(BOTH, Nonce.features(nonce, 0, nonce.length));
    assertEquals(-1, Nonce.features(nonce, 0, 12));
    assertEquals(-1, Nonce.features(nonce, 1, 31));
    assertEquals(-1, features("obMatJos2AA.A"));
    assertEquals(-1, features("obMatJos2AA\u00ffA"));
    assertEquals(0xffffff, features("obMatJos2////"));
  }

  /** RFC 8489 §14.10: fewer than 128 characters that need no quoting; ours is 32 long. */
  @Test
  void isShort() {
    String nonce = text(nonces);
    assertEquals(32, nonce.length());
    assertTrue(nonce.matches("[A-Za-z0-9+/]+"), nonce);
  }

  /** RFC 8489 §9.2.4: valid for its lifetime, then stale. */
  @Test
  void ages() {
    byte[] nonce = nonces.issue(CLIENT, KEYS, NOW);
    assertEquals(VALID, check(nonce, CLIENT, KEYS, NOW));
    assertEquals(VALID, check(nonce, CLIENT, KEYS, NOW + 600_000));
    assertEquals(STALE, check(nonce, CLIENT, KEYS, NOW + 600_001));
    assertEquals(STALE, check(nonce, CLIENT, KEYS, NOW + 86_400_000L * 365));
    assertEquals(VALID, check(nonce, CLIENT, KEYS, NOW - Nonce.CLOCK_SKEW_MS));
    assertEquals(STALE, check(nonce, CLIENT, KEYS, NOW - Nonce.CLOCK_SKEW_MS - 1));
  }

  /** RFC 8489 §9.2: the 40 bits of the time may run over in between. */
  @Test
  void timeRunsOver() {
    long last = (1L << 40) - 1;
    byte[] nonce = nonces.issue(CLIENT, KEYS, last);
    assertEquals(VALID, check(nonce, CLIENT, KEYS, last + 600_000));
    assertEquals(STALE, check(nonce, CLIENT, KEYS, last + 600_001));
  }

  /** RFC 8489 §9.2.4: nonces made before a change of keys stay good after it, not after two. */
  @Test
  void keysRotate() {
    byte[] nonce = nonces.issue(CLIENT, KEYS, NOW);
    assertEquals(VALID, check(nonce, CLIENT, new Nonce.Keys(NEW_KEY, OLD_KEY), NOW));
    assertEquals(FORGED, check(nonce, CLIENT, new Nonce.Keys(NEW_KEY, null), NOW));
    IntegrityKey newest = IntegrityKey.shortTerm("newest key");
    assertEquals(FORGED, check(nonce, CLIENT, new Nonce.Keys(newest, NEW_KEY), NOW));
    byte[] renewed = nonces.issue(CLIENT, new Nonce.Keys(NEW_KEY, OLD_KEY), NOW);
    assertEquals(VALID, check(renewed, CLIENT, new Nonce.Keys(NEW_KEY, null), NOW));
  }

  /** RFC 8489 §9.2: nobody but us makes a nonce. */
  @Test
  void forged() {
    String good = text(nonces);
    String[] forgeries = {
      "",
      good.substring(0, 31),
      good + "A",
      "x" + good.substring(1),
      good.substring(0, 13) + "A".repeat(19),
      good.substring(0, 20) + "A".repeat(12),
      good.substring(0, 31) + "=",
      good.substring(13) + good.substring(0, 13),
      good.toLowerCase(java.util.Locale.ROOT),
      good.toUpperCase(java.util.Locale.ROOT),
      "\u0000".repeat(32),
      "f//499k954d6OL34oL9FSTvy64sA",
      good.substring(0, 13) + " " + good.substring(14),
      good.substring(0, 13) + "_" + good.substring(14),
    };
    for (String forgery : forgeries) {
      byte[] bytes = forgery.getBytes(StandardCharsets.ISO_8859_1);
      assertEquals(FORGED, check(bytes, CLIENT, KEYS, NOW), forgery);
    }
  }

  /** RFC 8489 §9.2: every bit of a nonce counts, and no second spelling of it passes. */
  @Test
  void everyBitCounts() {
    byte[] nonce = nonces.issue(CLIENT, KEYS, NOW);
    for (int bit = 0; bit < 8 * nonce.length; bit++) {
      nonce[bit >> 3] ^= (byte) (1 << (bit & 7));
      assertEquals(FORGED, check(nonce, CLIENT, KEYS, NOW), "bit " + bit);
      nonce[bit >> 3] ^= (byte) (1 << (bit & 7));
    }
    assertEquals(VALID, check(nonce, CLIENT, KEYS, NOW));
  }

  /** RFC 8489 §9.2.4: a nonce is for one source address and port, and one server and transport. */
  @Test
  void otherFiveTuple() {
    byte[] nonce = nonces.issue(CLIENT, KEYS, NOW);
    TransportAddress client = Messages.CLIENT;
    TransportAddress server = Messages.SERVER;
    FiveTuple[] others = {
      tuple(Transport.UDP, client.withPort(40_001), server),
      tuple(Transport.UDP, TransportAddress.ipv4(0xc000_0202, client.port()), server),
      tuple(Transport.UDP, TransportAddress.ipv6(client.hi(), client.lo(), 40_000), server),
      tuple(Transport.UDP, client, server.withPort(3479)),
      tuple(Transport.UDP, client, TransportAddress.ipv4(0xc633_6402, 3478)),
      tuple(Transport.TCP, client, server),
      tuple(Transport.TLS, client, server),
    };
    Set<String> distinct = new HashSet<>();
    for (FiveTuple other : others) {
      assertEquals(FORGED, check(nonce, other, KEYS, NOW), other.toString());
      distinct.add(new String(nonces.issue(other, KEYS, NOW), StandardCharsets.US_ASCII));
    }
    assertEquals(others.length, distinct.size());
  }

  /** RFC 8489 §9.2.1: a cookie with fewer features than ours is forged, whoever took them out. */
  @Test
  void bidDown() {
    byte[] nonce = nonces.issue(CLIENT, KEYS, NOW);
    System.arraycopy("AAAA".getBytes(StandardCharsets.US_ASCII), 0, nonce, 9, 4);
    assertEquals(FORGED, check(nonce, CLIENT, KEYS, NOW));
    byte[] weaker = new Nonce(0, Nonce.LIFETIME_MS_DEFAULT).issue(CLIENT, KEYS, NOW);
    assertEquals(FORGED, check(weaker, CLIENT, KEYS, NOW));
  }

  /** RFC 8489 §9.2: the same question has the same answer, the next millisecond another. */
  @Test
  void isAFunction() {
    byte[] nonce = nonces.issue(CLIENT, KEYS, NOW);
    assertArrayEquals(nonce, new Nonce(BOTH, 1).issue(CLIENT, KEYS, NOW));
    byte[] later = nonces.issue(CLIENT, KEYS, NOW + 1);
    assertFalse(java.util.Arrays.equals(nonce, later));
    assertNotEquals(
        new String(nonce, 20, 12, StandardCharsets.US_ASCII),
        new String(later, 20, 12, StandardCharsets.US_ASCII));
  }

  /** RFC 8489 §18.1: there are 24 features. */
  @Test
  void features() {
    assertThrows(IllegalArgumentException.class, () -> new Nonce(1 << 24, 1));
    assertThrows(IllegalArgumentException.class, () -> new Nonce(0, 0));
  }

  private static int features(String cookie) {
    byte[] bytes = cookie.getBytes(StandardCharsets.ISO_8859_1);
    return Nonce.features(bytes, 0, bytes.length);
  }

  private static String text(Nonce nonces) {
    return new String(nonces.issue(CLIENT, KEYS, NOW), StandardCharsets.US_ASCII);
  }

  private Nonce.Verdict check(byte[] nonce, FiveTuple client, Nonce.Keys keys, long now) {
    Message request = Messages.parsed(Messages.binding().bytes(AttributeType.NONCE, nonce));
    return nonces.check(request, 0, client, keys, now);
  }

  private static FiveTuple tuple(
      Transport transport, TransportAddress client, TransportAddress server) {
    return new FiveTuple(transport, client, server, 1, null);
  }
}
