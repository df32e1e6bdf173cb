package puente.turn.relay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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
import puente.stun.BindingConfig;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Counter;
import puente.turn.PeerPolicy;
import puente.turn.RelayAddress;
import puente.turn.TurnConfig;
import puente.turn.store.AllocationKey;
import puente.turn.store.LocalStore;
import puente.turn.store.Snapshot;
import puente.turn.store.Snapshot.BirthState;
import puente.turn.store.Snapshot.ChannelState;
import puente.turn.store.Snapshot.LoginState;
import puente.turn.store.Snapshot.PermissionState;
import puente.turn.store.Snapshot.RelayState;
import puente.turn.store.SnapshotSink;

/** A node goes on with what another process left: over real sockets, on several shards. */
@NullUnmarked
@Timeout(60)
class RestoreNodeTest {

  /** An address that no other test's sockets are on, and ports that the system gives to nobody. */
  private static final TransportAddress RELAY =
      TransportAddress.ipv4(0x7f640000 | new SecureRandom().nextInt(1, 0xfffe), 0);

  private static final InetAddress HOST = InetAddress.getLoopbackAddress();
  private static final int CHANNEL = 0x4000;
  private static final int FIRST_PORT = 10_000;

  private EventLoops loops = EventLoops.open(4, UdpIo.AUTO, true);
  private TurnNode node;
  private List<AddressRange> proxies = List.of();
  private final LocalStore store = new LocalStore(LocalStore.Quotas.NONE);

  @AfterEach
  void stop() {
    node.stop().toCompletableFuture().join();
    loops.close().toCompletableFuture().join();
  }

  /** The kernel gives a client's packets to any shard; one of four is the right one. */
  @ParameterizedTest
  @EnumSource(
      value = UdpIo.class,
      names = {"FFM", "NIO"})
  void straysFindTheirShard(UdpIo io) throws Exception {
    loops.close().toCompletableFuture().join();
    loops = EventLoops.open(4, io, true);
    TransportAddress server = freeEndpoint();
    try (DatagramSocket peer = socket()) {
      List<DatagramSocket> clients = new ArrayList<>();
      List<Snapshot> left = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        DatagramSocket client = socket();
        clients.add(client);
        left.add(snapshot(Addresses.of(address(client)), server, FIRST_PORT + i, peer));
      }
      start(server, left, (changed, ended) -> {});
      for (int i = 0; i < clients.size(); i++) {
        relaysBothWays(clients.get(i), null, server, FIRST_PORT + i, peer, i);
      }
      assertEquals(32, total(Counter.RESTORED));
      assertEquals(32, store.size());
      // Unless the kernel has one socket for all, as without epoll: then 3 of 4 are strays.
      assertTrue(total(Counter.STRAY) > 0);
      clients.forEach(DatagramSocket::close);
    }
  }

  /** What peers send goes to the proxy that the client comes by, from whichever shard. */
  @Test
  void straysBehindAProxyFindTheirShard() throws Exception {
    TransportAddress server = freeEndpoint();
    proxies = List.of(AddressRange.parse("127.0.0.0/8"));
    try (DatagramSocket peer = socket();
        DatagramSocket proxy = socket()) {
      List<Snapshot> left = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        TransportAddress client = TransportAddress.ipv4(0xcb007109, 8000 + i);
        left.add(snapshot(client, server, FIRST_PORT + i, peer));
      }
      start(server, left, (changed, ended) -> {});
      for (int i = 0; i < left.size(); i++) {
        relaysBothWays(proxy, left.get(i).key().client(), server, FIRST_PORT + i, peer, i);
      }
      assertTrue(total(Counter.STRAY) > 0);
    }
  }

  @Test
  void whatIsRestoredAndWhatIsNotIsKept() throws Exception {
    TransportAddress server = freeEndpoint();
    Map<AllocationKey, Snapshot> kept = new ConcurrentHashMap<>();
    Map<AllocationKey, Boolean> ended = new ConcurrentHashMap<>();
    SnapshotSink sink =
        new SnapshotSink() {
          private final Set<AllocationKey> ending = ConcurrentHashMap.newKeySet();

          @Override
          public void ending(AllocationKey key) {
            ending.add(key);
          }

          @Override
          public void save(List<Snapshot> changed, List<AllocationKey> over) {
            over.forEach(key -> ended.put(key, ending.remove(key)));
            changed.forEach(snapshot -> kept.put(snapshot.key(), snapshot));
          }
        };
    try (DatagramSocket peer = socket();
        DatagramSocket client = socket();
        DatagramSocket other = socket()) {
      Snapshot good = snapshot(Addresses.of(address(client)), server, FIRST_PORT, peer);
      Snapshot twin = snapshot(Addresses.of(address(other)), server, FIRST_PORT, peer);
      start(server, List.of(good, twin), sink);
      while (kept.isEmpty() || ended.isEmpty()) {
        Thread.onSpinWait();
      }
      assertEquals(good.revision() + 1, kept.get(good.key()).revision());
      assertEquals("node", kept.get(good.key()).node());
      assertEquals(true, ended.get(twin.key()), "told at once, and again with the others");
      assertEquals(1, total(Counter.NOT_RESTORED));
    }
  }

  /** Bulk restore is fast: the figure is printed, and only its order of magnitude asserted. */
  @Test
  void thousandsComeBackAtOnce() throws Exception {
    int count = 10_000;
    TransportAddress server = freeEndpoint();
    try (DatagramSocket peer = socket()) {
      List<Snapshot> left = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        TransportAddress client = TransportAddress.ipv4(0x7f010000 + i, 5000);
        left.add(snapshot(client, server, FIRST_PORT + i, peer));
      }
      long cpuSince = loopsCpuNanos();
      long since = System.nanoTime();
      start(server, left, (changed, ended) -> {});
      long ms = (System.nanoTime() - since) / 1_000_000;
      long cpuMs = (loopsCpuNanos() - cpuSince) / 1_000_000;
      System.out.printf(
          Locale.ROOT, "%d allocations restored in %d ms, %d ms of CPU%n", count, ms, cpuMs);
      assertEquals(count, total(Counter.RESTORED));
      assertTrue(ms < 20_000, ms + " ms");
    }
  }

  private void start(TransportAddress server, List<Snapshot> left, SnapshotSink sink)
      throws BindFailure {
    TurnConfig config =
        TurnConfig.builder()
            .noAuth()
            .relayAddresses(new RelayAddress(RELAY))
            .ports(FIRST_PORT, FIRST_PORT + 12_000)
            .peers(PeerPolicy.SAFE.withLoopback(true))
            .build();
    TurnNode.Options options =
        new TurnNode.Options(
            List.of(new TurnNode.Listen(Transport.UDP, server)),
            config,
            BindingConfig.PLAIN,
            new StreamLimits(10, 10, 1000, 1000, 1000, 0x1_0040, proxies));
    node = TurnNode.start(loops, options, store, new Keeping("node", List.of(sink), 5, left));
  }

  private long loopsCpuNanos() throws Exception {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long sum = 0;
    for (EventLoops.Loop loop : loops.shards()) {
      sum +=
          threads.getThreadCpuTime(
              loop.eventLoop().submit(() -> Thread.currentThread().threadId()).get());
    }
    return sum;
  }

  private long total(Counter fact) {
    return node.counters().stream().mapToLong(shard -> shard.total(fact)).sum();
  }

  /**
   * @param named whom the client, which is a proxy then, speaks for
   */
  private static void relaysBothWays(
      DatagramSocket client,
      TransportAddress named,
      TransportAddress server,
      int relayPort,
      DatagramSocket peer,
      int n)
      throws IOException {
    byte[] payload = ("payload " + n).getBytes();
    byte[] framed =
        ByteBuffer.allocate(4 + payload.length)
            .putShort((short) CHANNEL)
            .putShort((short) payload.length)
            .put(payload)
            .array();
    byte[] sent = ProxiedClientsTest.headed(named, framed);
    client.send(new DatagramPacket(sent, sent.length, Addresses.of(server)));
    DatagramPacket atPeer = receive(peer);
    assertArrayEquals(payload, Arrays.copyOf(atPeer.getData(), atPeer.getLength()));
    assertEquals(Addresses.of(RELAY.withPort(relayPort)), atPeer.getSocketAddress());
    peer.send(new DatagramPacket(payload, payload.length, atPeer.getSocketAddress()));
    DatagramPacket atClient = receive(client);
    assertArrayEquals(framed, Arrays.copyOf(atClient.getData(), atClient.getLength()));
    assertEquals(Addresses.of(server), atClient.getSocketAddress());
  }

  private static Snapshot snapshot(
      TransportAddress client, TransportAddress server, int relayPort, DatagramSocket peer) {
    long now = System.currentTimeMillis();
    TransportAddress relay = RELAY.withPort(relayPort);
    TransportAddress peerAddress = Addresses.of(address(peer));
    return new Snapshot(
        new AllocationKey(Transport.UDP, client, server),
        "node",
        now,
        3,
        new LoginState("", "", "", "NONE", false, false, Long.MAX_VALUE),
        new BirthState(now, 1, 2, 600, null, null, null),
        List.of(new RelayState(relay, relay, now + 600_000)),
        List.of(new PermissionState(peerAddress.withPort(0), now + 300_000)),
        List.of(new ChannelState(CHANNEL, peerAddress, now + 600_000)));
  }

  private static DatagramPacket receive(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
    try {
      socket.receive(packet);
    } catch (SocketTimeoutException silence) {
      throw new AssertionError("nothing came", silence);
    }
    return packet;
  }

  private static InetSocketAddress address(DatagramSocket socket) {
    return (InetSocketAddress) socket.getLocalSocketAddress();
  }

  private static DatagramSocket socket() throws IOException {
    DatagramSocket socket = new DatagramSocket(0, HOST);
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static TransportAddress freeEndpoint() throws IOException {
    try (DatagramSocket socket = socket()) {
      return Addresses.of(address(socket));
    }
  }
}
