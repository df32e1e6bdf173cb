package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Messages as one line of text. */
class MessageTextTest {

  /** RFC 8489 §5: what a reader of traces wants to know of a message. */
  @Test
  void oneLine() {
    MessageBuilder builder = new MessageBuilder(500);
    builder.message(MessageClass.REQUEST, Method.ALLOCATE, Messages.TRANSACTION);
    builder.i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24).i32(AttributeType.LIFETIME, 600);
    builder.bytes(AttributeType.USERNAME, "ana".getBytes(StandardCharsets.UTF_8));
    builder.xorAddress(AttributeType.XOR_PEER_ADDRESS, Messages.CLIENT);
    builder.flag(AttributeType.DONT_FRAGMENT).bytes(AttributeType.NONCE, new byte[32]);
    assertEquals(
        "Allocate request 0102030405060708090a0b0c REQUESTED-TRANSPORT=17 LIFETIME=600"
            + " USERNAME=\"ana\" XOR-PEER-ADDRESS=192.0.2.1:40000 DONT-FRAGMENT NONCE(32)",
        MessageText.of(Messages.parsed(builder)));
    Message error =
        Messages.parsed(
            new MessageBuilder(99)
                .answer(MessageClass.ERROR, Messages.parsed(Messages.classicBinding()))
                .errorCode(ErrorCode.STALE_NONCE));
    assertEquals(
        "Binding error 0102030405060708090a0b0c without magic cookie ERROR-CODE=438",
        MessageText.of(error));
  }

  /** RFC 8489 §16.1: no integrity value, nonce or token is shown, and no line can be forged. */
  @Test
  void nothingToMisuse() {
    Message vector = Messages.parsed(Hex.resource("vectors/rfc5769-2.4-long-term.hex"));
    String line = MessageText.of(vector);
    assertTrue(line.contains("MESSAGE-INTEGRITY(20)"));
    assertFalse(line.contains("f67024656dd6"));
    assertFalse(line.contains("499k954d6OL34oL9FSTvy64sA"));
    byte[] hostile = "a\"\r\nERROR ${jndi:x}\u001b[31m".getBytes(StandardCharsets.UTF_8);
    MessageBuilder builder = Messages.binding().bytes(AttributeType.USERNAME, hostile);
    builder.bytes(AttributeType.SOFTWARE, "x".repeat(500).getBytes(StandardCharsets.UTF_8));
    String text = MessageText.of(Messages.parsed(builder));
    assertTrue(text.chars().allMatch(c -> c >= ' ' && c <= '~'));
    assertTrue(text.contains("a\\u0022\\u000d\\u000aERROR"));
    assertTrue(text.length() < 300);
  }
}
