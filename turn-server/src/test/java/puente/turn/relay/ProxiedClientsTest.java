package puente.turn.relay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.net.EventLoops;
import puente.net.EventLoops.UdpIo;
import puente.stun.AddressRange;
import puente.stun.AttributeType;
import puente.stun.BindingConfig;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Counter;
import puente.turn.PeerPolicy;
import puente.turn.RelayAddress;
import puente.turn.TurnConfig;
import puente.turn.store.LocalStore;

/** UDP clients behind a proxy that says by the PROXY protocol, version 2, who they are. */
@NullUnmarked
@Timeout(120)
class ProxiedClientsTest {
  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f000001, 0);
  private static final TransportAddress ANA = TransportAddress.ipv4(0xcb007109, 8000);
  private static final TransportAddress EVA = TransportAddress.ipv6(0x20010db800000000L, 1, 9000);
  private static final int PATIENCE_MS = 60_000;
  private static final int CHANNEL = 0x4000;
  private static final List<AddressRange> PROXIES = List.of(AddressRange.parse("127.0.0.2"));

  private EventLoops loops = EventLoops.open(1, UdpIo.AUTO, true);
  private TurnNode node = start();
  private int transactions;

  @AfterEach
  void stop() {
    node.stop().toCompletableFuture().join();
    loops.close().toCompletableFuture().join();
  }

  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void aProxysClientsAreTheirOwn(UdpIo io) throws Exception {
    stop();
    loops = EventLoops.open(1, io, true);
    node = start();
    try (DatagramSocket proxy = socket("127.0.0.2");
        DatagramSocket peer = socket("127.0.0.1")) {
      TransportAddress anas = allocate(proxy, ANA);
      TransportAddress evas = allocate(proxy, EVA);
      bindChannel(proxy, ANA, peer);
      bindChannel(proxy, EVA, peer);
      assertEquals(Addresses.of(anas), relays(proxy, ANA, peer, "of ana"));
      assertEquals(Addresses.of(evas), relays(proxy, EVA, peer, "of eva"));
    }
  }

  /** As some proxies do: the header is before the first datagram of a flow alone. */
  @Test
  void oneHeaderForAFlow() throws Exception {
    try (DatagramSocket proxy = socket("127.0.0.2");
        DatagramSocket peer = socket("127.0.0.1")) {
      TransportAddress relayed = allocate(proxy, ANA);
      bindChannel(proxy, null, peer);
      assertEquals(Addresses.of(relayed), relays(proxy, null, peer, "without"));
    }
  }

  /** The proxy has started again, or its flow has timed out: another port, the same client. */
  @Test
  void answersGoWhereTheClientCameByLast() throws Exception {
    try (DatagramSocket first = socket("127.0.0.2");
        DatagramSocket second = socket("127.0.0.2");
        DatagramSocket peer = socket("127.0.0.1")) {
      TransportAddress relayed = allocate(first, ANA);
      bindChannel(second, ANA, peer);
      assertEquals(Addresses.of(relayed), relays(second, ANA, peer, "elsewhere"));
      // The former flow is nobody's now.
      assertEquals(local(first), mapped(first, null));
    }
  }

  /** A health check: without a header, or with one that says so. */
  @Test
  void aProxyMayAskForItself() throws Exception {
    try (DatagramSocket proxy = socket("127.0.0.2")) {
      assertEquals(local(proxy), mapped(proxy, null));
      byte[] check = binding();
      proxy.send(
          datagram(
              ByteBuffer.allocate(16 + check.length)
                  .put(SIGNATURE)
                  .putInt(0x2000_0000)
                  .put(check)
                  .array()));
      assertEquals(local(proxy), mappedIn(receive(proxy)));
    }
  }

  @Test
  void othersAreNotBelieved() throws Exception {
    try (DatagramSocket proxy = socket("127.0.0.2");
        DatagramSocket other = socket("127.0.0.1")) {
      other.send(datagram(headed(ANA, binding())));
      // Its next datagram is answered, and the one before was not.
      assertEquals(local(other), mapped(other, null));
      assertEquals(1, total(Counter.PROXY_HEADER));
      byte[] tcp = headed(ANA, binding());
      tcp[13] = 0x11;
      proxy.send(datagram(tcp));
      assertEquals(local(proxy), mapped(proxy, null));
      assertEquals(2, total(Counter.PROXY_HEADER));
      assertEquals(ANA, mapped(proxy, ANA));
    }
  }

  /** Who is believed can change while the server runs. */
  @Test
  void trustIsTakenBack() throws Exception {
    try (DatagramSocket proxy = socket("127.0.0.2")) {
      assertEquals(ANA, mapped(proxy, ANA));
      node.reconfigure(config(), StreamLimits.DEFAULT);
      // The loops hear of it one after another, and of nothing else before that.
      for (EventLoops.Loop loop : loops.shards()) {
        loop.eventLoop().submit(() -> {}).get();
      }
      proxy.send(datagram(headed(ANA, binding())));
      assertEquals(local(proxy), mapped(proxy, null));
      assertEquals(1, total(Counter.PROXY_HEADER));
    }
  }

  @Test
  void relayingMakesNoGarbage() throws Exception {
    try (DatagramSocket proxy = socket("127.0.0.2");
        DatagramSocket peer = socket("127.0.0.1")) {
      allocate(proxy, ANA);
      bindChannel(proxy, ANA, peer);
      DatagramPacket data = datagram(headed(ANA, channelData("x".repeat(160).getBytes())));
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long thread =
          loops.shards().getFirst().eventLoop().submit(Thread::currentThread).get().threadId();
      int packets = 10_000;
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 6; round++) {
        long before = threads.getThreadAllocatedBytes(thread);
        for (int i = 0; i < packets; i++) {
          proxy.send(data);
          receive(peer);
        }
        least = Math.min(least, (threads.getThreadAllocatedBytes(thread) - before) / packets);
      }
      // One wake-up of the loop for each packet here: what the loop itself makes for that, and a
      // view
      // of 32 bytes for each of two system calls where the compiler has not inlined those.
      assertTrue(least < 80, least + " bytes of garbage for a relayed packet");
    }
  }

  // ---- the proxy's part

  private static final byte[] SIGNATURE = {
    0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
  };

  /** The datagram as a proxy passes it on; as it is, where nobody is named. */
  static byte[] headed(TransportAddress client, byte[] datagram) {
    if (client == null) {
      return datagram;
    }
    boolean ipv4 = client.family() == puente.stun.Family.IPV4;
    int length = ipv4 ? 12 : 36;
    ByteBuffer all = ByteBuffer.allocate(16 + length + datagram.length).put(SIGNATURE);
    all.putShort((short) (ipv4 ? 0x2112 : 0x2122)).putShort((short) length);
    if (ipv4) {
      all.putInt(client.ipv4Address()).putInt(0x7f000001);
    } else {
      all.putLong(client.hi()).putLong(client.lo()).putLong(0).putLong(1);
    }
    return all.putShort((short) client.port()).putShort((short) 3478).put(datagram).array();
  }

  private TransportAddress mapped(DatagramSocket proxy, TransportAddress client)
      throws IOException {
    proxy.send(datagram(headed(client, binding())));
    return mappedIn(receive(proxy));
  }

  private static TransportAddress mappedIn(byte[] answer) {
    Message message = success(answer);
    return message.xorAddressAt(message.find(AttributeType.XOR_MAPPED_ADDRESS));
  }

  private TransportAddress allocate(DatagramSocket proxy, TransportAddress client)
      throws IOException {
    byte[] request =
        whole(request(Method.ALLOCATE).i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24));
    proxy.send(datagram(headed(client, request)));
    Message answer = success(receive(proxy));
    assertEquals(client, answer.xorAddressAt(answer.find(AttributeType.XOR_MAPPED_ADDRESS)));
    return answer.xorAddressAt(answer.find(AttributeType.XOR_RELAYED_ADDRESS));
  }

  private void bindChannel(DatagramSocket proxy, TransportAddress client, DatagramSocket peer)
      throws IOException {
    byte[] request =
        whole(
            request(Method.CHANNEL_BIND)
                .i32(AttributeType.CHANNEL_NUMBER, CHANNEL << 16)
                .xorAddress(AttributeType.XOR_PEER_ADDRESS, local(peer)));
    proxy.send(datagram(headed(client, request)));
    success(receive(proxy));
  }

  /** Both ways; says which relayed address the peer has seen. */
  private InetSocketAddress relays(
      DatagramSocket proxy, TransportAddress client, DatagramSocket peer, String text)
      throws IOException {
    proxy.send(datagram(headed(client, channelData(text.getBytes()))));
    DatagramPacket atPeer = new DatagramPacket(new byte[2048], 2048);
    peer.receive(atPeer);
    assertArrayEquals(text.getBytes(), Arrays.copyOf(atPeer.getData(), atPeer.getLength()));
    peer.send(new DatagramPacket(text.getBytes(), text.length(), atPeer.getSocketAddress()));
    assertArrayEquals(channelData(text.getBytes()), receive(proxy));
    return (InetSocketAddress) atPeer.getSocketAddress();
  }

  private byte[] binding() {
    return whole(request(Method.BINDING));
  }

  private MessageBuilder request(Method method) {
    byte[] transaction = ByteBuffer.allocate(12).putInt(8, ++transactions).array();
    return new MessageBuilder(500).message(MessageClass.REQUEST, method, transaction);
  }

  private static Message success(byte[] bytes) {
    Message message = new Message();
    assertEquals(Message.Shape.WELL_FORMED, message.parse(bytes, bytes.length));
    assertEquals(MessageClass.SUCCESS, message.messageClass());
    return message;
  }

  private static byte[] whole(MessageBuilder message) {
    return Arrays.copyOf(message.bytes(), message.length());
  }

  private static byte[] channelData(byte[] payload) {
    return ByteBuffer.allocate(4 + payload.length)
        .putInt(CHANNEL << 16 | payload.length)
        .put(payload)
        .array();
  }

  private DatagramPacket datagram(byte[] bytes) {
    return new DatagramPacket(bytes, bytes.length, Addresses.of(node.endpoints().get(0).local()));
  }

  private static byte[] receive(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
    socket.receive(packet);
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }

  private static TransportAddress local(DatagramSocket socket) {
    return Addresses.of((InetSocketAddress) socket.getLocalSocketAddress());
  }

  private static DatagramSocket socket(String address) throws IOException {
    DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName(address));
    socket.setSoTimeout(PATIENCE_MS);
    return socket;
  }

  private long total(Counter fact) {
    return node.counters().stream().mapToLong(shard -> shard.total(fact)).sum();
  }

  private static TurnConfig config() {
    return TurnConfig.builder()
        .noAuth()
        .relayAddresses(new RelayAddress(LOOPBACK))
        .peers(PeerPolicy.SAFE.withLoopback(true))
        .build();
  }

  private TurnNode start() {
    StreamLimits limits = new StreamLimits(10, 10, 1000, 1000, 1000, 0x1_0040, PROXIES);
    List<TurnNode.Listen> listen = List.of(new TurnNode.Listen(Transport.UDP, LOOPBACK));
    TurnNode.Options options = new TurnNode.Options(listen, config(), BindingConfig.PLAIN, limits);
    try {
      return TurnNode.start(loops, options, new LocalStore(LocalStore.Quotas.NONE));
    } catch (BindFailure failure) {
      throw new AssertionError(failure);
    }
  }
}
