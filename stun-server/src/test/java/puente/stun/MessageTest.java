package puente.stun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.stun.Message.Shape.BROKEN;
import static puente.stun.Message.Shape.NOT_STUN;
import static puente.stun.Message.Shape.WELL_FORMED;

import java.util.Arrays;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading and writing messages, the broken ones above all. */
class MessageTest {

  private static final String HEADER = "2112a442 0102030405060708090a0b0c";

  /** RFC 8489 §5: nothing shorter than a header is a message. */
  @Test
  void shorterThanAHeader() {
    byte[] bytes = Hex.of("00010000" + HEADER);
    for (int size = 0; size < Message.HEADER_LENGTH; size++) {
      assertEquals(NOT_STUN, new Message().parse(bytes, size));
    }
    assertEquals(WELL_FORMED, new Message().parse(bytes, bytes.length));
  }

  /** RFC 8489 §5: the first two bits are zero. */
  @ParameterizedTest
  @ValueSource(strings = {"40", "80", "c0", "7f", "ff"})
  void firstTwoBits(String first) {
    assertEquals(NOT_STUN, parse(first + "010000" + HEADER));
  }

  /** RFC 8489 §5: the length is that of the attributes, no less and no more. */
  @Test
  void lengthIsExact() {
    String attribute = "80220004 61626364";
    assertEquals(WELL_FORMED, parse("00010008" + HEADER + attribute));
    assertEquals(NOT_STUN, parse("00010004" + HEADER + attribute));
    assertEquals(NOT_STUN, parse("0001000c" + HEADER + attribute));
    assertEquals(NOT_STUN, parse("0001ffff" + HEADER + attribute));
    assertEquals(NOT_STUN, parse("00010000" + HEADER + attribute), "trailing bytes");
  }

  /** RFC 8489 §5: the last two bits of the length are zero. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 6, 7})
  void lengthIsAMultipleOfFour(int extra) {
    String length = "0001000" + extra;
    assertEquals(NOT_STUN, parse(length + HEADER + "00".repeat(extra)));
  }

  /** RFC 8489 §14: an attribute may not reach beyond its message. */
  @ParameterizedTest
  @ValueSource(
      strings = {"80220005 61626364", "8022ffff 61626364", "80220001", "0006fffd 00000000"})
  void attributeOverruns(String attribute) {
    int length = Hex.of(attribute).length;
    assertEquals(BROKEN, parse("0001000" + Integer.toHexString(length) + HEADER + attribute));
  }

  /** RFC 8489 §14: the value is read without its padding, whatever the padding is. */
  @Test
  void paddingIsIgnoredWhenRead() {
    byte[] bytes = Hex.of("00010008" + HEADER + "80220001 61ffffff");
    Message message = Messages.parsed(bytes);
    assertEquals("a", message.textAt(message.find(AttributeType.SOFTWARE)));
  }

  /** RFC 8489 §14: padding is zero when written, over whatever stood there before. */
  @Test
  void paddingIsZeroWhenWritten() {
    MessageBuilder builder = new MessageBuilder(3000);
    for (int length = 0; length < 600; length++) {
      Arrays.fill(builder.bytes(), (byte) 0xee);
      byte[] value = new byte[length];
      Arrays.fill(value, (byte) 0xaa);
      builder.message(MessageClass.INDICATION, Method.DATA, Messages.TRANSACTION);
      builder.bytes(AttributeType.DATA, value);
      assertEquals(Message.HEADER_LENGTH + 4 + (length + 3 & ~3), builder.length());
      for (int i = Message.HEADER_LENGTH + 4 + length; i < builder.length(); i++) {
        assertEquals(0, builder.bytes()[i]);
      }
      assertArrayEquals(value, Messages.parsed(builder).valueBytes(0));
    }
  }

  /** RFC 8489 §5: a message that its length field cannot say is our own fault. */
  @Test
  void tooLongToWrite() {
    MessageBuilder builder = new MessageBuilder();
    builder.message(MessageClass.INDICATION, Method.DATA, Messages.TRANSACTION);
    builder.xorAddress(AttributeType.XOR_PEER_ADDRESS, TransportAddress.ipv6(1, 2, 3));
    byte[] datagram = new byte[0xffff - 24 - 4];
    assertThrows(IllegalStateException.class, () -> builder.bytes(AttributeType.DATA, datagram));
  }

  /** RFC 8489 §14: more attributes than any honest message has are refused in bounded time. */
  @Test
  void attributesLimit() {
    String empty = "80220000";
    assertEquals(WELL_FORMED, parse("00010100" + HEADER + empty.repeat(Message.ATTRIBUTES_MAX)));
    assertEquals(BROKEN, parse("00010104" + HEADER + empty.repeat(Message.ATTRIBUTES_MAX + 1)));
    assertEquals(BROKEN, parse("0001bb80" + HEADER + empty.repeat(12_000)));
  }

  /** RFC 8489 §14.5: what stands behind MESSAGE-INTEGRITY does not exist. */
  @Test
  void nothingIsReadBehindIntegrity() {
    String integrity = "00080014" + "00".repeat(20);
    String sha256 = "001c0020" + "00".repeat(32);
    String fingerprint = "80280004 00000000";
    String username = "00060004 61626364";
    assertAttributes("0008", integrity + username);
    assertAttributes("0008 001c", integrity + username + sha256 + username);
    assertAttributes("0008 001c 8028", integrity + sha256 + username + fingerprint);
    assertAttributes("0006 0008 8028", username + integrity + integrity + fingerprint);
    assertAttributes("001c", sha256 + username + integrity + sha256);
    assertAttributes("001c 8028", sha256 + fingerprint);
    assertAttributes("0008 8028", integrity + fingerprint + sha256);
  }

  /** RFC 8489 §14.7: FINGERPRINT is the last attribute. */
  @Test
  void fingerprintIsLast() {
    assertEquals(BROKEN, parse("00010010" + HEADER + "80280004 00000000" + "00060004 61626364"));
  }

  /** RFC 8489 §14.1 and §14.2: a wrong family or length is no address. */
  @Test
  void malformedAddresses() {
    for (String value :
        new String[] {
          "00020004 00011234",
          "00080008 00001234 00000000",
          "00080008 00021234 00000000",
          "00080008 00071234 00000000",
          "00080014 00011234" + "00".repeat(16)
        }) {
      String attribute = "0012" + value.substring(4);
      int length = Hex.of(attribute).length;
      byte[] bytes = Hex.of("0001%04x".formatted(length) + HEADER + attribute);
      Message message = new Message();
      if (message.parse(bytes, bytes.length) == WELL_FORMED) {
        assertNull(message.xorAddressAt(0));
        assertNull(message.addressAt(0));
      }
    }
  }

  /** RFC 8489 §14.2: the reserved first byte of an address is ignored. */
  @Test
  void reservedByteOfAddressIsIgnored() {
    byte[] bytes = Hex.of("0001000c" + HEADER + "00120008 ff01 1234 c0000201");
    assertEquals(TransportAddress.ipv4(0xc000_0201, 0x1234), Messages.parsed(bytes).addressAt(0));
  }

  /** RFC 8489 §14.2: addresses survive the way through a message, both families, every bit. */
  @Test
  void addressesRoundTrip() {
    TransportAddress[] addresses = {
      TransportAddress.ipv4(0, 0),
      TransportAddress.ipv4(-1, 0xffff),
      TransportAddress.ipv4(0x2112_a442, 0x2112),
      TransportAddress.ipv6(0, 0, 0),
      TransportAddress.ipv6(-1, -1, 0xffff),
      TransportAddress.ipv6(0, 0xffff_c000_0201L, 1),
      TransportAddress.ipv6(0x2001_0db8_1234_5678L, 0x11_2233_4455_6677L, 32853)
    };
    for (TransportAddress address : addresses) {
      Message message =
          Messages.parsed(
              Messages.binding()
                  .xorAddress(AttributeType.XOR_PEER_ADDRESS, address)
                  .address(AttributeType.ALTERNATE_SERVER, address));
      assertEquals(address, message.xorAddressAt(0));
      assertEquals(address, message.addressAt(1));
    }
  }

  /** RFC 8489 §6.3.1: unknown comprehension-required attributes, each once, as far as it fits. */
  @Test
  void unknownRequired() {
    String unknowns = "7fff0000 7ffe0000 7fff0000 ffff0000 00060000 00240000";
    byte[] bytes = Hex.of("00010018" + HEADER + unknowns);
    Message message = Messages.parsed(bytes);
    int[] codes = new int[8];
    EnumSet<AttributeType> understood = EnumSet.of(AttributeType.USERNAME);
    assertEquals(3, message.unknownRequired(understood, codes));
    assertArrayEquals(new int[] {0x7fff, 0x7ffe, 0x24}, Arrays.copyOf(codes, 3));
    assertEquals(1, message.unknownRequired(understood, new int[1]));
  }

  /** RFC 8489 §6.3.1.1: an answer has the method and transaction of its request. */
  @Test
  void answers() {
    Message request = Messages.parsed(Messages.classicBinding());
    MessageBuilder builder = new MessageBuilder(100).answer(MessageClass.ERROR, request);
    Message answer = Messages.parsed(builder.errorCode(ErrorCode.UNKNOWN_ATTRIBUTE));
    assertEquals(0x0111, answer.type());
    assertFalse(answer.hasMagicCookie());
    assertTrue(answer.hasTransactionId(Messages.TRANSACTION));
    assertArrayEquals(Hex.of("00000414 556e6b6e6f776e20417474726962757465"), answer.valueBytes(0));
  }

  private static Message.Shape parse(String hex) {
    byte[] bytes = Hex.of(hex);
    return new Message().parse(bytes, bytes.length);
  }

  private static void assertAttributes(String types, String attributes) {
    int length = Hex.of(attributes).length;
    byte[] bytes = Hex.of("0001%04x".formatted(length) + HEADER + attributes);
    Message message = Messages.parsed(bytes);
    StringBuilder found = new StringBuilder();
    for (int i = 0; i < message.count(); i++) {
      found.append("%04x ".formatted(message.typeAt(i)));
    }
    assertEquals(types, found.toString().strip());
  }
}
