package puente.turn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import puente.stun.AttributeType;
import puente.stun.Family;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.TransportAddress;

/** A message that a client sends, in the words of the protocol. */
final class Sent {

  private static final Random TRANSACTIONS = new Random(7);

  final Method method;
  final MessageClass messageClass;
  byte[] transactionId = new byte[12];
  private final List<Consumer<MessageBuilder>> attributes = new ArrayList<>();

  private Sent(Method method, MessageClass messageClass) {
    this.method = method;
    this.messageClass = messageClass;
    TRANSACTIONS.nextBytes(transactionId);
  }

  static Sent request(Method method) {
    return new Sent(method, MessageClass.REQUEST);
  }

  static Sent indication(Method method) {
    return new Sent(method, MessageClass.INDICATION);
  }

  static Sent allocate() {
    return request(Method.ALLOCATE).transport(17);
  }

  static Sent refresh() {
    return request(Method.REFRESH);
  }

  static Sent createPermission(String... peers) {
    Sent request = request(Method.CREATE_PERMISSION);
    for (String peer : peers) {
      request.peer(peer);
    }
    return request;
  }

  static Sent channelBind(int channel, String peer) {
    return request(Method.CHANNEL_BIND).channel(channel).peer(peer);
  }

  static Sent send(String peer, String data) {
    return indication(Method.SEND).peer(peer).data(data);
  }

  Sent transport(int protocol) {
    return with(b -> b.i32(AttributeType.REQUESTED_TRANSPORT, protocol << 24));
  }

  Sent lifetime(int seconds) {
    return with(b -> b.i32(AttributeType.LIFETIME, seconds));
  }

  Sent family(int code) {
    return with(b -> b.i32(AttributeType.REQUESTED_ADDRESS_FAMILY, code << 24));
  }

  Sent family(Family family) {
    return family(family.code());
  }

  Sent additionalFamily(int code) {
    return with(b -> b.i32(AttributeType.ADDITIONAL_ADDRESS_FAMILY, code << 24));
  }

  Sent evenPort(boolean reserveNext) {
    return bytes(AttributeType.EVEN_PORT, (byte) (reserveNext ? 0x80 : 0));
  }

  Sent token(long token) {
    return with(b -> b.i64(AttributeType.RESERVATION_TOKEN, token));
  }

  Sent peer(String peer) {
    TransportAddress address = Lab.address(peer);
    return with(b -> b.xorAddress(AttributeType.XOR_PEER_ADDRESS, address));
  }

  Sent channel(int number) {
    return with(b -> b.i32(AttributeType.CHANNEL_NUMBER, number << 16));
  }

  Sent data(String data) {
    return bytes(AttributeType.DATA, data.getBytes());
  }

  Sent dontFragment() {
    return with(b -> b.flag(AttributeType.DONT_FRAGMENT));
  }

  Sent bytes(AttributeType type, byte... value) {
    return with(b -> b.bytes(type, value));
  }

  Sent with(Consumer<MessageBuilder> attribute) {
    attributes.add(attribute);
    return this;
  }

  /** The same once more, as a new transaction. */
  Sent again() {
    Sent copy = new Sent(method, messageClass);
    copy.attributes.addAll(attributes);
    return copy;
  }

  byte[] bytes(Consumer<MessageBuilder> seal) {
    MessageBuilder builder = new MessageBuilder();
    builder.message(messageClass, method, transactionId);
    attributes.forEach(attribute -> attribute.accept(builder));
    seal.accept(builder);
    return Arrays.copyOf(builder.bytes(), builder.length());
  }
}
