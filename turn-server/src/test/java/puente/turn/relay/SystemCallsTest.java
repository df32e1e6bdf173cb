package puente.turn.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.net.DatagramCounters.Fact;
import puente.net.Datagrams;
import puente.net.Datagrams.Role;
import puente.net.EventLoops;
import puente.net.EventLoops.UdpIo;
import puente.net.UdpSocket;
import puente.stun.AttributeType;
import puente.stun.BindingConfig;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.PeerPolicy;
import puente.turn.RelayAddress;
import puente.turn.TurnConfig;
import puente.turn.store.LocalStore;

/**
 * What a relayed packet costs in system calls, counted and not timed: nearly all of a relay's time
 * is the kernel's (docs/DATA-PLANE.md).
 */
@Timeout(120)
class SystemCallsTest {

  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f000001, 0);
  private static final int PATIENCE_S = 60;
  private static final int CHANNEL = 0x4000;
  private static final int PAYLOAD = 1200;

  private final EventLoops loops = EventLoops.open(1, UdpIo.AUTO, true);
  private final EventLoops others = EventLoops.open(1, UdpIo.AUTO, true);
  private final TurnNode node = start();

  @AfterEach
  void stop() {
    node.stop().toCompletableFuture().join();
    loops.close().toCompletableFuture().join();
    others.close().toCompletableFuture().join();
  }

  /** One by one, a packet costs one call to get it and one to send it, each way, and no more. */
  @Test
  void aSinglePacketCostsTwoCalls() throws Exception {
    Assumptions.assumeTrue(EventLoops.canBeFast());
    int packets = 200;
    try (DatagramSocket client = socket();
        DatagramSocket peer = socket()) {
      TransportAddress relayed = allocate(client);
      bindChannel(client, peer.getLocalPort());
      long[] before = counts();
      for (int i = 0; i < packets; i++) {
        send(client, server(), channelData());
        receive(peer);
        send(peer, Addresses.of(relayed), new byte[PAYLOAD]);
        receive(client);
      }
      long[] more = since(before);
      assertEquals(2 * packets, more[Fact.RECEIVED.ordinal()]);
      assertEquals(2 * packets, more[Fact.SENT.ordinal()]);
      assertEquals(2 * packets, more[Fact.RECEIVE_CALLS.ordinal()]);
      assertEquals(2 * packets, more[Fact.SEND_CALLS.ordinal()]);
      assertEquals(0, more[Fact.EMPTY_RECEIVE_CALLS.ordinal()]);
    }
  }

  /** Forty packets that the kernel hands over joined go on joined: two calls for all of them. */
  @Test
  void aBurstCostsTwoCalls() throws Exception {
    Assumptions.assumeTrue(EventLoops.canBeFast());
    int burst = 40;
    CountDownLatch arrived = new CountDownLatch(burst);
    CountDownLatch answers = new CountDownLatch(2);
    UdpSocket peer = on(() -> open(Role.LISTENER, packet -> arrived.countDown()));
    UdpSocket client = on(() -> open(Role.RELAY, packet -> answers.countDown()));
    MessageBuilder allocate = request(Method.ALLOCATE);
    allocate.i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24);
    MessageBuilder bind = channelBind(peer.local());
    TransportAddress to = Addresses.of(server());
    sendMessage(client, to, allocate);
    awaitCount(answers, 1);
    sendMessage(client, to, bind);
    assertTrue(answers.await(PATIENCE_S, TimeUnit.SECONDS));
    long[] before = counts();
    byte[] frame = channelData();
    on(
        () -> {
          for (int i = 0; i < burst; i++) {
            client.send(to, 0, frame, frame.length);
          }
          return true;
        });
    assertTrue(arrived.await(PATIENCE_S, TimeUnit.SECONDS));
    long[] more = since(before);
    assertEquals(1, more[Fact.RECEIVE_CALLS.ordinal()]);
    assertEquals(burst, more[Fact.RECEIVED_SEGMENTS.ordinal()]);
    assertEquals(1, more[Fact.SEND_CALLS.ordinal()]);
    assertEquals(burst, more[Fact.SENT_SEGMENTS.ordinal()]);
  }

  private static void awaitCount(CountDownLatch latch, long left) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (latch.getCount() > left) {
      assertTrue(System.nanoTime() < deadline, "no answer");
      Thread.onSpinWait();
    }
  }

  private UdpSocket open(Role role, Datagrams.Receiver receiver) throws BindFailure {
    return others.shards().getFirst().datagrams().open(LOOPBACK, role, 0, receiver);
  }

  private <T> T on(Callable<T> action) throws Exception {
    return others.shards().getFirst().eventLoop().submit(action).get();
  }

  private void sendMessage(UdpSocket from, TransportAddress to, MessageBuilder message)
      throws Exception {
    on(
        () -> {
          from.send(to, 0, message.bytes(), message.length());
          return true;
        });
  }

  /** Read on the loop itself: it has then counted what it did. */
  private long[] counts() throws Exception {
    return loops
        .shards()
        .getFirst()
        .eventLoop()
        .submit(
            () ->
                Arrays.stream(Fact.values())
                    .mapToLong(node.datagramCounters().getFirst()::value)
                    .toArray())
        .get();
  }

  private long[] since(long[] before) throws Exception {
    long[] now = counts();
    for (int i = 0; i < now.length; i++) {
      now[i] -= before[i];
    }
    return now;
  }

  private TurnNode start() {
    TurnConfig turn =
        TurnConfig.builder()
            .noAuth()
            .relayAddresses(new RelayAddress(LOOPBACK))
            .peers(PeerPolicy.SAFE.withLoopback(true))
            .build();
    List<TurnNode.Listen> listen = List.of(new TurnNode.Listen(Transport.UDP, LOOPBACK));
    TurnNode.Options options =
        new TurnNode.Options(listen, turn, BindingConfig.PLAIN, StreamLimits.DEFAULT);
    try {
      return TurnNode.start(loops, options, new LocalStore(LocalStore.Quotas.NONE));
    } catch (BindFailure failure) {
      throw new AssertionError(failure);
    }
  }

  private InetSocketAddress server() {
    return Addresses.of(node.endpoints().getFirst().local());
  }

  private TransportAddress allocate(DatagramSocket client) throws Exception {
    MessageBuilder request = request(Method.ALLOCATE);
    send(client, server(), whole(request.i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24)));
    Message answer = new Message();
    DatagramPacket packet = receive(client);
    answer.parse(packet.getData(), packet.getLength());
    assertEquals(MessageClass.SUCCESS, answer.messageClass());
    TransportAddress relayed = answer.xorAddressAt(answer.find(AttributeType.XOR_RELAYED_ADDRESS));
    if (relayed == null) {
      throw new AssertionError("no relayed address");
    }
    return relayed;
  }

  private void bindChannel(DatagramSocket client, int peerPort) throws Exception {
    send(client, server(), whole(channelBind(LOOPBACK.withPort(peerPort))));
    receive(client);
  }

  private static MessageBuilder channelBind(TransportAddress peer) {
    return request(Method.CHANNEL_BIND)
        .i32(AttributeType.CHANNEL_NUMBER, CHANNEL << 16)
        .xorAddress(AttributeType.XOR_PEER_ADDRESS, peer);
  }

  private static MessageBuilder request(Method method) {
    byte[] transaction = new byte[12];
    transaction[0] = (byte) method.code();
    return new MessageBuilder(500).message(MessageClass.REQUEST, method, transaction);
  }

  private static byte[] whole(MessageBuilder message) {
    return Arrays.copyOf(message.bytes(), message.length());
  }

  private static byte[] channelData() {
    return ByteBuffer.allocate(4 + PAYLOAD).putInt(CHANNEL << 16 | PAYLOAD).array();
  }

  private static DatagramSocket socket() throws Exception {
    DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(PATIENCE_S));
    return socket;
  }

  private static void send(DatagramSocket from, InetSocketAddress to, byte[] bytes)
      throws Exception {
    from.send(new DatagramPacket(bytes, bytes.length, to));
  }

  private static DatagramPacket receive(DatagramSocket socket) throws Exception {
    DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
    socket.receive(packet);
    return packet;
  }
}
