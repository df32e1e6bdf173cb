package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Sent.allocate;
import static puente.turn.Sent.channelBind;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import puente.stun.BindingConfig;
import puente.stun.BindingServer;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationStore;

/** The packet's road makes no garbage, and an allocation is small. */
class GarbageTest {

  private static final int PACKETS = 100_000;
  private static final int ROUNDS = 6;

  /** What the JVM was seen to allocate by itself is about 200 bytes. */
  private static final long ONCE_BYTES = 1024;

  private static final TransportAddress PEER = Lab.address("192.0.2.200:7000");

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void channelDataIsRelayedWithoutGarbage() {
    relaysWithoutGarbage(0);
  }

  /** The second one's peer is the first one's on the shared port, so that its own port is used. */
  @Test
  void norIsThereOnASharedPort() {
    relaysWithoutGarbage(1);
  }

  private void relaysWithoutGarbage(int sharedPorts) {
    Limits limits = Limits.STANDARD.withBytesPerSecond(1 << 30);
    Lab lab = new Lab(Lab.noAuth().limits(limits).sharedPorts(sharedPorts).build());
    Client one = lab.client("192.0.2.7:4000");
    Client two = lab.client("192.0.2.8:4000");
    for (Client each : new Client[] {one, two}) {
      each.allocates();
      each.sends(channelBind(0x4000, "192.0.2.200:7000")).succeeds();
    }
    one.sendsChannelData(0x4000, "by the first");
    two.sendsChannelData(0x4000, "by the second");
    Relay[] relays =
        lab.atPeers.stream().map(packet -> packet.from().carrier()).toArray(Relay[]::new);
    assertEquals(2, Set.of(relays).size());
    Tally tally = new Tally();
    Packet up = Lab.packet(frame(0x4000, 1200), one.tuple.client());
    Packet down = Lab.packet(new byte[1200], PEER);

    // The JVM itself may allocate once while it compiles; garbage of ours would be in every round.
    long[] bytes = new long[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      tally.packets = 0;
      long before = threads.getCurrentThreadAllocatedBytes();
      long mid = threads.getCurrentThreadAllocatedBytes();
      relay(lab.server, up, down, one, two, relays, tally, lab.now);
      long after = threads.getCurrentThreadAllocatedBytes();
      bytes[round] = after - mid - (mid - before);
      assertEquals(2 * PACKETS, tally.packets);
    }
    assertEquals(0, Arrays.stream(bytes).min().orElseThrow(), () -> Arrays.toString(bytes));
    // After the round that warms up: a million packets, and not even rare garbage.
    long rest = Arrays.stream(bytes).skip(1).sum();
    assertTrue(rest <= ONCE_BYTES, () -> Arrays.toString(bytes));
  }

  /** Two clients and two relays in turn, so that no cache of the last one helps. */
  private static void relay(
      TurnServer server,
      Packet up,
      Packet down,
      Client one,
      Client two,
      Relay[] relays,
      Effects out,
      long now) {
    for (int i = 0; i < PACKETS; i++) {
      TransportAddress source = ((i & 1) == 0 ? one : two).tuple.client();
      up.sourceHi = source.hi();
      up.sourceLo = source.lo();
      up.sourcePort = source.port();
      server.onDatagram(up, now + i / 100, out);
      server.onPeer(relays[i & 1], down, now + i / 100, out);
      // A shard asks after each.
      assertTrue(server.nextDeadline() > now);
    }
  }

  /** The goal is 2.5 KiB for all of the JVM; what the core keeps must be well under that. */
  @Test
  void anIdleAllocationIsSmall() throws Exception {
    int count = 20_000;
    Counters counters = new Counters();
    FiveTuple[] current = {null};
    TurnServer server =
        new TurnServer(
            Lab.noAuth().ports(1024, 65535).build(),
            packet -> current[0],
            new BindingServer(BindingConfig.PLAIN),
            counters,
            new Random(1),
            0,
            1);
    Tally tally = new Tally();
    long before = used();
    for (int i = 0; i < count; i++) {
      TransportAddress client = TransportAddress.ipv4(0x0b00_0000 + i, 5000);
      current[0] = new FiveTuple(Transport.UDP, client, Lab.SERVER, 0, null);
      Packet request = Lab.packet(allocate().bytes(b -> {}), client);
      server.onDatagram(request, 0, tally);
      server.onAnswer(new AllocationStore.Granted(current[0]), 0, tally);
      server.onBound(tally.bound, 0, tally);
      Packet bind =
          Lab.packet(channelBind(0x4000, "192.0.2.200:" + (i % 60000 + 1)).bytes(b -> {}), client);
      server.onDatagram(bind, 0, tally);
    }
    long each = (used() - before) / count;
    assertEquals(count, counters.channels());
    assertTrue(each < 1400, each + " bytes each, with a permission and a channel");
    assertEquals(count, server.allocations());
  }

  private static long used() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static byte[] frame(int channel, int length) {
    ByteBuffer frame = ByteBuffer.allocate(4 + length);
    frame.putShort((short) channel).putShort((short) length);
    return frame.array();
  }

  /** Effects that only count. */
  private static final class Tally extends NoEffects {

    int packets;
    Relay bound = new Relay(Lab.RELAY_IPV4, Lab.RELAY_IPV4);

    @Override
    public void toClient(FiveTuple client, int channel, Packet packet, int offset, int length) {
      packets++;
    }

    @Override
    public void toPeer(
        Relay relay, TransportAddress peer, Packet packet, int offset, int length, boolean df) {
      packets++;
    }

    @Override
    public void bind(Relay relay) {
      bound = relay;
    }
  }
}
