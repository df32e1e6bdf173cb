package puente.chaos.restart;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import puente.net.Addresses;
import puente.stun.AttributeType;
import puente.stun.Integrity;
import puente.stun.IntegrityKey;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.MessageText;
import puente.stun.Method;
import puente.stun.PasswordAlgorithm;

/**
 * One client with a long-term credential, one allocation, one channel and its peer. Both sockets are
 * connected: the kernel tells them of ports that are closed, and lets nothing in from elsewhere, so
 * that a packet at the peer has come from the relayed address.
 */
final class Flow implements AutoCloseable {
  static final int CHANNEL = 0x4000;
  static final String USER = "user";
  static final String PASSWORD = "pass";
  static final String REALM = "puente.test";

  private static final int UDP = 17 << 24;

  final Way toPeer;
  final Way toClient;
  final DatagramChannel client;
  final DatagramChannel peer;
  int icmp;

  /** The answer to the last request; null while it is awaited. */
  @Nullable Message answer;

  private final Integrity integrity;
  private final IntegrityKey key =
      IntegrityKey.longTerm(PasswordAlgorithm.MD5, USER, REALM, PASSWORD);
  private final InetSocketAddress peerAddress;
  private final int family;
  private byte[] nonce = {};
  private byte[] transaction = {};
  private byte[] request = {};

  Flow(InetSocketAddress server, InetAddress own, Selector selector, Integrity integrity)
      throws IOException {
    this.integrity = integrity;
    client = open(own, selector);
    client.connect(server);
    peer = open(own, selector);
    peerAddress = (InetSocketAddress) peer.getLocalAddress();
    family = (own instanceof Inet6Address ? 2 : 1) << 24;
    toPeer = new Way(client, CHANNEL);
    toClient = new Way(peer, 0);
  }

  private DatagramChannel open(InetAddress own, Selector selector) throws IOException {
    DatagramChannel channel = DatagramChannel.open();
    channel.setOption(StandardSocketOptions.SO_RCVBUF, 1 << 18);
    channel.bind(new InetSocketAddress(own, 0));
    channel.configureBlocking(false);
    channel.register(selector, SelectionKey.OP_READ, this);
    return channel;
  }

  void ask(Method method) {
    ask(method, -1);
  }

  /**
   * @param lifetime in seconds, less than 0 for what the server gives
   */
  void ask(Method method, int lifetime) {
    transaction = new byte[Message.TRANSACTION_ID_LENGTH];
    ThreadLocalRandom.current().nextBytes(transaction);
    MessageBuilder message =
        new MessageBuilder().message(MessageClass.REQUEST, method, transaction);
    switch (method) {
      case ALLOCATE ->
          message
              .i32(AttributeType.REQUESTED_TRANSPORT, UDP)
              .i32(AttributeType.REQUESTED_ADDRESS_FAMILY, family);
      case CHANNEL_BIND ->
          message
              .i32(AttributeType.CHANNEL_NUMBER, CHANNEL << 16)
              .xorAddress(AttributeType.XOR_PEER_ADDRESS, Addresses.of(peerAddress));
      default -> {}
    }
    if (lifetime >= 0) {
      message.i32(AttributeType.LIFETIME, lifetime);
    }
    if (nonce.length > 0) {
      message
          .bytes(AttributeType.USERNAME, USER.getBytes(StandardCharsets.UTF_8))
          .bytes(AttributeType.REALM, REALM.getBytes(StandardCharsets.UTF_8))
          .bytes(AttributeType.NONCE, nonce)
          .integrity(integrity.hmacSha1(key));
    }
    request = Arrays.copyOf(message.bytes(), message.length());
    answer = null;
    askAgain();
  }

  void askAgain() {
    write(client, ByteBuffer.wrap(request));
  }

  boolean succeeded() {
    Message heard = answer;
    return heard != null && heard.messageClass() == MessageClass.SUCCESS;
  }

  /** Takes the nonce of a 401. */
  void learnNonce() {
    Message heard = answer;
    if (heard == null || !heard.has(AttributeType.NONCE)) {
      throw new AssertionError("no nonce: " + (heard == null ? "" : MessageText.of(heard)));
    }
    nonce = heard.valueBytes(heard.find(AttributeType.NONCE));
  }

  /** Lets the peer talk to the relayed address that the server just gave, and to no other. */
  void connectPeer() throws IOException {
    peer.disconnect();
    Message heard = answer;
    if (!succeeded() || heard == null) {
      throw new AssertionError("no allocation: " + (heard == null ? "" : MessageText.of(heard)));
    }
    int at = heard.find(AttributeType.XOR_RELAYED_ADDRESS);
    peer.connect(Addresses.of(Objects.requireNonNull(heard.xorAddressAt(at))));
  }

  void write(DatagramChannel channel, ByteBuffer packet) {
    try {
      channel.write(packet);
    } catch (PortUnreachableException error) {
      icmp++;
    } catch (IOException error) {
      throw new AssertionError("the load cannot be sent", error);
    }
  }

  /** Takes what one of the two sockets has. */
  void read(DatagramChannel channel, ByteBuffer buffer) {
    while (true) {
      try {
        int length = channel.read(buffer.clear());
        if (length <= 0) {
          return;
        }
        buffer.flip();
        accept(channel, buffer);
      } catch (PortUnreachableException error) {
        icmp++;
      } catch (IOException error) {
        throw new AssertionError("the load cannot be received", error);
      }
    }
  }

  private void accept(DatagramChannel channel, ByteBuffer packet) {
    if (channel == peer) {
      toPeer.arrived(packet);
    } else if ((packet.get(0) & 0xc0) == 0x40) {
      packet.position(4);
      toClient.arrived(packet);
    } else {
      byte[] bytes = new byte[packet.remaining()];
      packet.get(bytes);
      Message message = new Message();
      message.parse(bytes, bytes.length);
      if (message.hasTransactionId(transaction)) {
        answer = message;
      }
    }
  }

  @Override
  public void close() throws IOException {
    client.close();
    peer.close();
  }

  /** One direction. */
  final class Way {
    private static final int SIZE = 160;

    private final DatagramChannel from;
    private final ByteBuffer packet;
    private final int payloadAt;
    private int sent;
    private int firstCounted;
    private final BitSet seen = new BitSet();
    private int twice;
    private long lastNanos;
    private long gapNanos;

    Way(DatagramChannel from, int channel) {
      this.from = from;
      payloadAt = channel == 0 ? 0 : 4;
      packet = ByteBuffer.allocate(payloadAt + SIZE);
      if (channel != 0) {
        packet.putShort((short) channel).putShort((short) SIZE);
      }
    }

    void send() {
      packet.putInt(payloadAt, sent++);
      write(from, packet.rewind());
    }

    void arrived(ByteBuffer payload) {
      long now = System.nanoTime();
      gapNanos = Math.max(gapNanos, now - lastNanos);
      lastNanos = now;
      int number = payload.getInt(payload.position()) - firstCounted;
      if (number >= 0) {
        twice += seen.get(number) ? 1 : 0;
        seen.set(number);
      }
    }

    /** Counts from here. */
    void mark() {
      firstCounted = sent;
      seen.clear();
      twice = 0;
      gapNanos = 0;
    }

    /** A gap begins here, whenever the last packet came. */
    void gapFrom(long nanos) {
      lastNanos = nanos;
      gapNanos = 0;
    }

    boolean arrivedSince(long nanos) {
      return lastNanos > nanos;
    }

    int lost() {
      return sent - firstCounted - seen.cardinality();
    }

    int twice() {
      return twice;
    }

    long gapMs() {
      return gapNanos / 1_000_000;
    }
  }
}
