package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT. */
class IntegrityTest {

  private static final IntegrityKey RIGHT = IntegrityKey.shortTerm("right");
  private static final IntegrityKey WRONG = IntegrityKey.shortTerm("wrong");

  private final Integrity integrity = new Integrity();

  /** RFC 8489 §14.5: the header's length is adjusted to the attribute, what follows left out. */
  @Test
  void lengthIsAdjusted() {
    MessageBuilder builder = Messages.binding().integrity(integrity.hmacSha1(RIGHT));
    assertVerifies(builder);
    builder.integritySha256(integrity.hmacSha256(RIGHT));
    assertVerifies(builder);
    builder.fingerprint();
    assertVerifies(builder);
    assertFalse(integrity.hasWrongFingerprint(Messages.parsed(builder)));
  }

  /** RFC 8489 §9.2.4: where both are present, MESSAGE-INTEGRITY-SHA256 decides alone. */
  @Test
  void sha256Decides() {
    MessageBuilder sha256Wrong =
        Messages.binding()
            .integrity(integrity.hmacSha1(RIGHT))
            .integritySha256(integrity.hmacSha256(WRONG));
    assertFalse(integrity.verify(Messages.parsed(sha256Wrong), RIGHT));
    MessageBuilder sha1Wrong =
        Messages.binding()
            .integrity(integrity.hmacSha1(WRONG))
            .integritySha256(integrity.hmacSha256(RIGHT));
    assertTrue(integrity.verify(Messages.parsed(sha1Wrong), RIGHT));
  }

  /** RFC 8489 §14.6: 16 to 32 bytes in steps of 4, all 32 unless the usage says otherwise. */
  @Test
  void truncation() {
    MessageBuilder whole = Messages.binding().integritySha256(integrity.hmacSha256(RIGHT));
    byte[] mac = Messages.parsed(whole).valueBytes(0);
    for (int length = 0; length <= 40; length++) {
      // The MAC covers the header's length, so each truncation has a MAC of its own.
      MessageBuilder builder = Messages.binding();
      builder.bytes(AttributeType.MESSAGE_INTEGRITY_SHA256, truncated(length));
      Message message = Messages.parsed(builder);
      boolean valid = length >= 16 && length <= 32 && length % 4 == 0;
      assertEquals(valid, integrity.verify(message, RIGHT, 16), "truncated to " + length);
      assertEquals(length == 32, integrity.verify(message, RIGHT), "truncated to " + length);
      assertEquals(valid && length >= 24, integrity.verify(message, RIGHT, 24));
      assertFalse(integrity.verify(message, WRONG, 16));
    }
    assertEquals(32, mac.length);
  }

  private byte[] truncated(int length) {
    javax.crypto.Mac mac = integrity.hmacSha256(RIGHT);
    MessageBuilder dummy = Messages.binding();
    dummy.bytes(AttributeType.MESSAGE_INTEGRITY_SHA256, new byte[length]);
    // Header length as RFC 8489 §14.6 has it: up to the end of the value, padding left out.
    Message.U16.set(dummy.bytes(), 2, (short) (4 + length));
    mac.update(dummy.bytes(), 0, Message.HEADER_LENGTH);
    return Arrays.copyOf(mac.doFinal(), length);
  }

  /** RFC 8489 §14.5: a MESSAGE-INTEGRITY of another length than 20 proves nothing. */
  @ParameterizedTest
  @ValueSource(ints = {0, 4, 16, 19, 21, 24, 32, 400})
  void wrongLength(int length) {
    MessageBuilder builder = Messages.binding();
    builder.bytes(AttributeType.MESSAGE_INTEGRITY, new byte[length]);
    assertFalse(integrity.verify(Messages.parsed(builder), RIGHT));
  }

  /** RFC 8489 §9.2.4: without either attribute nothing is proven. */
  @Test
  void unsealed() {
    Message message = Messages.parsed(Messages.binding());
    assertFalse(Integrity.isSealed(message));
    assertFalse(integrity.verify(message, RIGHT));
    MessageBuilder sealed = Messages.binding().integrity(integrity.hmacSha1(RIGHT));
    assertTrue(Integrity.isSealed(Messages.parsed(sealed)));
  }

  /** RFC 8489 §14.5: no single bit before or in the HMAC can change. */
  @Test
  void everyBitCounts() {
    MessageBuilder builder =
        Messages.binding()
            .bytes(AttributeType.USERNAME, new byte[] {'a', 'n', 'a'})
            .integrity(integrity.hmacSha1(RIGHT));
    byte[] bytes = Messages.bytes(builder);
    Message message = new Message();
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit >> 3] ^= (byte) (1 << (bit & 7));
      if (message.parse(bytes, bytes.length) == Message.Shape.WELL_FORMED) {
        assertFalse(integrity.verify(message, RIGHT), "bit " + bit);
      }
      bytes[bit >> 3] ^= (byte) (1 << (bit & 7));
    }
    assertEquals(Message.Shape.WELL_FORMED, message.parse(bytes, bytes.length));
    assertTrue(integrity.verify(message, RIGHT));
  }

  /** RFC 8489 §14.5: one holder serves many keys, one after the other. */
  @Test
  void keysTakeTurns() {
    Message right = Messages.parsed(Messages.binding().integrity(integrity.hmacSha1(RIGHT)));
    Message wrong = Messages.parsed(Messages.binding().integrity(integrity.hmacSha1(WRONG)));
    for (int i = 0; i < 3; i++) {
      assertTrue(integrity.verify(right, RIGHT));
      assertFalse(integrity.verify(right, WRONG));
      assertTrue(integrity.verify(wrong, WRONG));
      assertTrue(integrity.verify(wrong, IntegrityKey.of(WRONG.bytes())));
    }
  }

  /** RFC 8489 §14.7: a FINGERPRINT is right, absent or wrong. */
  @Test
  void fingerprint() {
    MessageBuilder builder = Messages.binding();
    assertFalse(integrity.hasWrongFingerprint(Messages.parsed(builder)));
    byte[] bytes = Messages.bytes(builder.fingerprint());
    assertFalse(integrity.hasWrongFingerprint(Messages.parsed(bytes)));
    bytes[9] ^= 1;
    assertTrue(integrity.hasWrongFingerprint(Messages.parsed(bytes)));
    MessageBuilder tooLong = Messages.binding();
    tooLong.bytes(AttributeType.FINGERPRINT, new byte[8]);
    assertTrue(integrity.hasWrongFingerprint(Messages.parsed(tooLong)));
  }

  /** RFC 8489 §9.2.2: a key shows itself to nobody. */
  @Test
  void keysAreNotPrinted() {
    assertEquals("IntegrityKey", RIGHT.toString());
  }

  private void assertVerifies(MessageBuilder builder) {
    Message message = Messages.parsed(builder);
    assertTrue(integrity.verify(message, RIGHT));
    assertFalse(integrity.verify(message, WRONG));
  }
}
