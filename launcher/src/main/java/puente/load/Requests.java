package puente.load;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.Family;
import puente.stun.Integrity;
import puente.stun.IntegrityKey;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;

/** Writes the requests of one loop's clients, and judges the answers. */
final class Requests {

  /** REQUESTED-TRANSPORT: UDP (RFC 8656 §18.7). */
  private static final int UDP = 17 << 24;

  private static final int IPV6 = 2 << 24;

  private final LoadPlan plan;
  private final int run;
  private final MessageBuilder builder = new MessageBuilder();
  private final Integrity integrity = new Integrity();
  private final Map<String, IntegrityKey> keyByUserAndRealm = new HashMap<>();
  private final byte[] transactionId = new byte[Message.TRANSACTION_ID_LENGTH];

  Requests(LoadPlan plan, int run) {
    this.plan = plan;
    this.run = run;
  }

  /** Of the request {@code number} of a client; told apart from those of every other run. */
  byte[] transactionId(int client, int number) {
    put(0, run);
    put(4, client);
    put(8, number);
    return transactionId;
  }

  private void put(int at, int value) {
    for (int i = 0; i < 4; i++) {
      transactionId[at + i] = (byte) (value >>> 24 - 8 * i);
    }
  }

  MessageBuilder binding(int client, int number) {
    return builder.message(MessageClass.REQUEST, Method.BINDING, transactionId(client, number));
  }

  MessageBuilder of(Client client) {
    Method method =
        switch (client.step()) {
          case ASK, ALLOCATE -> Method.ALLOCATE;
          case BIND -> Method.CHANNEL_BIND;
          case RENEW, FREE -> Method.REFRESH;
        };
    byte[] id = transactionId(client.index(), client.transaction());
    builder.message(MessageClass.REQUEST, method, id);
    switch (client.step()) {
      case ASK, ALLOCATE -> allocate();
      case BIND ->
          builder
              .i32(AttributeType.CHANNEL_NUMBER, client.channel() << 16)
              .xorAddress(AttributeType.XOR_PEER_ADDRESS, client.peer());
      case RENEW -> builder.i32(AttributeType.LIFETIME, lifetimeSeconds());
      case FREE -> builder.i32(AttributeType.LIFETIME, 0);
    }
    return seal(client);
  }

  private void allocate() {
    builder
        .i32(AttributeType.REQUESTED_TRANSPORT, UDP)
        .i32(AttributeType.LIFETIME, lifetimeSeconds());
    if (plan.target().family() == Family.IPV6) {
      builder.i32(AttributeType.REQUESTED_ADDRESS_FAMILY, IPV6);
    }
  }

  /** Renewed every {@link RelayDrive#RENEW_SECONDS}; what is left behind ends by itself. */
  private static int lifetimeSeconds() {
    return 3 * RelayDrive.RENEW_SECONDS;
  }

  /** RFC 8489 §9.2.3.2: nothing of a credential before the server said its realm. */
  private MessageBuilder seal(Client client) {
    byte[] nonce = client.nonce();
    String realm = client.realm();
    if (nonce == null || realm == null) {
      return builder;
    }
    return builder
        .bytes(
            AttributeType.USERNAME,
            plan.login().userOf(client.index()).getBytes(StandardCharsets.UTF_8))
        .bytes(AttributeType.REALM, realm.getBytes(StandardCharsets.UTF_8))
        .bytes(AttributeType.NONCE, nonce)
        .integrity(integrity.hmacSha1(key(client.index(), realm)));
  }

  private IntegrityKey key(int client, String realm) {
    String user = plan.login().userOf(client);
    return keyByUserAndRealm.computeIfAbsent(
        user + '\n' + realm, none -> plan.login().keyOf(client, realm));
  }

  /** RFC 8489 §9.2.5: whether an answer to a sealed request is sealed, and rightly. */
  boolean isGenuine(Message answer, Client client) {
    @Nullable String realm = client.realm();
    return realm == null || integrity.verify(answer, key(client.index(), realm));
  }
}
