package puente.turn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import puente.stun.AttributeType;
import puente.stun.Integrity;
import puente.stun.IntegrityKey;
import puente.stun.MessageBuilder;

/** Third-party authorization: RFC 7635. */
@NullUnmarked
class TokensTest {

  private static final String NAME = "turn.example.org";
  private static final byte[] SECRET = filled(32, 7);
  private static final byte[] MAC_KEY = filled(20, 9);
  private static final int LIFETIME = 1000;

  private final Lab lab =
      new Lab(
          Lab.config()
              .tokens(
                  Tokens.of(
                      NAME,
                      Map.of(
                          "north",
                          new Tokens.Key(SECRET, 0, 0),
                          "next",
                          new Tokens.Key(SECRET, 0, 0),
                          "old",
                          new Tokens.Key(SECRET, 1_000_000_000, 3600))))
              .build());
  private final Client client = lab.client("203.0.113.5:5000");
  private final Integrity integrity = new Integrity();

  private static byte[] filled(int length, int with) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) with);
    return bytes;
  }

  private byte[] token() throws Exception {
    return token(NAME, SECRET, MAC_KEY, lab.now / 1000, LIFETIME);
  }

  /** As an authorization server makes it. */
  private static byte[] token(
      String name, byte[] secret, byte[] macKey, long sinceSeconds, int lifetime) throws Exception {
    byte[] nonce = filled(12, 3);
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE, new SecretKeySpec(secret, "AES"), new GCMParameterSpec(128, nonce));
    cipher.updateAAD(name.getBytes());
    ByteBuffer open = ByteBuffer.allocate(2 + macKey.length + 12);
    open.putShort((short) macKey.length).put(macKey).putLong(sinceSeconds << 16).putInt(lifetime);
    byte[] sealed = cipher.doFinal(open.array());
    return ByteBuffer.allocate(14 + sealed.length)
        .putShort((short) 12)
        .put(nonce)
        .put(sealed)
        .array();
  }

  private Consumer<MessageBuilder> by(String keyId, byte[] token, byte[] macKey) {
    return builder -> {
      if (token != null) {
        builder.bytes(AttributeType.ACCESS_TOKEN, token);
      }
      builder
          .bytes(AttributeType.USERNAME, keyId.getBytes())
          .bytes(AttributeType.REALM, client.realm)
          .bytes(AttributeType.NONCE, client.nonce)
          .integrity(integrity.hmacSha1(IntegrityKey.of(macKey)));
    };
  }

  private Client.Exchange allocates(byte[] token) {
    challenge();
    return client.sends(Sent.allocate(), by("north", token, MAC_KEY));
  }

  private Reply challenge() {
    Reply challenge = client.sends(Sent.allocate(), b -> {}).refused(401);
    client.learn(challenge);
    return challenge;
  }

  /** RFC 7635 §6.1: the challenge names the server; without keys it does not. */
  @Test
  void theChallengeNamesTheServer() {
    assertArrayEquals(NAME.getBytes(), challenge().bytes(AttributeType.THIRD_PARTY_AUTHORIZATION));
    Client other = new Lab(Lab.config().build()).client("203.0.113.5:5000");
    Reply plain = other.sends(Sent.allocate(), b -> {}).refused(401);
    assertFalse(plain.message.has(AttributeType.THIRD_PARTY_AUTHORIZATION));
  }

  /** RFC 7635 §6.2: let in by the token, and from then on by its key alone. */
  @Test
  void aTokenLetsIn() throws Exception {
    Reply answer = allocates(token()).succeeds();
    assertTrue(integrity.verify(answer.message, IntegrityKey.of(MAC_KEY)));
    client.sends(Sent.refresh().lifetime(0), by("north", null, MAC_KEY)).succeeds();
    assertEquals(2, lab.counters.total(Counter.OAUTH_ACCEPTED));
    lab.assertEmpty();
  }

  /** coturn and its clients use 16 bytes of a longer key. */
  @Test
  void aShortenedKeyIsGoodAsWell() throws Exception {
    challenge();
    byte[] first = Arrays.copyOf(MAC_KEY, 16);
    client.sends(Sent.allocate(), by("north", token(), first)).succeeds();
  }

  /** RFC 7635 §6.2: no allocation outlives its token; a new one lets it live on. */
  @Test
  void anAllocationEndsWithItsToken() throws Exception {
    assertEquals(1005, allocates(token()).reply().lifetime() <= 1005 ? 1005 : 0);
    client.sends(Sent.refresh().lifetime(3600), by("north", null, MAC_KEY));
    assertTrue(client.next().lifetime() <= LIFETIME + 5);
    lab.passesSeconds(500);
    byte[] next = token(NAME, SECRET, filled(20, 4), lab.now / 1000, LIFETIME);
    client.sends(Sent.refresh().lifetime(3600), by("north", next, filled(20, 4))).succeeds();
    lab.passesSeconds(90);
    client.sends(Sent.refresh(), by("north", null, MAC_KEY)).refused(401);
    client.sends(Sent.refresh().lifetime(3600), by("north", null, filled(20, 4))).succeeds();
    lab.passesSeconds(1006);
    lab.assertEmpty();
  }

  /** RFC 7635 §6.2: expired, of the future, of another server or key: 401, and nothing is kept. */
  @Test
  void badTokens() throws Exception {
    long now = lab.now / 1000;
    allocates(token(NAME, SECRET, MAC_KEY, now - LIFETIME - 6, LIFETIME)).refused(401);
    allocates(token(NAME, SECRET, MAC_KEY, now + 6, LIFETIME)).refused(401);
    allocates(token("other.example.org", SECRET, MAC_KEY, now, LIFETIME)).refused(401);
    allocates(token(NAME, filled(32, 8), MAC_KEY, now, LIFETIME)).refused(401);
    allocates(token(NAME, SECRET, filled(20, 1), now, LIFETIME)).refused(401);
    challenge();
    client.sends(Sent.allocate(), by("south", token(), MAC_KEY)).refused(401);
    client.sends(Sent.allocate(), by("old", token(), MAC_KEY)).refused(401);
    assertEquals(7, lab.counters.total(Counter.OAUTH_REFUSED));
    lab.assertEmpty();
    // Clocks may differ by five seconds.
    allocates(token(NAME, SECRET, MAC_KEY, now + 4, LIFETIME)).succeeds();
  }

  /** Each bit counts, and lengths that lie are found out (CVE-2026-43994). */
  @Test
  void tamperedTokens() throws Exception {
    byte[] token = token();
    for (int i = 0; i < token.length; i++) {
      byte[] bad = token.clone();
      bad[i] ^= (byte) 0x80;
      assertEquals(null, tokens().candidates("north", bad, lab.now), "byte " + i);
      assertEquals(null, tokens().candidates("north", Arrays.copyOf(token, i), lab.now));
    }
    for (int length : new int[] {0, 1, 15, 65, 128}) {
      byte[] odd = token(NAME, SECRET, new byte[length], lab.now / 1000, LIFETIME);
      assertEquals(null, tokens().candidates("north", odd, lab.now), length + " bytes of key");
    }
    byte[] lies = token.clone();
    lies[0] = (byte) 0xff;
    lies[1] = (byte) 0xff;
    allocates(lies).refused(401);
  }

  private static Tokens tokens() {
    return Tokens.of(NAME, Map.of("north", new Tokens.Key(SECRET, 0, 0)));
  }

  /** RFC 7635 §6.2: A128GCM as well, and keys for other HMACs. */
  @ParameterizedTest
  @ValueSource(ints = {16, 20, 32, 48, 64})
  void keysOfEveryLength(int length) throws Exception {
    byte[] secret = filled(16, 2);
    Tokens tokens = Tokens.of(NAME, Map.of("k", new Tokens.Key(secret, 0, 0)));
    byte[] macKey = filled(length, 6);
    byte[] token = token(NAME, secret, macKey, lab.now / 1000, LIFETIME);
    assertArrayEquals(macKey, tokens.candidates("k", token, lab.now).keys().get(0).bytes());
  }

  /** A key that is taken away ends what it has let in, but not what other reloads change. */
  @Test
  void reload() throws Exception {
    allocates(token()).succeeds();
    lab.server.reconfigure(
        Lab.config().tokens(tokens()).limits(Limits.STANDARD.withPeers(9, 9)).build());
    client.sends(Sent.refresh(), by("north", null, MAC_KEY)).succeeds();
    lab.server.reconfigure(Lab.config().build());
    client.sends(Sent.refresh(), by("north", null, MAC_KEY)).refused(401);
  }

  /** RFC 7635 §6.2: a newer token may be under another key; a user with a password is another. */
  @Test
  void anotherKeyOfTheSameServer() throws Exception {
    allocates(token()).succeeds();
    client.sends(Sent.refresh(), by("next", token(), MAC_KEY)).succeeds();
    client.sends(Sent.refresh(), by("next", null, MAC_KEY)).succeeds();
    client.sends(Sent.refresh(), by("north", null, MAC_KEY)).refused(401);
    client.as("ana", "secreto").sends(Sent.refresh()).refused(441);
  }

  /** Users with passwords come in beside them. */
  @Test
  void usersBeside() throws Exception {
    allocates(token()).succeeds();
    lab.client("203.0.113.6:1").as("ana", "secreto").sends(Sent.allocate()).succeeds();
  }
}
