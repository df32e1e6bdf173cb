package puente.turn.relay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.net.DatagramCounters.Fact;
import puente.net.DescriptorHolder;
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

/** A whole node over loopback: sockets, shards and core together. */
@Timeout(60)
class TurnNodeTest {

  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f000001, 0);
  private static final InetAddress HOST = InetAddress.getLoopbackAddress();
  private static final int PATIENCE_MS = 10_000;
  private static final int CHANNEL = 0x4000;

  private EventLoops loops = EventLoops.open(2, UdpIo.AUTO, true);
  private TurnNode node = start(loops, 0);

  @AfterEach
  void stop() {
    node.stop().toCompletableFuture().join();
    loops.close().toCompletableFuture().join();
  }

  /** RFC 8656 §12: ChannelData to the peer and back. */
  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void channelDataIsRelayedBothWays(UdpIo io) throws Exception {
    stop();
    loops = EventLoops.open(io == UdpIo.NIO ? 1 : 2, io, true);
    node = start(loops, 0);
    try (DatagramSocket client = socket();
        DatagramSocket peer = socket()) {
      TransportAddress relayed = allocate(client, endpoint(Transport.UDP));
      bindChannel(client, peer);
      for (int length : new int[] {0, 1, 160, 1200, 9000, 60_000}) {
        byte[] payload = payload(length);
        send(client, endpoint(Transport.UDP), channelData(payload));
        DatagramPacket atPeer = receive(peer);
        assertArrayEquals(payload, bytes(atPeer));
        assertEquals(Addresses.of(relayed), atPeer.getSocketAddress());
        send(peer, relayed, payload);
        assertArrayEquals(channelData(payload), bytes(receive(client)));
      }
    }
  }

  /** RFC 8656 §15, §16, §12.5: on streams with padding. */
  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void aTcpClientIsRelayedToo(UdpIo io) throws Exception {
    stop();
    loops = EventLoops.open(io == UdpIo.NIO ? 1 : 2, io, true);
    node = start(loops, 0);
    try (Socket client = new Socket();
        DatagramSocket peer = socket()) {
      client.setSoTimeout(PATIENCE_MS);
      client.connect(Addresses.of(endpoint(Transport.TCP)));
      client.getOutputStream().write(allocateRequest());
      Message allocated = readMessage(client);
      assertEquals(MessageClass.SUCCESS, allocated.messageClass());
      TransportAddress relayed =
          allocated.xorAddressAt(allocated.find(AttributeType.XOR_RELAYED_ADDRESS));
      client.getOutputStream().write(channelBindRequest(peer));
      assertEquals(MessageClass.SUCCESS, readMessage(client).messageClass());
      byte[] payload = payload(13);
      client.getOutputStream().write(Arrays.copyOf(channelData(payload), 4 + 16));
      assertArrayEquals(payload, bytes(receive(peer)));
      send(peer, notNull(relayed), payload);
      byte[] back = new byte[4 + 16];
      new DataInputStream(client.getInputStream()).readFully(back);
      assertArrayEquals(Arrays.copyOf(channelData(payload), 4 + 16), back);
    }
  }

  /** A relayed packet makes no garbage, from the kernel to the kernel. */
  @Test
  void relayingMakesNoGarbage() throws Exception {
    try (DatagramSocket client = socket();
        DatagramSocket peer = socket()) {
      allocate(client, endpoint(Transport.UDP));
      bindChannel(client, peer);
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long[] loopThreads = new long[loops.shards().size()];
      for (int i = 0; i < loopThreads.length; i++) {
        loopThreads[i] =
            loops.shards().get(i).eventLoop().submit(() -> Thread.currentThread().threadId()).get();
      }
      byte[] data = channelData(payload(160));
      int rounds = 30_000;
      long least = Long.MAX_VALUE;
      for (int attempt = 0; attempt < 6 && least >= 80; attempt++) {
        long before = allocated(threads, loopThreads);
        for (int i = 0; i < rounds; i++) {
          send(client, endpoint(Transport.UDP), data);
          receive(peer);
        }
        least = Math.min(least, (allocated(threads, loopThreads) - before) / rounds);
      }
      // One wake-up of the loop for each packet here: what the loop itself makes for that, and a
      // view
      // of 32 bytes for each of two system calls where the compiler has not inlined those.
      assertTrue(least < 80, least + " bytes of garbage for a relayed packet");
    }
  }

  @Test
  void aPortThatAnotherServerHasIsRefused() {
    int taken = endpoint(Transport.UDP).port();
    EventLoops more = EventLoops.open(1, UdpIo.AUTO, true);
    try {
      BindFailure failure = assertThrows(BindFailure.class, () -> startOn(more, taken));
      assertEquals(BindFailure.Cause.IN_USE, failure.reason());
    } finally {
      more.close().toCompletableFuture().join();
    }
  }

  /** RFC 8656 §8.2: lifetime 0 gives the relay's port back at once. */
  @Test
  void aDeletedAllocationClosesItsSocket() throws Exception {
    try (DatagramSocket client = socket()) {
      TransportAddress relayed = allocate(client, endpoint(Transport.UDP));
      MessageBuilder refresh = request(Method.REFRESH).i32(AttributeType.LIFETIME, 0);
      assertEquals(
          MessageClass.SUCCESS, exchange(client, endpoint(Transport.UDP), refresh).messageClass());
      try (DatagramSocket again = new DatagramSocket(Addresses.of(relayed))) {
        assertEquals(relayed.port(), again.getLocalPort());
      }
      assertEquals(0, node.datagramCounters().stream().mapToLong(c -> c.value(Fact.DEFECTS)).sum());
    }
  }

  /** Who came by a listener that is taken out may stay for a while, and then it closes. */
  @Test
  void whatIsLeftOfAListenerEnds() throws Exception {
    try (DatagramSocket client = socket();
        Socket stream = new Socket()) {
      TransportAddress open = endpoint(Transport.UDP);
      stream.setSoTimeout(PATIENCE_MS);
      stream.connect(Addresses.of(endpoint(Transport.TCP)));
      stream.getOutputStream().write(allocateRequest());
      assertEquals(MessageClass.SUCCESS, readMessage(stream).messageClass());
      allocate(client, open);
      node.listen(List.of(), List.of(), 0);
      assertEquals(List.of(), node.endpoints());
      assertEquals(-1, stream.getInputStream().read());
      while (!node.addresses().isEmpty()) {
        LockSupport.parkNanos(10_000_000);
      }
      assertEquals(0, node.sessions().count().toCompletableFuture().join());
      new DatagramSocket(Addresses.of(open)).close();
    }
  }

  /** A listener that comes back before the last client has gone is the one that was there. */
  @Test
  void aListenerComesBack() throws Exception {
    try (DatagramSocket client = socket();
        DatagramSocket other = socket()) {
      TransportAddress open = endpoint(Transport.UDP);
      allocate(client, open);
      node.listen(List.of(), List.of(), PATIENCE_MS * 1000L);
      MessageBuilder refresh = request(Method.REFRESH).i32(AttributeType.LIFETIME, 600);
      assertEquals(MessageClass.SUCCESS, exchange(client, open, refresh).messageClass());
      // What it was asked for first: any port.
      node.listen(List.of(new TurnNode.Listen(Transport.UDP, LOOPBACK)), List.of(), 0);
      allocate(other, open);
      assertEquals(MessageClass.SUCCESS, exchange(client, open, refresh).messageClass());
    }
  }

  /** Three on one port: each peer's packets reach whose they are, and a port more is opened. */
  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void allocationsShareAPort(UdpIo io) throws Exception {
    stop();
    loops = EventLoops.open(1, io, true);
    node = startOn(loops, 0, 1);
    try (DatagramSocket ana = socket();
        DatagramSocket eva = socket();
        DatagramSocket leo = socket();
        DatagramSocket peer = socket();
        DatagramSocket other = socket()) {
      TransportAddress shared = allocate(ana, endpoint(Transport.UDP));
      assertEquals(shared, allocate(eva, endpoint(Transport.UDP)));
      assertEquals(shared, allocate(leo, endpoint(Transport.UDP)));
      bindChannel(ana, peer);
      bindChannel(eva, other);
      bindChannel(leo, peer);
      relaysBothWays(ana, peer, 1100);
      assertEquals(shared, relaysBothWays(eva, other, 1101));
      TransportAddress own = relaysBothWays(leo, peer, 1102);
      assertTrue(own.port() != shared.port(), "a port of its own");
      assertEquals(shared, relaysBothWays(ana, peer, 1103));
      MessageBuilder refresh = request(Method.REFRESH).i32(AttributeType.LIFETIME, 0);
      for (DatagramSocket client : List.of(ana, eva, leo)) {
        exchange(client, endpoint(Transport.UDP), refresh);
      }
      assertThrows(IOException.class, () -> new DatagramSocket(Addresses.of(shared)).close());
      assertEquals(shared, allocate(other, endpoint(Transport.UDP)));
      assertEquals(0, node.datagramCounters().stream().mapToLong(c -> c.value(Fact.DEFECTS)).sum());
    }
  }

  /** By what address the peer saw it. */
  private TransportAddress relaysBothWays(DatagramSocket client, DatagramSocket peer, int length)
      throws IOException {
    byte[] payload = payload(length);
    send(client, endpoint(Transport.UDP), channelData(payload));
    DatagramPacket atPeer = receive(peer);
    assertArrayEquals(payload, bytes(atPeer));
    TransportAddress from = Addresses.of((InetSocketAddress) atPeer.getSocketAddress());
    send(peer, from, payload);
    assertArrayEquals(channelData(payload), bytes(receive(client)));
    return from;
  }

  /** RFC 8656 §7.2: a port that another process holds could not be opened for who claims it. */
  @Test
  void aReservedPortIsHeldByNobodyUntilItIsClaimed() throws Exception {
    stop();
    Keys held = new Keys();
    loops = EventLoops.open(2, UdpIo.AUTO, true, 1 << 20, held);
    node = start(loops, 0);
    try (DatagramSocket first = socket();
        DatagramSocket second = socket()) {
      MessageBuilder reserving =
          request(Method.ALLOCATE)
              .i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24)
              .bytes(AttributeType.EVEN_PORT, new byte[] {(byte) 0x80});
      Message reserved = exchange(first, endpoint(Transport.UDP), reserving);
      TransportAddress even =
          notNull(reserved.xorAddressAt(reserved.find(AttributeType.XOR_RELAYED_ADDRESS)));
      String next = DescriptorHolder.relayKey(even.withPort(even.port() + 1));
      assertTrue(held.keys.contains(DescriptorHolder.relayKey(even)), held.keys::toString);
      assertFalse(held.keys.contains(next), held.keys::toString);
      byte[] token = reserved.valueBytes(reserved.find(AttributeType.RESERVATION_TOKEN));
      MessageBuilder claiming =
          request(Method.ALLOCATE)
              .i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24)
              .bytes(AttributeType.RESERVATION_TOKEN, token);
      Message claimed = exchange(second, endpoint(Transport.UDP), claiming);
      assertEquals(MessageClass.SUCCESS, claimed.messageClass());
      assertTrue(held.keys.contains(next), held.keys::toString);
    }
  }

  /** Holds nothing, and remembers what it was asked to hold. */
  private static final class Keys extends DescriptorHolder.Nobody {
    private final Set<String> keys = ConcurrentHashMap.newKeySet();

    @Override
    public void hold(String key, int descriptor) {
      keys.add(key);
    }
  }

  private static long allocated(ThreadMXBean threads, long[] ids) {
    long sum = 0;
    for (long id : ids) {
      sum += threads.getThreadAllocatedBytes(id);
    }
    return sum;
  }

  private static TurnNode start(EventLoops loops, int port) {
    try {
      return startOn(loops, port);
    } catch (BindFailure failure) {
      throw new AssertionError(failure);
    }
  }

  private static TurnNode startOn(EventLoops loops, int port) throws BindFailure {
    return startOn(loops, port, 0);
  }

  private static TurnNode startOn(EventLoops loops, int port, int sharedPorts) throws BindFailure {
    TurnConfig turn =
        TurnConfig.builder()
            .noAuth()
            .relayAddresses(new RelayAddress(LOOPBACK))
            .sharedPorts(sharedPorts)
            .peers(PeerPolicy.SAFE.withLoopback(true))
            .build();
    List<TurnNode.Listen> listen =
        List.of(
            new TurnNode.Listen(Transport.UDP, LOOPBACK.withPort(port)),
            new TurnNode.Listen(Transport.TCP, LOOPBACK.withPort(port)));
    TurnNode.Options options =
        new TurnNode.Options(listen, turn, BindingConfig.PLAIN, StreamLimits.DEFAULT);
    return TurnNode.start(loops, options, new LocalStore(LocalStore.Quotas.NONE));
  }

  private TransportAddress endpoint(Transport transport) {
    return node.endpoints().stream()
        .filter(endpoint -> endpoint.transport() == transport)
        .findFirst()
        .orElseThrow()
        .local();
  }

  private TransportAddress allocate(DatagramSocket client, TransportAddress server)
      throws IOException {
    send(client, server, allocateRequest());
    Message answer = parse(bytes(receive(client)));
    assertEquals(MessageClass.SUCCESS, answer.messageClass());
    return notNull(answer.xorAddressAt(answer.find(AttributeType.XOR_RELAYED_ADDRESS)));
  }

  private void bindChannel(DatagramSocket client, DatagramSocket peer) throws IOException {
    send(client, endpoint(Transport.UDP), channelBindRequest(peer));
    assertEquals(MessageClass.SUCCESS, parse(bytes(receive(client))).messageClass());
  }

  private static byte[] allocateRequest() {
    return whole(request(Method.ALLOCATE).i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24));
  }

  private static byte[] channelBindRequest(DatagramSocket peer) {
    return whole(
        request(Method.CHANNEL_BIND)
            .i32(AttributeType.CHANNEL_NUMBER, CHANNEL << 16)
            .xorAddress(
                AttributeType.XOR_PEER_ADDRESS,
                Addresses.of((InetSocketAddress) peer.getLocalSocketAddress())));
  }

  private static MessageBuilder request(Method method) {
    return new MessageBuilder(500).message(MessageClass.REQUEST, method, new byte[12]);
  }

  private static byte[] whole(MessageBuilder message) {
    return Arrays.copyOf(message.bytes(), message.length());
  }

  private Message exchange(DatagramSocket client, TransportAddress server, MessageBuilder request)
      throws IOException {
    send(client, server, whole(request));
    return parse(bytes(receive(client)));
  }

  private static Message parse(byte[] bytes) {
    Message message = new Message();
    assertEquals(Message.Shape.WELL_FORMED, message.parse(bytes, bytes.length));
    return message;
  }

  private static Message readMessage(Socket client) throws IOException {
    DataInputStream in = new DataInputStream(client.getInputStream());
    byte[] header = new byte[20];
    in.readFully(header);
    byte[] all = Arrays.copyOf(header, 20 + ByteBuffer.wrap(header).getShort(2));
    in.readFully(all, 20, all.length - 20);
    return parse(all);
  }

  private static byte[] payload(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + length);
    }
    return bytes;
  }

  private static byte[] channelData(byte[] payload) {
    return ByteBuffer.allocate(4 + payload.length)
        .putInt(CHANNEL << 16 | payload.length)
        .put(payload)
        .array();
  }

  private static DatagramSocket socket() throws IOException {
    DatagramSocket socket = new DatagramSocket(0, HOST);
    socket.setSoTimeout(PATIENCE_MS);
    return socket;
  }

  private static void send(DatagramSocket from, TransportAddress to, byte[] bytes)
      throws IOException {
    from.send(new DatagramPacket(bytes, bytes.length, Addresses.of(to)));
  }

  private static DatagramPacket receive(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
    socket.receive(packet);
    return packet;
  }

  private static byte[] bytes(DatagramPacket packet) {
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }

  private static <T> T notNull(@org.jspecify.annotations.Nullable T value) {
    assertNotNull(value);
    if (value == null) {
      throw new AssertionError("null");
    }
    return value;
  }
}
