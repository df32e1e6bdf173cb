package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** RFC 8016 §3 with real sockets: a flow goes on wherever its client goes, and loses nothing. */
@NullUnmarked
@Tag("e2e")
@Timeout(180)
class MovingClientTest {

  static final int TICKET = 0x8030;
  private static final int CHANNEL = 0x4000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Of two shards the kernel chooses one for each new address: as often as not the other one. */
  private static final int MOVES_MAX = 40;

  private ServerProcess server;
  private TurnClient client;
  private byte[] ticket = {};
  private volatile boolean ended;
  private final Object sending = new Object();
  private final AtomicInteger received = new AtomicInteger();
  private int sent;

  @BeforeAll
  static void ours() {
    assumeTrue(ServerProcess.isPuente(), "its own client moves with coturn's server");
  }

  @Test
  void flowFollowsItsClient() throws Exception {
    try (var echo = new UdpEcho("127.0.0.1")) {
      server = ServerProcess.start("mobility", "mobility", "relay-threads=2");
      allocates(new InetSocketAddress("127.0.0.1", echo.port()));
      Thread.ofPlatform().daemon().name("media").start(this::sendSteadily);
      int moves = 0;
      do {
        movesTo(TurnClient.udp(server));
        moves++;
      } while (server.metric("puente_state_total{", "stray") == 0 && moves < MOVES_MAX);
      assertTrue(moves < MOVES_MAX, "never to the other shard");

      synchronized (sending) {
        awaitEchoes();
        // What is written later than this was written in order.
        client.refresh(600);
        LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
        server.kill();
        server.startAgain();
        server.ready();
      }
      movesTo(TurnClient.udp(server));
      movesTo(TurnClient.tcp(server));
      movesTo(TurnClient.tls(server));
      movesTo(TurnClient.tls(server));
      movesTo(TurnClient.tcp(server));
      breaksAndComesBackBy(TurnClient.tls(server));
      movesTo(TurnClient.dtls(server));
      movesTo(TurnClient.dtls(server));
      breaksAndComesBackBy(TurnClient.dtls(server));
      breaksAndComesBackBy(TurnClient.udp(server));
      isRefusedTwice();

      InetSocketAddress now = client.mapped();
      String sessions = server.get("/api/v1/sessions");
      assertTrue(sessions.contains("127.0.0.1:" + now.getPort()), sessions);
      ended = true;
      client.refresh(0);
      client.close();
    } finally {
      ended = true;
      if (server != null) {
        server.close();
      }
    }
  }

  private void allocates(InetSocketAddress peer) throws IOException {
    client = TurnClient.udp(server);
    client.onData(data -> received.incrementAndGet());
    byte[] answer =
        client.signed(
            Stun.ALLOCATE,
            message ->
                message
                    .with(Stun.REQUESTED_TRANSPORT, new byte[] {17, 0, 0, 0})
                    .with(TICKET, new byte[0]));
    ticket = ticketIn(answer);
    client.bind(CHANNEL, peer);
  }

  /** Make before break: media runs by the old way until the new one is granted. */
  private void movesTo(TurnClient next) throws IOException {
    show(next);
    synchronized (sending) {
      // What is still on its way by the old address would come too late.
      awaitEchoes();
      client.close();
      client = next;
      send();
      awaitEchoes();
    }
    int goal = received.get() + 20;
    await(() -> received.get() >= goal, "media by the new way");
  }

  /** Break before make: there is no way for a while. */
  private void breaksAndComesBackBy(TurnClient next) throws IOException {
    synchronized (sending) {
      awaitEchoes();
      client.close();
      show(next);
      client = next;
      send();
      awaitEchoes();
    }
  }

  /** RFC 8016 §3.2.2: what is no ticket of ours moves nothing; the log says so once. */
  private void isRefusedTwice() throws Exception {
    byte[] forged = ticket.clone();
    forged[7] ^= 1;
    var thief = TurnClient.udp(server);
    for (int i = 0; i < 2; i++) {
      byte[] refusal = thief.signed(Stun.REFRESH, message -> message.with(TICKET, forged));
      assertEquals(400, Stun.errorCode(refusal));
    }
    thief.close();
    assertEquals(2, server.metric("puente_turn_mobility_total{", "bad_ticket"));
    var line = "event=ticket-refused reason=bad_ticket";
    await(() -> server.log().contains(line), "a line in the log");
    assertEquals(server.log().indexOf(line), server.log().lastIndexOf(line));
  }

  private void show(TurnClient next) {
    next.onData(data -> received.incrementAndGet());
    byte[] shown = ticket;
    ticket = ticketIn(next.signed(Stun.REFRESH, message -> message.with(TICKET, shown)));
  }

  static byte[] ticketIn(byte[] answer) {
    byte[] found = Stun.attribute(TurnClient.succeeded(answer), TICKET);
    if (found == null) {
      throw new AssertionError("no MOBILITY-TICKET");
    }
    return found;
  }

  private void sendSteadily() {
    while (!ended) {
      synchronized (sending) {
        try {
          send();
        } catch (IOException closed) {
          return;
        }
      }
      LockSupport.parkNanos(Duration.ofMillis(3).toNanos());
    }
  }

  private void send() throws IOException {
    client.sendChannel(CHANNEL, ByteBuffer.allocate(160).putInt(sent++).array());
  }

  /** All that was sent has come back: nothing is lost, nothing comes twice. */
  private void awaitEchoes() {
    await(() -> received.get() >= sent, "echoes");
    assertEquals(sent, received.get());
  }

  private void await(BooleanSupplier condition, String what) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertTrue(
          System.nanoTime() - start < PATIENCE.toNanos(),
          () -> what + ": " + received + " of " + sent + " came back\n" + server.log());
      LockSupport.parkNanos(1_000_000);
    }
  }
}
