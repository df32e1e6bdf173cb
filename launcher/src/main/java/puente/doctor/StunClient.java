package puente.doctor;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.net.Addresses;
import puente.stun.AttributeType;
import puente.stun.ChannelData;
import puente.stun.ErrorCode;
import puente.stun.Integrity;
import puente.stun.IntegrityKey;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.PasswordAlgorithm;
import puente.stun.TransportAddress;

/** A client of STUN and TURN (RFC 8489, RFC 8656) that asks and waits. For one thread. */
final class StunClient implements AutoCloseable {

  /**
   * Who asks.
   *
   * @param user as it stands in USERNAME
   */
  record Login(String user, String password) {
    /** Without the password. */
    @Override
    public String toString() {
      return "Login[" + user + "]";
    }
  }

  /** An answer, and how long it took. */
  record Answer(Message message, long nanos, int requestBytes) {
    boolean isSuccess() {
      return message.messageClass() == MessageClass.SUCCESS;
    }

    /** RFC 8489 §14.8; 0 when there is none. */
    int error() {
      int at = message.find(AttributeType.ERROR_CODE);
      return at < 0 || message.lengthAt(at) < 4
          ? 0
          : message.bytes()[message.valueAt(at) + 2] * 100
              + message.bytes()[message.valueAt(at) + 3];
    }

    @Nullable InetSocketAddress address(AttributeType type) {
      int at = message.find(type);
      TransportAddress found = at < 0 ? null : message.xorAddressAt(at);
      return found == null ? null : Addresses.of(found);
    }

    @Nullable InetSocketAddress plainAddress(AttributeType type) {
      int at = message.find(type);
      TransportAddress found = at < 0 ? null : message.addressAt(at);
      return found == null ? null : Addresses.of(found);
    }

    String text(AttributeType type) {
      int at = message.find(type);
      return at < 0 ? "" : message.textAt(at);
    }
  }

  private static final int UDP = 17 << 24;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Wire wire;
  private final int patienceMs;
  private final Integrity integrity = new Integrity();
  private final MessageBuilder builder = new MessageBuilder();
  private @Nullable Login login;
  private @Nullable IntegrityKey key;
  private String realm = "";
  private byte[] nonce = {};

  /**
   * @param patienceMs how long an answer is waited for, all attempts together
   */
  StunClient(Wire wire, int patienceMs) {
    this.wire = wire;
    this.patienceMs = patienceMs;
  }

  Wire wire() {
    return wire;
  }

  void logIn(Login as) {
    login = as;
  }

  /** Asks without credentials; null when nobody answers. */
  @Nullable Answer ask(Method method, Consumer<MessageBuilder> attributes) throws IOException {
    byte[] id = new byte[Message.TRANSACTION_ID_LENGTH];
    RANDOM.nextBytes(id);
    builder.message(MessageClass.REQUEST, method, id);
    attributes.accept(builder);
    if (key == null) {
      builder.fingerprint();
    }
    return exchange(id);
  }

  /** Asks with credentials; RFC 8489 §9.2.5: a 401 or 438 is answered with what it brought. */
  @Nullable Answer askSigned(Method method, Consumer<MessageBuilder> attributes)
      throws IOException {
    Answer answer = ask(method, message -> sign(message, attributes));
    for (int retry = 0; retry < 2 && answer != null; retry++) {
      int error = answer.error();
      boolean isFirst401 = error == ErrorCode.UNAUTHORIZED.code() && retry == 0;
      if (login == null || !isFirst401 && error != ErrorCode.STALE_NONCE.code()) {
        return answer;
      }
      learn(answer, login);
      answer = ask(method, message -> sign(message, attributes));
    }
    return answer;
  }

  private void learn(Answer challenge, Login as) {
    realm = challenge.text(AttributeType.REALM);
    int at = challenge.message().find(AttributeType.NONCE);
    nonce = at < 0 ? new byte[0] : challenge.message().valueBytes(at);
    key = IntegrityKey.longTerm(PasswordAlgorithm.MD5, as.user(), realm, as.password());
  }

  private void sign(MessageBuilder message, Consumer<MessageBuilder> attributes) {
    attributes.accept(message);
    IntegrityKey known = key;
    Login as = login;
    if (known != null && as != null) {
      message
          .bytes(AttributeType.USERNAME, as.user().getBytes(StandardCharsets.UTF_8))
          .bytes(AttributeType.REALM, realm.getBytes(StandardCharsets.UTF_8))
          .bytes(AttributeType.NONCE, nonce)
          .integrity(integrity.hmacSha1(known));
    }
  }

  /** RFC 8489 §6.2.1: over UDP it is sent again, each time after twice the wait. */
  private @Nullable Answer exchange(byte[] id) throws IOException {
    long start = System.nanoTime();
    long end = start + patienceMs * 1_000_000L;
    long wait = wire.isReliable() ? patienceMs * 1_000_000L : patienceMs * 1_000_000L / 7;
    int sent = builder.length();
    for (long now = start; now < end; now = System.nanoTime()) {
      if (now == start || !wire.isReliable()) {
        wire.send(builder.bytes(), sent);
      }
      long until = Math.min(end, now + wait);
      Message answer = await(id, until);
      if (answer != null) {
        return new Answer(answer, System.nanoTime() - start, sent);
      }
      wait *= 2;
    }
    return null;
  }

  private @Nullable Message await(byte[] id, long until) throws IOException {
    while (true) {
      long left = until - System.nanoTime();
      byte[] bytes = left <= 0 ? null : wire.receive((int) (left / 1_000_000) + 1);
      if (bytes == null) {
        return null;
      }
      Message message = new Message();
      if (message.parse(bytes, bytes.length) == Message.Shape.WELL_FORMED
          && message.hasTransactionId(id)
          && !integrity.hasWrongFingerprint(message)) {
        return message;
      }
    }
  }

  @Nullable Answer binding() throws IOException {
    return ask(Method.BINDING, message -> {});
  }

  /** RFC 8656 §7.1. */
  static void allocate(MessageBuilder message) {
    message.i32(AttributeType.REQUESTED_TRANSPORT, UDP);
  }

  /** RFC 8656 §9.1. */
  @Nullable Answer permit(InetSocketAddress peer) throws IOException {
    TransportAddress address = Addresses.of(peer);
    return askSigned(
        Method.CREATE_PERMISSION,
        message -> message.xorAddress(AttributeType.XOR_PEER_ADDRESS, address));
  }

  /** RFC 8656 §12.1. */
  @Nullable Answer bind(int channel, InetSocketAddress peer) throws IOException {
    TransportAddress address = Addresses.of(peer);
    return askSigned(
        Method.CHANNEL_BIND,
        message ->
            message
                .i32(AttributeType.CHANNEL_NUMBER, channel << 16)
                .xorAddress(AttributeType.XOR_PEER_ADDRESS, address));
  }

  /** Gives the allocation back at once (RFC 8656 §8.1). */
  void release() throws IOException {
    askSigned(Method.REFRESH, message -> message.i32(AttributeType.LIFETIME, 0));
  }

  void send(int channel, byte[] payload) throws IOException {
    ByteBuffer frame =
        ByteBuffer.allocate(ChannelData.HEADER_LENGTH + (payload.length + 3 & ~3))
            .putShort((short) channel)
            .putShort((short) payload.length)
            .put(payload);
    wire.send(frame.array(), frame.capacity());
  }

  /** The payload of the next ChannelData, or null. */
  byte @Nullable [] receive(int waitMs) throws IOException {
    long until = System.nanoTime() + waitMs * 1_000_000L;
    while (true) {
      long left = until - System.nanoTime();
      byte[] bytes = left <= 0 ? null : wire.receive((int) (left / 1_000_000) + 1);
      if (bytes == null) {
        return null;
      }
      if (bytes.length >= ChannelData.HEADER_LENGTH && (bytes[0] & 0xc0) == 0x40) {
        int length = ByteBuffer.wrap(bytes).getShort(2) & 0xffff;
        if (length <= bytes.length - ChannelData.HEADER_LENGTH) {
          return Arrays.copyOfRange(
              bytes, ChannelData.HEADER_LENGTH, ChannelData.HEADER_LENGTH + length);
        }
      }
    }
  }

  @Override
  public void close() {
    wire.close();
  }
}
