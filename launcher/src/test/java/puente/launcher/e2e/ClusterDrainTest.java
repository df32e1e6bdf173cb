package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes, as two processes: one leaves by order of the other, and its clients go there. */
@Tag("e2e")
@Timeout(180)
class ClusterDrainTest {

  private static final Duration LIMIT = Duration.ofSeconds(40);
  private static final int CHANNEL = 0x4000;

  /** RFC 8489 §10: 300 names the other node, of the client's transport; who follows is served. */
  @Test
  void whoComesToADrainingNodeIsServedByTheOther() throws Exception {
    assumeTrue(ServerProcess.isPuente());
    int ports = Ports.free(2);
    try (var one = start("drain-one", ports, ports + 1);
        var two = start("drain-two", ports + 1, ports);
        var echo = new UdpEcho("127.0.0.1")) {
      var early = TurnClient.udp(one);
      var received = new LinkedBlockingQueue<byte[]>();
      early.onData(received::add);
      early.allocate();
      early.bind(CHANNEL, new InetSocketAddress("127.0.0.1", echo.port()));
      awaitNode(two, "drain-one", "serving");
      awaitNode(one, "drain-two", "serving");

      // By the other node, which is told at once how it stands.
      var drain = two.command("drain", "drain", "drain-one", "--reason", "kernel update");
      var drained = drain.finish(LIMIT);
      assertEquals(0, drained.exit(), drained.output());
      assertTrue(drained.output().contains("drain-one draining"), drained.output());
      assertTrue(nodes(two).contains("kernel update"));
      assertTrue(one.get("/metrics").contains("state=\"draining\"} 1"), one.get("/metrics"));
      assertEquals(1, one.metric("puente_drain_remaining_allocations{", ""));
      assertTrue(one.metric("puente_drain_deadline_timestamp_seconds{", "") > 1_700_000_000);

      assertEquals(two.address(), alternate(allocate(TurnClient.udp(one))));
      assertEquals(two.address(), alternate(allocate(TurnClient.tcp(one))));
      TurnClient.udp(two).allocate();
      uclientFollows(one, two, echo);

      // What was there goes on as if nothing had happened.
      var payload = "still here".getBytes(StandardCharsets.US_ASCII);
      early.sendChannel(CHANNEL, payload);
      var back = received.poll(10, TimeUnit.SECONDS);
      assertNotNull(back);
      assertArrayEquals(payload, back);
      early.refresh(600);

      // The last that serves is not let go without a word more. Both leave: there is nowhere to go.
      var last = one.command("last", "drain", "drain-two").finish(LIMIT);
      assertEquals(1, last.exit());
      assertTrue(last.output().contains("None of the other nodes serves"), last.output());
      assertEquals(0, one.command("both", "drain", "drain-two", "--force").finish(LIMIT).exit());
      assertEquals(508, Stun.errorCode(allocate(TurnClient.udp(one))));
      assertEquals(508, Stun.errorCode(allocate(TurnClient.udp(two))));
      assertEquals(0, one.command("back", "undrain", "drain-two").finish(LIMIT).exit());
      TurnClient.udp(two).allocate();

      var wait = two.command("wait", "drain", "--wait", "drain-one", "--timeout", "30s");
      early.refresh(0);
      var waited = wait.finish(LIMIT);
      assertEquals(0, waited.exit(), waited.output());
      assertTrue(waited.output().contains("drain-one drained"), waited.output());
      assertEquals(0, two.command("again", "undrain", "drain-one").finish(LIMIT).exit());
      TurnClient.udp(one).allocate();
      var unknown = two.command("unknown", "drain", "nobody").finish(LIMIT);
      assertEquals(1, unknown.exit());
      assertTrue(unknown.output().contains("no such node"), unknown.output());
    }
  }

  /** Whoever relays nothing is let go before the deadline, where that was asked for. */
  @Test
  void idleAllocationsAreReclaimed() throws Exception {
    assumeTrue(ServerProcess.isPuente());
    try (var server = ServerProcess.start("drain-idle", "drain-reclaim-idle=1s")) {
      TurnClient.udp(server).allocate();
      var drained = server.command("drain", "drain", "--wait", "--timeout", "20s").finish(LIMIT);
      assertEquals(0, drained.exit(), drained.output());
      assertTrue(server.log().contains("event=drain-reclaimed ended=1"), server.log());
    }
  }

  private static void uclientFollows(ServerProcess from, ServerProcess to, UdpEcho echo) {
    Program.require("turnutils_uclient");
    var options = "-u user -w pass -n 5 -c -p " + from.port + " -e 127.0.0.1 -r " + echo.port();
    var command = ("turnutils_uclient " + options + " 127.0.0.1").split(" +");
    var result = Program.start(from.folder.resolve("uclient.out"), command).finish(LIMIT);
    assertEquals(0, result.exit(), result.output() + to.log());
    assertTrue(result.output().contains("tot_recv_msgs=5"), result.output());
  }

  private static InetSocketAddress alternate(byte[] answer) {
    assertEquals(300, Stun.errorCode(answer));
    var value = Stun.attribute(answer, 0x8023);
    assertNotNull(value);
    int port = (value[2] & 0xff) << 8 | value[3] & 0xff;
    assertEquals(1, value[1], "IPv4, as the client");
    return new InetSocketAddress(
        (value[4] & 0xff) + "." + value[5] + "." + value[6] + "." + value[7], port);
  }

  private static byte[] allocate(TurnClient client) {
    return client.signed(
        Stun.ALLOCATE, message -> message.with(Stun.REQUESTED_TRANSPORT, new byte[] {17, 0, 0, 0}));
  }

  private static void awaitNode(ServerProcess asked, String id, String state) throws Exception {
    var wanted = "\"id\":\"" + id + "\"";
    while (!isIn(asked.get("/api/v1/nodes/" + id), wanted, state)) {
      assertFalse(asked.program().endsWithin(Duration.ofMillis(50)), asked.log());
    }
  }

  private static boolean isIn(String answer, String id, String state) {
    var text = answer.replace(" ", "");
    return text.contains(id)
        && text.contains("\"alive\":true")
        && text.contains("\"state\":\"" + state + "\"");
  }

  private static String nodes(ServerProcess server) throws Exception {
    return server.get("/api/v1/nodes");
  }

  private static ServerProcess start(String name, int port, int other) {
    return ServerProcess.start(
        name, ServerProcess.cluster(name, port, other, "rfc5766-channel-numbers"));
  }
}
