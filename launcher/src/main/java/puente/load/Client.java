package puente.load;

import org.jspecify.annotations.Nullable;
import puente.net.Datagrams;
import puente.net.UdpSocket;
import puente.stun.AttributeType;
import puente.stun.ChannelData;
import puente.stun.ErrorCode;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Packet;
import puente.stun.PacketKind;
import puente.stun.TransportAddress;

/** One client: a socket, at most one request that waits for its answer, and an allocation. */
final class Client implements Datagrams.Receiver {

  /** What a client may be waiting for. */
  enum Step {
    /** The first Allocate, to be answered by 401. */
    ASK,
    ALLOCATE,
    BIND,
    RENEW,
    FREE
  }

  /** Who gives a client its work. */
  interface Drive {
    /** The step is done, {@code nanos} after it was due. */
    void onDone(Client client, Step step, long nanos);

    /** The server refused, or never answered (code 0). */
    void onFailed(Client client, Step step, int code);

    /** ChannelData for this client's channel: bytes {@code from} to {@code from + length}. */
    void onData(Client client, Packet packet, int from, int length);

    /** A STUN message that answers no step. */
    void onOther(Client client, Message message);
  }

  /** RFC 8489 §6.2.1; lower numbers of copies, so that a lost server is found in seconds. */
  private static final long RETRANSMIT_NS = 500_000_000L;

  private static final int COPIES_MAX = 5;
  private static final int STALE_MAX = 3;

  private final Worker worker;
  private final int index;
  private final int channel;
  private @Nullable UdpSocket socket;
  private @Nullable Step step;
  private byte @Nullable [] nonce;
  private @Nullable String realm;
  private @Nullable TransportAddress relayed;
  private @Nullable TransportAddress peer;
  private int transaction;
  private int copies;
  private int stale;
  private long due;
  private long resendAt;
  private boolean isListed;
  private boolean isBound;

  Client(Worker worker, int index) {
    this.worker = worker;
    this.index = index;
    this.channel = ChannelData.FIRST_CHANNEL + index % 0x1000;
  }

  void opened(UdpSocket own) {
    socket = own;
  }

  int index() {
    return index;
  }

  int channel() {
    return channel;
  }

  int transaction() {
    return transaction;
  }

  Step step() {
    return required(step);
  }

  UdpSocket socket() {
    return required(socket);
  }

  byte @Nullable [] nonce() {
    return nonce;
  }

  @Nullable String realm() {
    return realm;
  }

  /** Null until allocated, and after it was freed. */
  @Nullable TransportAddress relayed() {
    return relayed;
  }

  TransportAddress peer() {
    return required(peer);
  }

  void peer(TransportAddress other) {
    peer = other;
  }

  long due() {
    return due;
  }

  /** When a copy of the request is to be sent; only while it waits. */
  long resendAt() {
    return resendAt;
  }

  boolean isWaiting() {
    return step != null;
  }

  boolean isBound() {
    return isBound;
  }

  /** Its channel is bound; answers whether it was before. */
  boolean bound() {
    boolean before = isBound;
    isBound = true;
    return before;
  }

  /** Notes whether the worker looks after it; true if that is new. */
  boolean listed(boolean now) {
    boolean isNew = now != isListed;
    isListed = now;
    return isNew;
  }

  /** Begins a step; its time counts from {@code due}. */
  void begin(Step next, long due) {
    if (next == Step.ASK) {
      nonce = null;
      realm = null;
      relayed = null;
      isBound = false;
      stale = 0;
    }
    this.due = due;
    goOn(next);
  }

  private void goOn(Step next) {
    step = next;
    transaction++;
    copies = 0;
    worker.waits(this);
    send();
  }

  private void send() {
    MessageBuilder request = worker.requests().of(this);
    socket().send(worker.plan().target(), 0, request.bytes(), request.length());
    resendAt = System.nanoTime() + (RETRANSMIT_NS << copies);
    copies++;
  }

  /** No answer yet. */
  void onSilence() {
    Step missing = step();
    if (copies < COPIES_MAX) {
      worker.tally().retransmitted++;
      send();
      return;
    }
    step = null;
    worker.tally().timedOut++;
    worker.drive().onFailed(this, missing, 0);
  }

  @Override
  public void onPacket(Packet packet) {
    if (packet.length >= ChannelData.HEADER_LENGTH
        && PacketKind.of(packet.u8(0)) == PacketKind.CHANNEL_DATA) {
      int length = packet.u16(2);
      if (packet.u16(0) != channel || length + ChannelData.HEADER_LENGTH > packet.length) {
        worker.tally().crossed++;
        return;
      }
      worker.drive().onData(this, packet, ChannelData.HEADER_LENGTH, length);
      return;
    }
    Message message = worker.parse(packet);
    if (message == null) {
      worker.tally().corrupted++;
    } else if (step == null
        || !message.hasTransactionId(worker.requests().transactionId(index, transaction))) {
      worker.drive().onOther(this, message);
    } else {
      onAnswer(message, step);
    }
  }

  @Override
  public void onIcmp(TransportAddress from, int type, int code, int data) {
    worker.tally().unreachable++;
  }

  private void onAnswer(Message answer, Step asked) {
    if (answer.messageClass() == MessageClass.SUCCESS) {
      onSuccess(answer, asked);
      return;
    }
    int at = answer.find(AttributeType.ERROR_CODE);
    if (answer.messageClass() != MessageClass.ERROR || at < 0 || answer.lengthAt(at) < 4) {
      worker.tally().corrupted++;
      return;
    }
    int code = 100 * (answer.bytes()[answer.valueAt(at) + 2] & 7);
    code += answer.bytes()[answer.valueAt(at) + 3];
    onError(answer, asked, code);
  }

  private void onSuccess(Message answer, Step asked) {
    if (!worker.requests().isGenuine(answer, this)) {
      worker.tally().corrupted++;
      return;
    }
    step = null;
    if (asked == Step.ASK || asked == Step.ALLOCATE) {
      int at = answer.find(AttributeType.XOR_RELAYED_ADDRESS);
      relayed = at < 0 ? null : answer.xorAddressAt(at);
      if (relayed == null) {
        worker.tally().corrupted++;
        worker.drive().onFailed(this, asked, 0);
        return;
      }
      worker.drive().onDone(this, Step.ALLOCATE, System.nanoTime() - due);
      return;
    }
    if (asked == Step.FREE) {
      relayed = null;
    }
    worker.drive().onDone(this, asked, System.nanoTime() - due);
  }

  /** RFC 8489 §9.2.5: 401 and 438 bring the nonce to ask again with. */
  private void onError(Message answer, Step asked, int code) {
    boolean isChallenge = code == ErrorCode.UNAUTHORIZED.code() && asked == Step.ASK;
    boolean isStale = code == ErrorCode.STALE_NONCE.code() && stale++ < STALE_MAX;
    int nonceAt = answer.find(AttributeType.NONCE);
    int realmAt = answer.find(AttributeType.REALM);
    if ((isChallenge || isStale) && nonceAt >= 0 && realmAt >= 0) {
      nonce = answer.valueBytes(nonceAt);
      realm = answer.textAt(realmAt);
      if (isChallenge) {
        long now = System.nanoTime();
        worker.drive().onDone(this, Step.ASK, now - due);
        due = now;
      }
      goOn(isChallenge ? Step.ALLOCATE : asked);
      return;
    }
    step = null;
    worker.tally().refused(code);
    worker.drive().onFailed(this, asked, code);
  }

  private static <T> T required(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("asked for before it was there");
    }
    return value;
  }
}
