package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server leaves without hurting anybody: by signal, by command, and for real clients. */
@Tag("e2e")
@Timeout(120)
class LeavingTest {

  private static final Duration LIMIT = Duration.ofSeconds(40);

  @BeforeEach
  void ours() {
    org.junit.jupiter.api.Assumptions.assumeTrue(ServerProcess.isPuente());
  }

  /** RFC 8489 §10: coturn's client follows 300 to the other server. */
  @ParameterizedTest
  @ValueSource(strings = {"", "-t "})
  void uclientFollowsTheRedirection(String transport) throws Exception {
    Program.require("turnutils_uclient");
    try (var other = ServerProcess.start("redirect-to", "rfc5766-channel-numbers");
        var server =
            ServerProcess.start(
                "redirect-from",
                "rfc5766-channel-numbers",
                "alternate-server=127.0.0.1:" + other.port);
        var echo = new UdpEcho("127.0.0.1")) {
      var arguments =
          transport + "-u user -w pass -n 20 -c -p " + server.port + " -e 127.0.0.1 -r ";
      var command = ("turnutils_uclient " + arguments + echo.port() + " 127.0.0.1").split(" +");
      var result = Program.start(server.folder.resolve("uclient.out"), command).finish(LIMIT);
      assertEquals(0, result.exit(), result.output());
      assertTrue(result.output().contains("tot_recv_msgs=20"), result.output());
      assertEquals(0, created(server));
      assertTrue(created(other) > 0);
    }
  }

  /** SIGTERM with a drain configured: what exists goes on, nothing new, then exit code 0. */
  @Test
  void sigtermWaitsForTheLastAllocation() throws Exception {
    try (var server = ServerProcess.start("drain-sigterm", "drain-min-allocations=0");
        var echo = new UdpEcho("127.0.0.1")) {
      var client = TurnClient.udp(server);
      var received = new LinkedBlockingQueue<byte[]>();
      client.onData(received::add);
      client.allocate();
      awaitState(server, "serving");
      server.program().signal("TERM");
      awaitState(server, "draining");
      assertEquals(508, Stun.errorCode(allocate(TurnClient.udp(server))));
      var ready = server.ask("GET", "/readyz");
      assertEquals(503, ready.statusCode());
      assertTrue(ready.body().contains("draining"), ready.body());
      client.bind(0x4000, new InetSocketAddress("127.0.0.1", echo.port()));
      var payload = "still here".getBytes(StandardCharsets.US_ASCII);
      client.sendChannel(0x4000, payload);
      var back = received.poll(10, TimeUnit.SECONDS);
      assertNotNull(back);
      assertArrayEquals(payload, back);
      client.refresh(600);
      assertTrue(server.program().alive());
      client.refresh(0);
      var result = server.program().finish(LIMIT);
      assertEquals(0, result.exit(), result.output());
    }
  }

  @Test
  void aSecondSigtermDoesNotWait() throws Exception {
    try (var server = ServerProcess.start("drain-twice", "drain-deadline=1h")) {
      TurnClient.udp(server).allocate();
      awaitState(server, "serving");
      server.program().signal("TERM");
      awaitState(server, "draining");
      server.program().signal("TERM");
      assertEquals(0, server.program().finish(LIMIT).exit(), server.log());
    }
  }

  @Test
  void theDeadlineEndsWhatIsLeft() throws Exception {
    try (var server = ServerProcess.start("drain-deadline", "drain-deadline=1s")) {
      TurnClient.udp(server).allocate();
      server.program().signal("TERM");
      assertEquals(0, server.program().finish(LIMIT).exit(), server.log());
      assertTrue(server.log().contains("event=drain-deadline"), server.log());
    }
  }

  /** {@code puente drain --wait}, {@code nodes}, {@code sessions} and {@code undrain}. */
  @Test
  void theCommandLineDrains() throws Exception {
    try (var server = ServerProcess.start("drain-command")) {
      var client = TurnClient.udp(server);
      client.allocate();
      var sessions = server.command("sessions", "sessions", "--user", "us*").finish(LIMIT);
      assertEquals(0, sessions.exit(), sessions.output());
      assertTrue(sessions.output().contains("127.0.0.1:"), sessions.output());
      var late = server.command("late", "drain", "--wait", "--timeout", "1s").finish(LIMIT);
      assertEquals(1, late.exit(), late.output());
      var drain = server.command("drain", "drain", "--wait", "--reason", "a test");
      awaitState(server, "draining");
      assertEquals(508, Stun.errorCode(allocate(TurnClient.udp(server))));
      client.refresh(0);
      var drained = drain.finish(LIMIT);
      assertEquals(0, drained.exit(), drained.output());
      var nodes = server.command("nodes", "nodes").finish(LIMIT);
      assertTrue(nodes.output().contains("drained"), nodes.output());
      assertEquals(0, server.command("undrain", "undrain").finish(LIMIT).exit());
      TurnClient.udp(server).allocate();
      assertTrue(server.log().contains("event=audit action=drain"), server.log());
      var other = server.command("other", "drain", "--node", "nobody").finish(LIMIT);
      assertEquals(1, other.exit());
      assertTrue(other.output().contains("no such node"), other.output());
      assertFalse(other.output().contains("\tat "), other.output());
    }
  }

  private static byte[] allocate(TurnClient client) {
    return client.signed(
        Stun.ALLOCATE, message -> message.with(Stun.REQUESTED_TRANSPORT, new byte[] {17, 0, 0, 0}));
  }

  private static long created(ServerProcess server) throws Exception {
    return (long) server.metric("puente_turn_allocations_created_total{", "");
  }

  /** Asks again and again, for at most as long as the test has. */
  private static void awaitState(ServerProcess server, String state) throws Exception {
    while (!isIn(server, state)) {
      assertFalse(server.program().endsWithin(Duration.ofMillis(50)), server.log());
    }
  }

  private static boolean isIn(ServerProcess server, String state) throws Exception {
    try {
      return server.get("/api/v1/nodes/self").contains("\"" + state + "\"");
    } catch (ConnectException notYet) {
      // The admin port opens after the others.
      return false;
    }
  }
}
