package puente.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.PortUnreachableException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import puente.net.Datagrams.Role;
import puente.net.EventLoops.UdpIo;
import puente.stun.TransportAddress;

/** Sockets outlive the process that serves them, with what the kernel has queued for them. */
class DescriptorHolderTest {

  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f000001, 0);
  private static final int PATIENCE_S = 10;

  private final String name = "puente-test-" + UUID.randomUUID();
  private final HeldSockets held = new HeldSockets();
  private final List<EventLoops> opened = new ArrayList<>();

  @BeforeEach
  void onLinuxOnly() {
    Assumptions.assumeTrue(EventLoops.canBeFast(), "this system cannot pass sockets on");
  }

  @AfterEach
  void close() {
    opened.forEach(loops -> loops.close().toCompletableFuture().join());
    held.clear();
  }

  /** What arrives while nobody reads is read by the next owner, and no peer hears of it. */
  @Test
  void theNextOwnerReceivesWhatWasSentMeanwhile() throws Exception {
    try (UnixSocket listening = UnixSocket.listen(name);
        DatagramSocket peer = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      Process former = new Process(listening);
      BlockingQueue<Integer> formerInbox = new LinkedBlockingQueue<>();
      UdpSocket listener = former.open(LOOPBACK, Role.LISTENER, formerInbox);
      UdpSocket relay = former.open(LOOPBACK, Role.RELAY, formerInbox);
      peer.connect(InetAddress.getLoopbackAddress(), relay.local().port());
      send(peer, 1);
      assertEquals(1, formerInbox.poll(PATIENCE_S, TimeUnit.SECONDS));

      former.ends();
      for (int i = 2; i < 30; i++) {
        send(peer, i);
      }
      assertEquals(2, held.count());

      Process next = new Process(listening);
      BlockingQueue<Integer> inbox = new LinkedBlockingQueue<>();
      assertTrue(next.sockets.has(DescriptorHolder.listenerKey(listener.local(), 0)));
      UdpSocket again = next.open(relay.local(), Role.RELAY, inbox);
      assertEquals(relay.local(), again.local());
      for (int i = 2; i < 30; i++) {
        assertEquals(i, inbox.poll(PATIENCE_S, TimeUnit.SECONDS));
      }
      assertTrue(formerInbox.isEmpty());
    }
  }

  /** What nobody adopts is closed; then, and only then, are peers told. */
  @Test
  void whatIsLeftIsLetGo() throws Exception {
    try (UnixSocket listening = UnixSocket.listen(name);
        DatagramSocket peer = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      Process former = new Process(listening);
      UdpSocket relay = former.open(LOOPBACK, Role.RELAY, new LinkedBlockingQueue<>());
      peer.connect(InetAddress.getLoopbackAddress(), relay.local().port());
      former.ends();

      Process next = new Process(listening);
      next.sockets.releaseRest();
      next.obeyed();
      assertFalse(next.sockets.has(DescriptorHolder.relayKey(relay.local())));
      assertEquals(0, held.count());
      peer.setSoTimeout(PATIENCE_S * 1000);
      send(peer, 1);
      assertThrows(
          PortUnreachableException.class, () -> peer.receive(new DatagramPacket(new byte[1], 1)));
    }
  }

  @Test
  void aSocketThatIsClosedIsLetGo() throws Exception {
    try (UnixSocket listening = UnixSocket.listen(name)) {
      Process process = new Process(listening);
      UdpSocket relay = process.open(LOOPBACK, Role.RELAY, new LinkedBlockingQueue<>());
      process.obeyed();
      assertEquals(1, held.count());
      process.on(
          () -> {
            relay.close();
            return true;
          });
      process.obeyed();
      assertEquals(0, held.count());
      // The port is free again.
      new DatagramSocket(relay.local().port(), InetAddress.getLoopbackAddress()).close();
    }
  }

  /** More sockets than fit one message; the cost is printed, since an Allocate pays it. */
  @Test
  void manySockets() throws Exception {
    try (UnixSocket listening = UnixSocket.listen(name)) {
      Process former = new Process(listening);
      List<TransportAddress> all = new ArrayList<>();
      for (int i = 0; i < 600; i++) {
        all.add(former.open(LOOPBACK, Role.RELAY, new LinkedBlockingQueue<>()).local());
      }
      former.obeyed();
      assertEquals(600, held.count());
      former.ends();
      Process next = new Process(listening);
      for (TransportAddress local : all) {
        assertTrue(next.sockets.has(DescriptorHolder.relayKey(local)));
      }
      measure(next, all.getFirst());
    }
  }

  private static void measure(Process process, TransportAddress local) throws Exception {
    int descriptor = process.sockets.adopt(DescriptorHolder.relayKey(local));
    long best = Long.MAX_VALUE;
    for (int round = 0; round < 10; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < 200; i++) {
        process.sockets.hold("relay/x", descriptor);
        process.sockets.release("relay/x");
      }
      best = Math.min(best, (System.nanoTime() - start) / 200);
      process.obeyed();
    }
    System.out.println("holding and releasing a socket takes its loop " + best + " ns");
    UnixSocket.closeAll(descriptor);
  }

  /** A successor gets most sockets while the former process serves, and at its turn the rest. */
  @Test
  void theRestIsGivenLater() throws Exception {
    try (UnixSocket listening = UnixSocket.listen(name)) {
      Process former = new Process(listening);
      TransportAddress stays =
          former.open(LOOPBACK, Role.RELAY, new LinkedBlockingQueue<>()).local();
      UdpSocket closes = former.open(LOOPBACK, Role.RELAY, new LinkedBlockingQueue<>());
      former.obeyed();
      BlockingQueue<String> words = new LinkedBlockingQueue<>();
      SupervisedSockets next = SupervisedSockets.connect(name, words::add);
      try (UnixSocket supervisor = listening.accept()) {
        long given = held.giveTo(supervisor, 0);
        former.on(
            () -> {
              closes.close();
              return true;
            });
        TransportAddress fresh =
            former.open(LOOPBACK, Role.RELAY, new LinkedBlockingQueue<>()).local();
        former.obeyed();
        assertEquals(given + 1, held.giveTo(supervisor, given));
        supervisor.send("SERVE");
        assertEquals("SERVE", words.poll(PATIENCE_S, TimeUnit.SECONDS));
        // Said in two parts, it is one: a word between must not lose the first.
        supervisor.send("AGAIN");
        assertEquals("AGAIN", words.poll(PATIENCE_S, TimeUnit.SECONDS));
        for (TransportAddress local : List.of(stays, fresh)) {
          int descriptor = next.adopt(DescriptorHolder.relayKey(local));
          assertTrue(descriptor >= 0, local::toString);
          UnixSocket.closeAll(descriptor);
        }
        // What was closed meanwhile goes with all that nobody wanted.
        next.releaseRest();
        supervisor.shutdown();
      }
      new DatagramSocket(closes.local().port(), InetAddress.getLoopbackAddress()).close();
    }
  }

  @Test
  void theSupervisorsEndIsHeard() throws Exception {
    try (UnixSocket listening = UnixSocket.listen(name)) {
      Process process = new Process(listening);
      process.supervisor.shutdown();
      assertEquals(SupervisedSockets.GONE, process.words.poll(PATIENCE_S, TimeUnit.SECONDS));
      // Life goes on.
      process.open(LOOPBACK, Role.RELAY, new LinkedBlockingQueue<>());
    }
  }

  @Test
  void theKernelSaysWhoConnects() throws Exception {
    try (UnixSocket listening = UnixSocket.listen(name);
        UnixSocket client = UnixSocket.connect(name);
        UnixSocket server = listening.accept()) {
      assertEquals(ProcessHandle.current().pid(), server.peer().pid());
      client.send("word");
      UnixSocket.Delivery delivery = server.receive();
      assertEquals("word", delivery == null ? null : delivery.text());
      client.shutdown();
      assertNull(server.receive());
      assertThrows(IOException.class, () -> UnixSocket.connect("puente-nobody-" + name));
      assertThrows(IOException.class, () -> UnixSocket.listen(name));
    }
  }

  private static void send(DatagramSocket from, int number) throws IOException {
    from.send(new DatagramPacket(new byte[] {(byte) number}, 1));
  }

  /** A serving process, as far as its sockets go, and the supervisor's end of its connection. */
  private final class Process {
    final BlockingQueue<String> words = new LinkedBlockingQueue<>();
    final SupervisedSockets sockets;
    final UnixSocket supervisor;
    private final List<UdpSocket> mine = new ArrayList<>();
    private final EventLoops loops;

    Process(UnixSocket listening) throws Exception {
      sockets = SupervisedSockets.connect(name, words::add);
      supervisor = listening.accept();
      held.giveTo(supervisor, 0);
      supervisor.send("SERVE");
      assertEquals("SERVE", words.poll(PATIENCE_S, TimeUnit.SECONDS));
      loops = EventLoops.open(1, UdpIo.FFM, true, 1 << 20, sockets);
      opened.add(loops);
    }

    UdpSocket open(TransportAddress local, Role role, BlockingQueue<Integer> inbox)
        throws Exception {
      Datagrams.Receiver receiver = packet -> inbox.add((int) packet.buffer.get(packet.offset));
      UdpSocket socket = on(() -> datagrams().open(local, role, 0, receiver));
      mine.add(socket);
      return socket;
    }

    /** As a process that is killed: reads no more and closes its copies. */
    void ends() throws Exception {
      obeyed();
      on(
          () -> {
            datagrams().leave();
            mine.forEach(UdpSocket::close);
            return true;
          });
      loops.close().toCompletableFuture().join();
      opened.remove(loops);
      supervisor.shutdown();
    }

    /** Returns when the supervisor has done all that it was asked. */
    void obeyed() throws IOException {
      sockets.say("DONE");
      UnixSocket.Delivery next;
      while ((next = supervisor.receive()) != null && held.apply(next)) {
        // As long as it is about sockets.
      }
    }

    <T> T on(Callable<T> work) throws Exception {
      return loops.shards().getFirst().eventLoop().submit(work).get(PATIENCE_S, TimeUnit.SECONDS);
    }

    private Datagrams datagrams() {
      return loops.shards().getFirst().datagrams();
    }
  }
}
