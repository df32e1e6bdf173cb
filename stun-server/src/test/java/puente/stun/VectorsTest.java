package puente.stun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import org.junit.jupiter.api.Test;

/** The test vectors of the standards. */
class VectorsTest {

  private static final IntegrityKey SHORT_TERM = IntegrityKey.shortTerm("VOkJxbRl1RmTxUk/WvJxBt");
  private static final String MATRIX = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9";

  private final Integrity integrity = new Integrity();

  /** RFC 5769 §2.1: a request with short-term integrity and FINGERPRINT. */
  @Test
  void sampleRequest() {
    Message message = parse("rfc5769-2.1-request");
    assertEquals(Method.BINDING, message.method());
    assertEquals(MessageClass.REQUEST, message.messageClass());
    assertEquals("STUN test client", message.textAt(message.find(AttributeType.SOFTWARE)));
    assertEquals("evtj:h6vY", message.textAt(message.find(AttributeType.USERNAME)));
    assertEquals(0x6e00_01ff, message.i32At(message.find(AttributeType.PRIORITY)));
    assertEquals(6, message.count());
    assertTrue(integrity.verify(message, SHORT_TERM));
    assertFalse(integrity.hasWrongFingerprint(message));
  }

  /** RFC 5769 §2.2: a response with an IPv4 XOR-MAPPED-ADDRESS. */
  @Test
  void sampleIpv4Response() {
    Message message = parse("rfc5769-2.2-ipv4-response");
    assertEquals(MessageClass.SUCCESS, message.messageClass());
    assertEquals(
        TransportAddress.ipv4(0xc000_0201, 32853),
        message.xorAddressAt(message.find(AttributeType.XOR_MAPPED_ADDRESS)));
    assertTrue(integrity.verify(message, SHORT_TERM));
    assertFalse(integrity.hasWrongFingerprint(message));
  }

  /** RFC 5769 §2.3: a response with an IPv6 XOR-MAPPED-ADDRESS. */
  @Test
  void sampleIpv6Response() {
    Message message = parse("rfc5769-2.3-ipv6-response");
    assertEquals(
        TransportAddress.ipv6(0x2001_0db8_1234_5678L, 0x0011_2233_4455_6677L, 32853),
        message.xorAddressAt(message.find(AttributeType.XOR_MAPPED_ADDRESS)));
    assertTrue(integrity.verify(message, SHORT_TERM));
    assertFalse(integrity.hasWrongFingerprint(message));
  }

  /** RFC 5769 §2.4: long-term integrity; the password as SASLprep made it. */
  @Test
  void sampleLongTermRequest() {
    Message message = parse("rfc5769-2.4-long-term");
    assertEquals(MATRIX, message.textAt(message.find(AttributeType.USERNAME)));
    assertTrue(integrity.verify(message, longTerm(PasswordAlgorithm.MD5)));
    assertFalse(integrity.verify(message, longTerm(PasswordAlgorithm.SHA_256)));
  }

  /** RFC 5769 §2.4 built anew: padding zero, every byte the same. */
  @Test
  void builderWritesTheLongTermRequest() {
    Message message = parse("rfc5769-2.4-long-term");
    MessageBuilder builder = new MessageBuilder(512);
    builder.message(MessageClass.REQUEST, Method.BINDING, message.transactionId());
    for (AttributeType type :
        new AttributeType[] {AttributeType.USERNAME, AttributeType.NONCE, AttributeType.REALM}) {
      builder.bytes(type, message.valueBytes(message.find(type)));
    }
    builder.integrity(integrity.hmacSha1(longTerm(PasswordAlgorithm.MD5)));
    assertArrayEquals(message.bytes(), Arrays.copyOf(builder.bytes(), builder.length()));
  }

  /**
   * RFC 8489 Appendix B.1 as erratum 6268 corrects it: USERHASH, PASSWORD-ALGORITHM and
   * MESSAGE-INTEGRITY-SHA256.
   */
  @Test
  void sha256AndUserhash() {
    Message message = parse("rfc8489-b.1-erratum-6268");
    assertArrayEquals(
        IntegrityKey.userhash(MATRIX, "example.org"),
        message.valueBytes(message.find(AttributeType.USERHASH)));
    assertTrue(integrity.verify(message, longTerm(PasswordAlgorithm.SHA_256)));
    assertFalse(integrity.verify(message, longTerm(PasswordAlgorithm.MD5)));
  }

  /** RFC 8489 Appendix B.1 as printed: its length counts the header, so it is no STUN message. */
  @Test
  void sha256AsPrinted() {
    byte[] bytes = Hex.resource("vectors/rfc8489-b.1-as-printed.hex");
    assertEquals(Message.Shape.NOT_STUN, new Message().parse(bytes, bytes.length));
    Mac mac = integrity.hmacSha256(longTerm(PasswordAlgorithm.SHA_256));
    mac.update(bytes, 0, bytes.length - 36);
    assertArrayEquals(Arrays.copyOfRange(bytes, bytes.length - 32, bytes.length), mac.doFinal());
  }

  /** RFC 8489 §9.2.2: the MD5 key of user:realm:pass. */
  @Test
  void longTermKey() {
    IntegrityKey key = IntegrityKey.longTerm(PasswordAlgorithm.MD5, "user", "realm", "pass");
    assertEquals("8493fbc53ba582fb4c044c456bdc40eb", HexFormat.of().formatHex(key.bytes()));
  }

  private static IntegrityKey longTerm(PasswordAlgorithm algorithm) {
    return IntegrityKey.longTerm(algorithm, MATRIX, "example.org", "TheMatrIX");
  }

  private static Message parse(String name) {
    byte[] bytes = Hex.resource("vectors/" + name + ".hex");
    Message message = new Message();
    assertEquals(Message.Shape.WELL_FORMED, message.parse(bytes, bytes.length));
    return message;
  }
}
