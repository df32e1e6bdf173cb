package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.NullUnmarked;
import puente.stun.AttributeType;
import puente.stun.FiveTuple;
import puente.stun.Integrity;
import puente.stun.IntegrityKey;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.PasswordAlgorithm;
import puente.stun.TransportAddress;

/** A client in the {@link Lab}: {@code client.sends(allocate()).then(refused(401))}. */
@NullUnmarked
final class Client {

  private final Lab lab;
  private final Integrity integrity = new Integrity();
  final FiveTuple tuple;
  private String user;
  private String password;
  byte[] realm;
  byte[] nonce;
  private PasswordAlgorithm algorithm;
  private byte[] offered;
  private boolean hashed;
  private byte[] lastBytes;
  private Sent lastSent;

  Client(Lab lab, FiveTuple tuple) {
    this.lab = lab;
    this.tuple = tuple;
  }

  /** From now on it shows this credential; the nonce is learnt by a first request. */
  Client as(String newUser, String newPassword) {
    user = newUser;
    password = newPassword;
    Sent probe = Sent.refresh();
    lab.receives(tuple, probe.bytes(b -> {}));
    learn(next());
    return this;
  }

  /** Uses PASSWORD-ALGORITHM and MESSAGE-INTEGRITY-SHA256 (RFC 8489). */
  Client with(PasswordAlgorithm newAlgorithm) {
    algorithm = newAlgorithm;
    return this;
  }

  /** Sends USERHASH in place of USERNAME. */
  Client hashed() {
    hashed = true;
    return this;
  }

  void learn(Reply challenge) {
    realm = challenge.bytes(AttributeType.REALM);
    nonce = challenge.bytes(AttributeType.NONCE);
    offered = challenge.bytes(AttributeType.PASSWORD_ALGORITHMS);
  }

  Exchange sends(Sent message) {
    return sends(message, this::seal);
  }

  /** Sends it with another tail than the client's own credential. */
  Exchange sends(Sent message, Consumer<MessageBuilder> seal) {
    lastSent = message;
    lastBytes = message.bytes(message.messageClass == MessageClass.REQUEST ? seal : b -> {});
    lab.receives(tuple, lastBytes);
    return new Exchange();
  }

  /** The very bytes of its last message once more. */
  Exchange retransmits() {
    lab.receives(tuple, lastBytes);
    return new Exchange();
  }

  Exchange sendsBytes(byte... bytes) {
    lab.receives(tuple, bytes);
    return new Exchange();
  }

  void sendsChannelData(int channel, String data) {
    sendsChannelData(channel, data.getBytes());
  }

  void sendsChannelData(int channel, byte[] payload) {
    ByteBuffer frame = ByteBuffer.allocate(4 + payload.length);
    frame.putShort((short) channel).putShort((short) payload.length).put(payload);
    lab.receives(tuple, frame.array());
  }

  byte[] lastBytes() {
    return lastBytes;
  }

  /** Adds what proves who it is. */
  void seal(MessageBuilder builder) {
    if (user == null) {
      return;
    }
    if (hashed) {
      builder.bytes(AttributeType.USERHASH, IntegrityKey.userhash(user, new String(realm)));
    } else {
      builder.bytes(AttributeType.USERNAME, user.getBytes());
    }
    builder.bytes(AttributeType.REALM, realm).bytes(AttributeType.NONCE, nonce);
    if (algorithm == null) {
      builder.integrity(integrity.hmacSha1(key()));
      return;
    }
    builder
        .bytes(AttributeType.PASSWORD_ALGORITHMS, offered)
        .i32(AttributeType.PASSWORD_ALGORITHM, algorithm.code() << 16)
        .integritySha256(integrity.hmacSha256(key()));
  }

  IntegrityKey key() {
    PasswordAlgorithm used = algorithm == null ? PasswordAlgorithm.MD5 : algorithm;
    return IntegrityKey.longTerm(used, user, new String(realm), password);
  }

  /** Whether a reply carries the integrity that this client expects, and it is right. */
  boolean trusts(Reply reply) {
    AttributeType expected =
        algorithm == null
            ? AttributeType.MESSAGE_INTEGRITY
            : AttributeType.MESSAGE_INTEGRITY_SHA256;
    return reply.message.has(expected) && integrity.verify(reply.message, key());
  }

  boolean hasMail() {
    return !lab.inboxOf(tuple).isEmpty();
  }

  Reply next() {
    Lab.AtClient first = lab.inboxOf(tuple).poll();
    assertNotNull(first, "the server is silent");
    assertEquals(0, first.channel(), "ChannelData where a STUN message was expected");
    return new Reply(first.bytes());
  }

  /** The next thing it received is this on this channel. */
  void receivesOnChannel(int channel, String data) {
    Lab.AtClient first = lab.inboxOf(tuple).poll();
    assertNotNull(first, "nothing came");
    assertEquals(channel, first.channel());
    assertEquals(data, new String(first.bytes()));
  }

  void receivesData(String peer, String data) {
    Reply indication = next();
    assertEquals(MessageClass.INDICATION, indication.message.messageClass());
    assertEquals(Lab.address(peer), indication.peer());
    assertEquals(data, new String(indication.bytes(AttributeType.DATA)));
  }

  void receivesNothing() {
    assertTrue(lab.inboxOf(tuple).isEmpty(), "something came");
  }

  /** Allocates, and says where. */
  TransportAddress allocates() {
    return allocates(Sent.allocate());
  }

  TransportAddress allocates(Sent request) {
    return sends(request).succeeds().relayed();
  }

  /** What came back for a message. */
  final class Exchange {

    Reply succeeds() {
      Reply reply = reply();
      assertEquals(
          MessageClass.SUCCESS, reply.message.messageClass(), () -> "code " + reply.code());
      return reply;
    }

    Reply refused(int code) {
      Reply reply = reply();
      assertEquals(MessageClass.ERROR, reply.message.messageClass(), "not refused");
      assertEquals(code, reply.code());
      return reply;
    }

    Exchange then(Consumer<Exchange> expectation) {
      expectation.accept(this);
      return this;
    }

    void silence() {
      receivesNothing();
    }

    /** The answer, which is the only one and belongs to the request. */
    Reply reply() {
      Reply reply = next();
      Deque<Lab.AtClient> rest = lab.inboxOf(tuple);
      assertTrue(rest.isEmpty(), "one request, one answer");
      assertTrue(reply.message.hasTransactionId(lastSent.transactionId), "another transaction");
      assertEquals(lastSent.method, reply.message.method());
      return reply;
    }

    byte[] bytes() {
      return reply().raw;
    }
  }

  static Consumer<Exchange> refused(int code) {
    return exchange -> exchange.refused(code);
  }

  static Consumer<Exchange> success() {
    return Exchange::succeeds;
  }

  static Consumer<Exchange> silence() {
    return Exchange::silence;
  }
}
