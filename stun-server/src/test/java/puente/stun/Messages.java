package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.HexFormat;

/** Messages and clients for tests. */
final class Messages {

  static final byte[] TRANSACTION = HexFormat.of().parseHex("0102030405060708090a0b0c");
  static final TransportAddress CLIENT = TransportAddress.ipv4(0xc000_0201, 40_000);
  static final TransportAddress SERVER = TransportAddress.ipv4(0xc633_6401, 3478);

  private Messages() {}

  static FiveTuple client(Transport transport) {
    return client(transport, SERVER);
  }

  static FiveTuple client(Transport transport, TransportAddress server) {
    return new FiveTuple(transport, CLIENT, server, 1, null);
  }

  static MessageBuilder binding() {
    return new MessageBuilder(2000).message(MessageClass.REQUEST, Method.BINDING, TRANSACTION);
  }

  /** A Binding request of RFC 3489: no magic cookie. */
  static MessageBuilder classicBinding() {
    MessageBuilder builder = binding();
    Message.U32.set(builder.bytes(), 4, 0x1234_5678);
    return builder;
  }

  static byte[] bytes(MessageBuilder builder) {
    return Arrays.copyOf(builder.bytes(), builder.length());
  }

  static Message parsed(MessageBuilder builder) {
    return parsed(bytes(builder));
  }

  static Message parsed(byte[] bytes) {
    Message message = new Message();
    assertEquals(Message.Shape.WELL_FORMED, message.parse(bytes, bytes.length));
    return message;
  }
}
