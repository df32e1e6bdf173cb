package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Broken input of every kind, signed and unsigned, while two people talk: the server lives, answers,
 * keeps its memory, and the call loses nothing. {@code -Dfuzz.long=true} sends ten times as many
 * datagrams and twenty times as many streams; {@code -Dfuzz.seed} repeats a run.
 */
@Tag("e2e")
class FuzzTest {

  private static final boolean LONG = Boolean.getBoolean("fuzz.long");
  private static final long SEED = Long.getLong("fuzz.seed", LONG ? System.nanoTime() : 8656);
  private static final int DATAGRAMS = LONG ? 1_000_000 : 100_000;
  private static final int STREAMS = LONG ? 100_000 : 5_000;
  private static final int STREAM_THREADS = 4;

  /** Between two answered Binding requests; few enough to fit any socket buffer. */
  private static final int BURST = 32;

  /** The life of one five-tuple, in bursts. */
  private static final int BURSTS_OF_A_CLIENT = 64;

  /** Room for allocations that the signed part of the input rightly got. */
  private static final long HEAP_GROWTH_LIMIT_KB = 24_000;

  private static final long RESIDENT_GROWTH_LIMIT_KB = 64_000;
  private static final String USER = "mallory";
  private static final String PASSWORD = "also-has-an-account";

  private static final List<String> FIXED_HEAP =
      List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch");

  /** How deep the input went: successes show that it passed authentication. */
  private static final Map<String, Integer> ANSWERS = new TreeMap<>();

  private static ServerProcess target(String name) {
    return ServerProcess.startWith(
        FIXED_HEAP,
        name,
        "user=" + USER + ":" + PASSWORD,
        "user-quota=100",
        // What the broken messages name as peers stays on this machine.
        "denied-peer-ip=0.0.0.0-126.255.255.255",
        "denied-peer-ip=128.0.0.0-255.255.255.255",
        "denied-peer-ip=100::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  }

  /** RFC 8489 §6.3 and RFC 8656 §5 on datagrams. */
  @Test
  void datagrams() throws IOException {
    System.out.println("fuzz.seed=" + SEED);
    try (var server = target("fuzz-datagrams");
        var sink = new UdpEcho("127.0.0.1");
        var call = new Call(server)) {
      var mutator = new Mutator(SEED, sink.port());
      sendDatagrams(server, mutator, DATAGRAMS / 10);
      var before = Memory.of(server);
      sendDatagrams(server, mutator, DATAGRAMS);
      ANSWERS.values().removeIf(times -> times < 10);
      System.out.println("answers by type and error code: " + ANSWERS);
      assertUnharmed(server, call, before, DATAGRAMS + " datagrams");
    }
  }

  /** RFC 8489 §6.2.2 on streams: framing errors end a connection and nothing else. */
  @Test
  void streams() throws Exception {
    System.out.println("fuzz.seed=" + SEED);
    try (var server = target("fuzz-streams");
        var sink = new UdpEcho("127.0.0.1");
        var call = new Call(server)) {
      sendStreams(server, sink, STREAMS / 10, SEED + 1_000);
      var before = Memory.of(server);
      sendStreams(server, sink, STREAMS, SEED);
      assertUnharmed(server, call, before, STREAMS + " streams");
    }
  }

  private static void assertUnharmed(ServerProcess server, Call call, Memory before, String what) {
    call.carries(100);
    call.assertNothingLost();
    var after = Memory.of(server);
    System.out.println(what + ": " + before + " before, " + after + " after; " + call.state());
    assertTrue(after.residentKb - before.residentKb < RESIDENT_GROWTH_LIMIT_KB, "resident memory");
    assertTrue(after.heapKb - before.heapKb < HEAP_GROWTH_LIMIT_KB, "live heap");
    if (ServerProcess.isPuente()) {
      assertFalse(server.program().output().contains("Exception"), server.log());
    }
  }

  private static void sendDatagrams(ServerProcess server, Mutator mutator, int count)
      throws IOException {
    int sent = 0;
    for (int round = 0; sent < count; round++) {
      try (var client = new Client(server, round)) {
        for (int burst = 0; burst < BURSTS_OF_A_CLIENT && sent < count; burst++, sent += BURST) {
          client.burst(mutator);
        }
      }
    }
  }

  private static void sendStreams(ServerProcess server, UdpEcho sink, int count, long seed)
      throws Exception {
    var left = new AtomicInteger(count);
    var open = new AtomicInteger();
    try (var threads = Executors.newFixedThreadPool(STREAM_THREADS)) {
      var done = new ArrayList<Future<?>>();
      for (int thread = 0; thread < STREAM_THREADS; thread++) {
        var mutator = new Mutator(seed + thread, sink.port());
        var random = new Random(seed + thread);
        done.add(
            threads.submit(
                () -> {
                  while (left.getAndDecrement() > 0) {
                    open.addAndGet(stream(server, mutator, random) ? 0 : 1);
                  }
                  return null;
                }));
      }
      for (var one : done) {
        one.get();
      }
    }
    assertEquals(0, open.get(), "connections that did not close after their client's end did");
  }

  /** One connection with a few broken messages; true when the server then closed it. */
  private static boolean stream(ServerProcess server, Mutator mutator, Random random)
      throws IOException {
    try (var socket =
        new Socket(server.address().getAddress(), server.port, source(random.nextInt(200)), 0)) {
      socket.setSoTimeout(10_000);
      try {
        var nonce = random.nextInt(3) == 0 ? greeted(socket) : new byte[40];
        for (int messages = 1 + random.nextInt(5); messages > 0; messages--) {
          socket.getOutputStream().write(mutator.next(identity(nonce)));
        }
        socket.shutdownOutput();
        socket.getInputStream().skipNBytes(Long.MAX_VALUE);
        return true;
      } catch (SocketTimeoutException e) {
        return false;
      } catch (IOException e) {
        // The end, or a reset in the middle of what we wrote: closed either way.
        return true;
      }
    }
  }

  /** The nonce of a 401 on this connection. */
  private static byte[] greeted(Socket socket) throws IOException {
    var allocate = Stun.request(Stun.ALLOCATE).with(Stun.REQUESTED_TRANSPORT, UDP).bytes();
    socket.getOutputStream().write(allocate);
    var nonce = Stun.attribute(new TurnClient.Stream(socket).receive(), Stun.NONCE);
    return nonce == null ? new byte[40] : nonce;
  }

  private static final byte[] UDP = {17, 0, 0, 0};

  private static Mutator.Identity identity(byte[] nonce) {
    return new Mutator.Identity(
        USER.getBytes(StandardCharsets.UTF_8),
        ServerProcess.REALM.getBytes(StandardCharsets.UTF_8),
        nonce,
        KEY);
  }

  private static final byte[] KEY = Stun.key(USER, ServerProcess.REALM, PASSWORD);

  /** Many sources, so that limits per source do not end the test before it begins. */
  private static InetAddress source(int number) throws IOException {
    return InetAddress.getByAddress(new byte[] {127, 0, 2, (byte) (1 + number % 200)});
  }

  /** Resident memory, and what is alive on the heap after a full collection. */
  private record Memory(long residentKb, long heapKb) {

    static Memory of(ServerProcess server) {
      long heap = ServerProcess.isPuente() ? liveHeapKb(server) : 0;
      return new Memory(server.residentKb(), heap);
    }

    private static long liveHeapKb(ServerProcess server) {
      var result =
          Program.start(
                  server.folder.resolve("heap.out"),
                  System.getProperty("java.home") + "/bin/jcmd",
                  "" + server.program().pid(),
                  "GC.class_histogram")
              .finish(Duration.ofSeconds(30));
      var total = result.output().lines().filter(line -> line.startsWith("Total")).findFirst();
      var columns = total.orElseThrow(() -> new AssertionError(result.output())).split(" +");
      return Long.parseLong(columns[2]) / 1024;
    }

    @Override
    public String toString() {
      return residentKb / 1024 + " MB resident, " + heapKb + " kB live";
    }
  }

  /** One five-tuple that sends bursts and waits for the answer to a Binding after each. */
  private static final class Client implements AutoCloseable {
    private final DatagramSocket socket;
    private final ServerProcess server;
    private final DatagramPacket incoming = new DatagramPacket(new byte[2_048], 2_048);
    private byte[] nonce = {};

    Client(ServerProcess server, int number) throws IOException {
      this.server = server;
      socket = new DatagramSocket(0, source(number));
      socket.setReceiveBufferSize(1 << 20);
      socket.setSoTimeout(300);
      send(Stun.request(Stun.ALLOCATE).with(Stun.REQUESTED_TRANSPORT, UDP).bytes());
      awaitBinding();
    }

    void burst(Mutator mutator) throws IOException {
      for (int i = 0; i < BURST; i++) {
        send(mutator.next(identity(nonce)));
      }
      awaitBinding();
    }

    private void send(byte[] message) throws IOException {
      socket.send(new DatagramPacket(message, message.length, server.address()));
    }

    /** Also picks up the nonces that refusals bring. */
    private void awaitBinding() throws IOException {
      var binding = Stun.request(Stun.BINDING).bytes();
      for (int attempt = 0; attempt < 20; attempt++) {
        send(binding);
        try {
          while (!isAnswer(binding, received())) {}
          return;
        } catch (SocketTimeoutException e) {
          assertTrue(server.program().alive(), server.log());
        }
      }
      throw new AssertionError("no answer any more\n" + server.log());
    }

    private byte[] received() throws IOException {
      socket.receive(incoming);
      return Arrays.copyOf(incoming.getData(), incoming.getLength());
    }

    private boolean isAnswer(byte[] request, byte[] message) {
      if (!Stun.isStun(message)) {
        return false;
      }
      var kind = "%03x %d".formatted(Stun.type(message), Stun.errorCode(message));
      ANSWERS.merge(kind.replace(" 0", ""), 1, Integer::sum);
      var fresh = Stun.attribute(message, Stun.NONCE);
      if (fresh != null) {
        nonce = fresh;
      }
      return Stun.transaction(message).equals(Stun.transaction(request));
    }

    /** RFC 8656 §8: a lifetime of zero gives the port back. */
    @Override
    public void close() throws IOException {
      var identity = identity(nonce);
      send(
          Stun.request(Stun.REFRESH)
              .with(Stun.LIFETIME, new byte[4])
              .with(Stun.USERNAME, identity.user())
              .with(Stun.REALM, identity.realm())
              .with(Stun.NONCE, identity.nonce())
              .signed(identity.key()));
      awaitBinding();
      socket.close();
    }
  }
}
