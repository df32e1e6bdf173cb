package puente.turn.relay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.net.EventLoops;
import puente.net.EventLoops.UdpIo;
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

/** Two nodes over loopback: a client whose packets suddenly arrive at the other one. */
@NullUnmarked
@Timeout(60)
class ForwardTest {

  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f000001, 0);
  private static final String SECRET = "sixteen letters!";
  private static final int CHANNEL = 0x4000;

  private final Node one = new Node();
  private final Node two = new Node();
  private DatagramSocket client;
  private DatagramSocket peer;

  /** A node with its link. */
  private static final class Node {
    final EventLoops loops = EventLoops.open(2, UdpIo.AUTO, true);
    final TurnNode turn;
    final ForwardLink link;

    Node() {
      TurnConfig config =
          TurnConfig.builder()
              .noAuth()
              .relayAddresses(new RelayAddress(LOOPBACK))
              .peers(PeerPolicy.SAFE.withLoopback(true))
              .build();
      List<TurnNode.Listen> listen = List.of(new TurnNode.Listen(Transport.UDP, LOOPBACK));
      TurnNode.Options options =
          new TurnNode.Options(listen, config, BindingConfig.PLAIN, StreamLimits.DEFAULT);
      try {
        turn = TurnNode.start(loops, options, new LocalStore(LocalStore.Quotas.NONE));
        link = turn.forward(LOOPBACK, SECRET);
      } catch (BindFailure failure) {
        throw new AssertionError(failure);
      }
    }

    TransportAddress door() {
      return turn.endpoints().getFirst().local();
    }

    int allocations() {
      return turn.sessions().count().toCompletableFuture().join();
    }

    void close() {
      link.close();
      turn.stop().toCompletableFuture().join();
      loops.close().toCompletableFuture().join();
    }
  }

  @BeforeEach
  void open() throws IOException {
    one.link.peers(List.of(two.link.local()));
    two.link.peers(List.of(one.link.local()));
    client = socket();
    peer = socket();
  }

  @AfterEach
  void close() {
    client.close();
    peer.close();
    one.close();
    two.close();
  }

  /** RFC 8656 §12.6, §12.7: ChannelData by another node, both ways, and back to the first one. */
  @Test
  void theAllocationIsReachedByTheOtherNode() throws IOException {
    allocateAndBind();
    for (int i = 0; i < 20; i++) {
      byte[] payload = ("by the other " + i).getBytes();
      send(client, two.door(), channelData(payload));
      DatagramPacket atPeer = receive(peer);
      assertArrayEquals(payload, bytes(atPeer));
      peer.send(new DatagramPacket(payload, payload.length, atPeer.getSocketAddress()));
      DatagramPacket back = receive(client);
      assertArrayEquals(channelData(payload), bytes(back));
      assertEquals(Addresses.of(two.door()), back.getSocketAddress());
    }
    assertEquals(0, two.allocations());
    byte[] payload = "by the first again".getBytes();
    send(client, one.door(), channelData(payload));
    DatagramPacket atPeer = receive(peer);
    peer.send(new DatagramPacket(payload, payload.length, atPeer.getSocketAddress()));
    assertEquals(Addresses.of(one.door()), receive(client).getSocketAddress());
  }

  /** RFC 8656 §8: a Refresh by another node is answered by that node's address. */
  @Test
  void refreshesAreAnsweredThere() throws IOException {
    allocateAndBind();
    Message answer = exchange(two, request(Method.REFRESH, 7).i32(AttributeType.LIFETIME, 600));
    assertEquals(MessageClass.SUCCESS, answer.messageClass());
    answer = exchange(two, request(Method.REFRESH, 8).i32(AttributeType.LIFETIME, 0));
    assertEquals(MessageClass.SUCCESS, answer.messageClass());
    assertEquals(0, one.allocations());
  }

  /** RFC 8656 §5: who has no allocation anywhere learns it, by a retransmission at the latest. */
  @Test
  void strangersAreRefusedAfterAMoment() throws IOException {
    MessageBuilder refresh = request(Method.REFRESH, 9).i32(AttributeType.LIFETIME, 600);
    client.setSoTimeout(200);
    byte[] bytes = Arrays.copyOf(refresh.bytes(), refresh.length());
    DatagramPacket answer = null;
    for (int i = 0; i < 50 && answer == null; i++) {
      send(client, two.door(), bytes);
      try {
        answer = receive(client);
      } catch (SocketTimeoutException again) {
        // RFC 8489 §6.2.1: as clients do.
      }
    }
    assertNotNull(answer);
    assertEquals(MessageClass.ERROR, parse(bytes(answer)).messageClass());
  }

  /** While the other nodes are asked, nothing of what the client sends is lost or overtaken. */
  @Test
  void aBurstArrivesWholeAndInOrder() throws IOException {
    allocateAndBind();
    int burst = 100;
    for (int i = 0; i < burst; i++) {
      send(client, two.door(), channelData(new byte[] {(byte) i}));
    }
    for (int i = 0; i < burst; i++) {
      assertEquals(i, bytes(receive(peer))[0] & 0xff);
    }
    assertEquals(0, two.link.count(ForwardLink.Fact.HELD_FULL));
    assertEquals(burst, two.link.count(ForwardLink.Fact.UP));
    assertEquals(1, two.link.count(ForwardLink.Fact.OFFER));
  }

  /** The node that had the allocation says that it is over: the others are asked anew, at once. */
  @Test
  void aRouteEndsWithTheAllocation() throws IOException {
    allocateAndBind();
    send(client, two.door(), channelData("first".getBytes()));
    assertArrayEquals("first".getBytes(), bytes(receive(peer)));
    exchange(one, request(Method.REFRESH, 5).i32(AttributeType.LIFETIME, 0));
    exchange(one, request(Method.ALLOCATE, 6).i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24));
    exchange(one, request(Method.REFRESH, 7).i32(AttributeType.LIFETIME, 0));
    long offers = two.link.count(ForwardLink.Fact.OFFER);
    client.setSoTimeout(100);
    for (int i = 0; i < 100 && two.link.count(ForwardLink.Fact.OFFER) == offers; i++) {
      send(client, two.door(), channelData("nobody's".getBytes()));
      try {
        receive(client);
      } catch (SocketTimeoutException silence) {
        // ChannelData is never answered.
      }
    }
    assertTrue(two.link.count(ForwardLink.Fact.OFFER) > offers);
  }

  @Test
  void packetsAreHeldForATimeAndInANumber() {
    HeldPackets held = new HeldPackets();
    TransportAddress ana = TransportAddress.ipv4(1, 1);
    TransportAddress eva = TransportAddress.ipv4(2, 2);
    assertTrue(held.add(ana, 0, new byte[] {1}, 100));
    assertTrue(held.add(eva, 0, new byte[] {2}, 200));
    assertTrue(held.add(ana, 0, new byte[] {3}, 200));
    assertTrue(held.add(ana, 1, new byte[] {4}, 200));
    assertEquals(1, held.expire(100));
    List<byte[]> taken = held.take(ana, 0);
    assertEquals(1, taken.size());
    assertEquals(3, taken.getFirst()[0]);
    assertEquals(0, held.take(ana, 0).size());
    int many = 2;
    while (held.add(eva, 0, new byte[10], 300)) {
      many++;
    }
    assertEquals(HeldPackets.PACKETS_MAX, many);
    assertEquals(HeldPackets.PACKETS_MAX, held.expire(300));
    assertTrue(held.add(eva, 0, new byte[HeldPackets.BYTES_MAX], 300));
    assertTrue(!held.add(eva, 0, new byte[1], 300));
  }

  @Test
  void newClientsAreServedWhereTheyCome() throws IOException {
    Message answer =
        exchange(two, request(Method.ALLOCATE, 1).i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24));
    assertEquals(MessageClass.SUCCESS, answer.messageClass());
    assertEquals(1, two.allocations());
  }

  @Test
  void aSealedDatagramCountsOnce() {
    ForwardSeal sender = new ForwardSeal(SECRET, new Random(1));
    ForwardSeal receiver = new ForwardSeal(SECRET, new Random(2));
    byte[] records = "records".getBytes();
    byte[] first = sender.seal(records, records.length, 1000);
    byte[] second = sender.seal(records, records.length, 1000);
    assertTrue(receiver.open(ByteBuffer.wrap(second), 1000).isPresent());
    assertTrue(receiver.open(ByteBuffer.wrap(first), 1000).isPresent());
    assertTrue(receiver.open(ByteBuffer.wrap(first), 1000).isEmpty());
    assertTrue(receiver.open(ByteBuffer.wrap(second), 1000).isEmpty());
    ByteBuffer opened =
        receiver.open(ByteBuffer.wrap(sender.seal(records, records.length, 1000)), 1000).get();
    byte[] text = new byte[opened.remaining()];
    opened.get(text);
    assertArrayEquals(records, text);
  }

  @Test
  void whatIsForgedOrOldIsRefused() {
    ForwardSeal sender = new ForwardSeal(SECRET, new Random(1));
    ForwardSeal receiver = new ForwardSeal(SECRET, new Random(2));
    byte[] sealed = sender.seal(new byte[50], 50, 1000);
    for (int i = 0; i < sealed.length; i++) {
      byte[] broken = sealed.clone();
      broken[i] ^= 1;
      assertTrue(receiver.open(ByteBuffer.wrap(broken), 1000).isEmpty(), "byte " + i);
    }
    long late = 1000 + ForwardSeal.SKEW_MS + 1;
    assertTrue(receiver.open(ByteBuffer.wrap(sealed), late).isEmpty());
    ForwardSeal stranger = new ForwardSeal("another secret!!", new Random(3));
    assertTrue(stranger.open(ByteBuffer.wrap(sealed), 1000).isEmpty());
    assertTrue(receiver.open(ByteBuffer.wrap(new byte[10]), 1000).isEmpty());
    assertTrue(receiver.open(ByteBuffer.wrap(sealed), 1000).isPresent());
  }

  private void allocateAndBind() throws IOException {
    Message allocated =
        exchange(one, request(Method.ALLOCATE, 1).i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24));
    assertEquals(MessageClass.SUCCESS, allocated.messageClass());
    Message bound =
        exchange(
            one,
            request(Method.CHANNEL_BIND, 2)
                .i32(AttributeType.CHANNEL_NUMBER, CHANNEL << 16)
                .xorAddress(
                    AttributeType.XOR_PEER_ADDRESS,
                    Addresses.of((InetSocketAddress) peer.getLocalSocketAddress())));
    assertEquals(MessageClass.SUCCESS, bound.messageClass());
  }

  private Message exchange(Node node, MessageBuilder request) throws IOException {
    byte[] asked = Arrays.copyOf(request.bytes(), request.length());
    byte[] transaction = Arrays.copyOfRange(asked, 8, 20);
    client.setSoTimeout(500);
    try {
      // RFC 8489 §6.2.1: what is not answered is sent again.
      for (int i = 0; i < 20; i++) {
        send(client, node.door(), asked);
        try {
          DatagramPacket answer = receive(client);
          Message message = parse(bytes(answer));
          if (message.hasTransactionId(transaction)) {
            assertEquals(Addresses.of(node.door()), answer.getSocketAddress());
            return message;
          }
        } catch (SocketTimeoutException again) {
          continue;
        }
      }
      throw new AssertionError("no answer");
    } finally {
      client.setSoTimeout(10_000);
    }
  }

  private static MessageBuilder request(Method method, int transaction) {
    byte[] id = new byte[12];
    id[11] = (byte) transaction;
    return new MessageBuilder(500).message(MessageClass.REQUEST, method, id);
  }

  private static Message parse(byte[] bytes) {
    Message message = new Message();
    assertEquals(Message.Shape.WELL_FORMED, message.parse(bytes, bytes.length));
    return message;
  }

  private static byte[] channelData(byte[] payload) {
    return ByteBuffer.allocate(4 + payload.length)
        .putInt(CHANNEL << 16 | payload.length)
        .put(payload)
        .array();
  }

  private static DatagramSocket socket() throws IOException {
    DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static void send(DatagramSocket from, TransportAddress to, byte[] bytes)
      throws IOException {
    from.send(new DatagramPacket(bytes, bytes.length, Addresses.of(to)));
  }

  private static DatagramPacket receive(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
    socket.receive(packet);
    return packet;
  }

  private static byte[] bytes(DatagramPacket packet) {
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }
}
