package puente.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import puente.net.DatagramCounters.Fact;
import puente.net.Datagrams.Role;
import puente.net.EventLoops.UdpIo;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** Datagrams over loopback, through both ways to the kernel. */
class DatagramsTest {

  private static final long GARBAGE_MAX = 80;
  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f000001, 0);
  private static final TransportAddress LOOPBACK6 = TransportAddress.ipv6(0, 1, 0);
  private static final int PATIENCE_S = 10;

  private EventLoops loops = EventLoops.open(1, UdpIo.AUTO, true);

  @AfterEach
  void close() {
    loops.close().toCompletableFuture().join();
  }

  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void everyDatagramArrivesWholeAndInOrder(UdpIo io) throws Exception {
    use(io);
    Inbox inbox = new Inbox(3 * 40);
    UdpSocket receiver = open(LOOPBACK, Role.RELAY, inbox);
    UdpSocket sender = open(LOOPBACK, Role.RELAY, packet -> {});
    byte[] large = new byte[20_000];
    on(
        () -> {
          for (int i = 0; i < 40; i++) {
            sender.send(receiver.local(), 0, message(i, 160), 160);
            sender.send(receiver.local(), 0, message(i, 160), 100);
            large[1] = (byte) i;
            sender.send(receiver.local(), 0, large, i == 7 ? large.length : 200);
          }
          return null;
        });
    List<byte[]> all = inbox.await();
    for (int i = 0; i < 40; i++) {
      assertEquals(160, all.get(3 * i).length);
      assertEquals(100, all.get(3 * i + 1).length);
      assertEquals(i == 7 ? 20_000 : 200, all.get(3 * i + 2).length);
      assertEquals(i, all.get(3 * i)[1]);
      assertEquals(i, all.get(3 * i + 1)[1]);
      assertEquals(i, all.get(3 * i + 2)[1]);
    }
    assertEquals(0, counters().value(Fact.DEFECTS));
  }

  /** The kernel cuts what was joined, and joins what arrives together. */
  @Test
  void neighboursOfOneSizeTravelJoined() throws Exception {
    Inbox inbox = new Inbox(50);
    UdpSocket receiver = open(LOOPBACK, Role.LISTENER, inbox);
    UdpSocket sender = open(LOOPBACK, Role.RELAY, packet -> {});
    Packet packet = nativePacket(50 * 1000);
    on(
        () -> {
          for (int i = 0; i < 50; i++) {
            packet.buffer.put(i * 1000, (byte) i);
            int length = i == 49 ? 10 : 996;
            sender.sendChannelData(receiver.local(), 0, 0x4001, packet, i * 1000, length);
          }
          return null;
        });
    List<byte[]> all = inbox.await();
    for (int i = 0; i < 50; i++) {
      int length = i == 49 ? 10 : 996;
      ByteBuffer datagram = ByteBuffer.wrap(all.get(i));
      assertEquals(length + 4, datagram.remaining());
      assertEquals(0x4001 << 16 | length, datagram.getInt());
      assertEquals(i, datagram.get());
    }
    assertTrue(counters().value(Fact.SENT) < 10, "sends: " + counters().value(Fact.SENT));
    assertEquals(50, counters().value(Fact.SENT_SEGMENTS));
    assertTrue(counters().value(Fact.RECEIVED_SEGMENTS) > 0);
  }

  /** Who is bound to flush spends no task on it; what others send goes at the end of the round. */
  @Test
  void whatIsHeldBackWaitsForItsFlush() throws Exception {
    Inbox inbox = new Inbox(2);
    UdpSocket receiver = open(LOOPBACK, Role.RELAY, inbox);
    UdpSocket sender = open(LOOPBACK, Role.RELAY, packet -> {});
    Datagrams datagrams = loops.shards().getFirst().datagrams();
    on(
        () -> {
          datagrams.hold();
          sender.send(receiver.local(), 0, message(1, 100), 100);
          return null;
        });
    on(
        () -> {
          assertEquals(0, counters().value(Fact.SENT));
          datagrams.flush();
          assertEquals(1, counters().value(Fact.SENT));
          sender.send(receiver.local(), 0, message(2, 100), 100);
          return null;
        });
    assertEquals(2, inbox.await().size());
  }

  /** RFC 8656 §11.5: the error queue tells which peer could not be reached. */
  @Test
  void icmpErrorsNameThePeer() throws Exception {
    for (TransportAddress loopback : List.of(LOOPBACK, LOOPBACK6)) {
      UdpSocket gone = open(loopback, Role.RELAY, packet -> {});
      TransportAddress peer = gone.local();
      on(
          () -> {
            gone.close();
            return null;
          });
      CompletableFuture<String> heard = new CompletableFuture<>();
      UdpSocket sender =
          open(
              loopback,
              Role.RELAY,
              new Datagrams.Receiver() {
                @Override
                public void onPacket(Packet packet) {}

                @Override
                public void onIcmp(TransportAddress about, int type, int code, int data) {
                  heard.complete(about + " " + type + "/" + code);
                }
              });
      on(
          () -> {
            sender.send(peer, 0, new byte[30], 30);
            return null;
          });
      String portUnreachable = loopback == LOOPBACK ? " 3/3" : " 1/4";
      assertEquals(peer + portUnreachable, heard.get(PATIENCE_S, TimeUnit.SECONDS));
    }
  }

  /** RFC 8656 §14: DSCP and ECN come along with DF, too. */
  @Test
  void theTrafficClassComesAlongUnfragmented() throws Exception {
    for (TransportAddress loopback : List.of(LOOPBACK, LOOPBACK6)) {
      CompletableFuture<Integer> seen = new CompletableFuture<>();
      UdpSocket receiver = open(loopback, Role.RELAY, packet -> seen.complete(packet.trafficClass));
      UdpSocket sender = open(loopback, Role.RELAY, packet -> {});
      Packet packet = nativePacket(100);
      packet.trafficClass = 0xb8;
      on(
          () -> {
            sender.sendUnfragmented(receiver.local(), packet, 0, 100);
            return null;
          });
      assertEquals(0xb8, seen.get(PATIENCE_S, TimeUnit.SECONDS));
    }
  }

  /** RFC 8656 §14: DSCP and ECN can be read and set. */
  @Test
  void theTrafficClassComesAlong() throws Exception {
    for (TransportAddress loopback : List.of(LOOPBACK, LOOPBACK6)) {
      CompletableFuture<Integer> seen = new CompletableFuture<>();
      UdpSocket receiver = open(loopback, Role.RELAY, packet -> seen.complete(packet.trafficClass));
      UdpSocket sender = open(loopback, Role.RELAY, packet -> {});
      Packet packet = nativePacket(100);
      on(
          () -> {
            sender.send(receiver.local(), 0xb9, packet, 0, 100);
            return null;
          });
      assertEquals(0xb9, seen.get(PATIENCE_S, TimeUnit.SECONDS));
    }
  }

  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void aPortInUseIsNamed(UdpIo io) throws Exception {
    use(io);
    UdpSocket first = open(LOOPBACK, Role.RELAY, packet -> {});
    BindFailure failure =
        assertThrows(BindFailure.class, () -> open(first.local(), Role.RELAY, packet -> {}));
    assertEquals(BindFailure.Cause.IN_USE, failure.reason());
    assertTrue(String.valueOf(failure).contains(first.local().toString()));
  }

  @Test
  void aDatagramTooLargeIsCountedAndTheNextGoesOut() throws Exception {
    Inbox inbox = new Inbox(1);
    UdpSocket receiver = open(LOOPBACK, Role.RELAY, inbox);
    UdpSocket sender = open(LOOPBACK, Role.RELAY, packet -> {});
    on(
        () -> {
          sender.send(receiver.local(), 0, new byte[65_530], 65_530);
          sender.send(receiver.local(), 0, message(3, 50), 50);
          return null;
        });
    assertEquals(3, inbox.await().get(0)[1]);
    assertEquals(1, counters().value(Fact.TOO_LARGE));
  }

  /**
   * The data plane never allocates per packet; what is left here is the loop's own, per wake-up.
   * Until all of it is compiled there is more: the least of some rounds counts.
   */
  @Test
  void echoingMakesNoGarbage() throws Exception {
    int rounds = 40_000;
    BlockingQueue<Long> done = new LinkedBlockingQueue<>();
    UdpSocket[] ends = new UdpSocket[2];
    long[] left = {rounds};
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    ends[0] =
        open(
            LOOPBACK,
            Role.LISTENER,
            packet -> ends[0].send(ends[1].local(), 0, packet, 0, packet.length));
    ends[1] =
        open(
            LOOPBACK,
            Role.RELAY,
            packet -> {
              if (--left[0] <= 0) {
                done.add(threads.getCurrentThreadAllocatedBytes());
              } else {
                ends[1].sendChannelData(ends[0].local(), 0, 0x4000, packet, 0, packet.length - 4);
              }
            });
    long perPacket = Long.MAX_VALUE;
    for (int i = 0; i < 10 && perPacket >= GARBAGE_MAX; i++) {
      long before =
          on(
              () -> {
                left[0] = rounds;
                ends[1].send(ends[0].local(), 0, new byte[200], 200);
                return threads.getCurrentThreadAllocatedBytes();
              });
      Long after = done.poll(PATIENCE_S, TimeUnit.SECONDS);
      assertNotNull(after, "the packets do not come back");
      perPacket = Math.min(perPacket, (after - before) / (2L * rounds));
    }
    assertTrue(perPacket < GARBAGE_MAX, perPacket + " bytes of garbage a packet");
  }

  /** Thousands of neighbours would make the loop's table slow; all are closed in the end. */
  @Test
  void someDescriptorsAreLeftOutAmongManyRelays() throws Exception {
    Assumptions.assumeTrue(EventLoops.canBeFast());
    List<LinuxUdpSocket> relays = new ArrayList<>();
    int before = descriptors();
    for (int i = 0; i < 200; i++) {
      relays.add((LinuxUdpSocket) open(LOOPBACK, Role.RELAY, packet -> {}));
    }
    assertTrue(relays.stream().noneMatch(relay -> relay.fd % 64 == 63));
    assertTrue(descriptors() - before > 200);
    for (LinuxUdpSocket relay : relays) {
      on(
          () -> {
            relay.close();
            return null;
          });
    }
    assertTrue(descriptors() - before < 5, () -> descriptors() + " open, before " + before);
  }

  private static int descriptors() {
    return Objects.requireNonNull(Path.of("/proc/self/fd").toFile().list()).length;
  }

  /** More waits than is taken at a time: that is known from the next look on, until it is gone. */
  @Test
  void whoFallsBehindKnowsIt() throws Exception {
    Assumptions.assumeTrue(EventLoops.canBeFast());
    Datagrams datagrams = loops.shards().get(0).datagrams();
    List<Boolean> behind = new ArrayList<>();
    UdpSocket receiver = open(LOOPBACK, Role.LISTENER, packet -> behind.add(datagrams.isBehind()));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch sent = new CountDownLatch(1);
    loops
        .shards()
        .get(0)
        .eventLoop()
        .execute(
            () -> {
              held.countDown();
              awaitQuietly(sent);
            });
    assertTrue(held.await(PATIENCE_S, TimeUnit.SECONDS));
    try (DatagramSocket sender = new DatagramSocket()) {
      for (int i = 0; i < 400; i++) {
        sender.send(new DatagramPacket(new byte[20], 20, Addresses.of(receiver.local())));
      }
    }
    sent.countDown();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (on(behind::size) < 400) {
      assertTrue(System.nanoTime() < deadline, "came: " + on(behind::size));
    }
    assertEquals(List.of(false, false), List.of(behind.get(0), behind.get(255)));
    assertEquals(List.of(true, true), List.of(behind.get(256), behind.get(399)));
    while (on(datagrams::isBehind)) {
      assertTrue(System.nanoTime() < deadline, "behind for ever");
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  private void use(UdpIo io) {
    close();
    loops = EventLoops.open(1, io, true);
  }

  private DatagramCounters counters() {
    return loops.shards().get(0).datagrams().counters();
  }

  private UdpSocket open(TransportAddress local, Role role, Datagrams.Receiver receiver)
      throws Exception {
    return on(() -> loops.shards().get(0).datagrams().open(local, role, 0, receiver));
  }

  private <T> T on(Callable<T> work) throws Exception {
    try {
      return loops.shards().get(0).eventLoop().submit(work).get(PATIENCE_S, TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException failure) {
      throw (Exception) failure.getCause();
    }
  }

  private static byte[] message(int number, int length) {
    byte[] bytes = new byte[length];
    bytes[1] = (byte) number;
    return bytes;
  }

  private static Packet nativePacket(int size) {
    Packet packet = new Packet();
    packet.buffer = ByteBuffer.allocateDirect(size);
    packet.address = java.lang.foreign.MemorySegment.ofBuffer(packet.buffer).address();
    return packet;
  }

  /** Keeps copies of what comes until there are enough. */
  private static final class Inbox implements Datagrams.Receiver {
    private final List<byte[]> received = new ArrayList<>();
    private final CountDownLatch complete;

    Inbox(int expected) {
      complete = new CountDownLatch(expected);
    }

    @Override
    public void onPacket(Packet packet) {
      byte[] copy = new byte[packet.length];
      packet.copyTo(copy, packet.length);
      received.add(copy);
      complete.countDown();
    }

    List<byte[]> await() throws InterruptedException {
      assertTrue(complete.await(PATIENCE_S, TimeUnit.SECONDS), "missing: " + complete.getCount());
      return received;
    }
  }
}
