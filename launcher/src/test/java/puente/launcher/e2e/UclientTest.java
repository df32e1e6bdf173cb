package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** coturn's own client against the server: every message sent comes back, 0 % loss. */
@Tag("e2e")
class UclientTest {

  /** uclient waits for seconds between its phases, so that several together cost little more. */
  private static final int AT_ONCE = 5;

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Pattern SENT =
      Pattern.compile("start_mclient: tot_send_msgs=(\\d+), tot_recv_msgs=(\\d+)");

  /** uclient 4.6 draws its channel numbers from all that RFC 5766 allowed. */
  private static final String OLD_CHANNELS =
      ServerProcess.isPuente() ? "rfc5766-channel-numbers" : "verbose";

  /** As many as four in ten get through. */
  private static final int MOVING_RUNS = 40;

  /** coturn has it on from the start. */
  private static final String TCP_RELAY = ServerProcess.isPuente() ? "tcp-relay" : "verbose";

  private record Variant(String name, int messages, String arguments) {}

  /**
   * RFC 8656 whole, by words of uclient: channels (§12) and Send/Data indications (§11), EVEN-PORT
   * with RESERVATION-TOKEN (§14.6, §14.9; without -c), DONT-FRAGMENT (-g), padded ChannelData over
   * UDP (-D), extra CreatePermission and ChannelBind requests (-G), relay to relay (-y), TCP and
   * TLS clients (§2.1), DTLS clients (RFC 7350 §4.1), TCP relays (RFC 6062 §5.2, §5.3, §5.4; with
   * messages of 200 bytes, as it cuts longer answers off), mobility (RFC 8016 §3.1, §3.2), IPv6
   * relays and each family to the other (RFC 8656 §13.1, §13.2, §13.3).
   */
  @TestFactory
  Stream<DynamicTest> losesNothing() throws Exception {
    Program.require("turnutils_uclient", "turnserver");
    var server = ServerProcess.start("uclient", OLD_CHANNELS, TCP_RELAY, "mobility");
    var tls12 = new TlsTunnel(server, "TLSv1.2");
    var tls13 = new TlsTunnel(server, ServerProcess.isPuente() ? "TLSv1.3" : "TLSv1.2");
    var echo = new UdpEcho("127.0.0.1");
    var echo6 = new UdpEcho("::1");
    var to = " -e 127.0.0.1 -r " + echo.port() + " ";
    var to6 = " -e ::1 -r " + echo6.port() + " ";
    var plain = " -p " + server.port + " ";
    var secure = " -t -S -p " + server.tlsPort + " ";
    var datagrams = " -S -p " + server.tlsPort + " ";
    var host = " 127.0.0.1";
    var variants =
        List.of(
            new Variant("UDP, channels", 100, "-n 100 -c" + plain + to + host),
            new Variant("UDP, indications", 100, "-n 100 -s -c" + plain + to + host),
            new Variant("UDP, pairs of ports", 80, "-n 40" + plain + to + host),
            new Variant(
                "UDP, unfragmented, padded, repeating itself",
                40,
                "-n 40 -c -g -D -G" + plain + to + host),
            new Variant("UDP, client to client", 80, "-n 40 -c -y" + plain + host),
            new Variant("UDP, client to client, indications", 80, "-n 40 -y -c -s" + plain + host),
            new Variant(
                "UDP, twenty clients, 1200 bytes",
                1000,
                "-n 50 -m 20 -l 1200 -z 10 -c" + plain + to + host),
            new Variant("UDP, IPv4 asked for", 40, "-n 40 -X -c" + plain + to + host),
            new Variant("TCP, channels", 100, "-n 100 -t -c" + plain + to + host),
            new Variant("TCP, indications", 100, "-n 100 -t -s -c" + plain + to + host),
            new Variant("TCP, client to client", 80, "-n 40 -t -c -y" + plain + host),
            new Variant(
                "TCP, ten clients, 1200 bytes",
                300,
                "-n 30 -m 10 -l 1200 -t -c" + plain + to + host),
            new Variant("TCP with peers", 40, "-n 20 -T -l 200" + plain + host),
            new Variant("TLS, channels", 40, "-n 40 -c" + secure + to + host),
            new Variant("TLS, indications", 40, "-n 40 -c -s" + secure + to + host),
            new Variant(
                "TLS 1.2, client to client", 80, "-n 40 -t -c -y -p " + tls12.port() + host),
            new Variant(
                "TLS 1.3, client to client", 80, "-n 40 -t -c -y -p " + tls13.port() + host),
            new Variant("DTLS, channels", 40, "-n 40 -c" + datagrams + to + host),
            new Variant("DTLS, indications", 40, "-n 40 -c -s" + datagrams + to + host),
            new Variant("DTLS, pairs of ports", 80, "-n 40" + datagrams + to + host),
            new Variant(
                "DTLS, ten clients, 1200 bytes",
                300,
                "-n 30 -m 10 -l 1200 -z 10 -c" + datagrams + to + host),
            new Variant("DTLS, client to client", 80, "-n 40 -c -y" + datagrams + host),
            new Variant("UDP, moving", 100, "-n 100 -M -c" + plain + to + host),
            new Variant("UDP, moving, indications", 100, "-n 100 -M -c -s" + plain + to + host),
            new Variant("TCP, moving", 100, "-n 100 -M -t -c" + plain + to + host),
            new Variant("TLS, moving", 40, "-n 40 -M -c" + secure + to + host),
            new Variant("DTLS, moving", 40, "-n 40 -M -c" + datagrams + to + host),
            new Variant("IPv6 over DTLS", 40, "-n 40 -x -c" + datagrams + to6 + " ::1"),
            new Variant("IPv6, channels", 100, "-n 100 -x -c" + plain + to6 + " ::1"),
            new Variant("IPv6, indications", 40, "-n 40 -x -c -s" + plain + to6 + " ::1"),
            new Variant("IPv6, client to client", 80, "-n 40 -x -c -y" + plain + " ::1"),
            new Variant("IPv6 over TCP", 40, "-n 40 -t -x -c" + plain + to6 + " ::1"),
            new Variant("IPv6 over TLS", 40, "-n 40 -x -c" + secure + to6 + " ::1"),
            new Variant("IPv4 client, IPv6 relay", 40, "-n 40 -x -c" + plain + to6 + host),
            new Variant("IPv6 client, IPv4 relay", 40, "-n 40 -X -c" + plain + to + " ::1"));
    return Stream.concat(runAll(server, variants), Stream.of(moves(server)))
        .onClose(() -> closeAll(server, tls12, tls13, echo, echo6));
  }

  /** A client that cannot read its ticket goes on without a word. */
  private static DynamicTest moves(ServerProcess server) {
    return DynamicTest.dynamicTest(
        "those that move have moved",
        () ->
            assertTrue(
                !ServerProcess.isPuente()
                    || server.metric("puente_turn_mobility_total{", "granted") > 0));
  }

  private Stream<DynamicTest> runAll(ServerProcess server, List<Variant> variants) {
    ExecutorService running = Executors.newFixedThreadPool(AT_ONCE);
    var results = new ArrayList<Future<Program.Finished>>();
    for (var variant : variants) {
      results.add(running.submit(() -> run(server, variant)));
    }
    running.shutdown();
    return Stream.iterate(0, i -> i < variants.size(), i -> i + 1)
        .map(
            i ->
                DynamicTest.dynamicTest(
                    variants.get(i).name,
                    () -> assertNothingLost(variants.get(i), results.get(i).get())));
  }

  /**
   * One move in four, uclient frees the TLS of its old way twice and cannot send any more: it is
   * started again then.
   */
  private static Program.Finished run(ServerProcess server, Variant variant) {
    Program.Finished result;
    int runs = 0;
    do {
      result = uclient(server, variant.name, account(variant.arguments));
    } while (result.output().strip().endsWith("send: Success") && ++runs < MOVING_RUNS);
    return result;
  }

  private static String account(String arguments) {
    return "-u " + ServerProcess.USER + " -w " + ServerProcess.PASSWORD + " " + arguments;
  }

  private static Program.Finished uclient(ServerProcess server, String name, String arguments) {
    var command = ("turnutils_uclient " + arguments).trim().split(" +");
    var output = server.folder.resolve(name.replaceAll("\\W+", "-") + ".out");
    return Program.start(output, command).finish(LIMIT);
  }

  private static void assertNothingLost(Variant variant, Program.Finished result) {
    assertEquals(0, result.exit(), result.output());
    var totals = SENT.matcher(result.output());
    assertTrue(totals.find(), result.output());
    assertEquals(variant.messages, Integer.parseInt(totals.group(1)), result.output());
    assertEquals(totals.group(1), totals.group(2), result.output());
  }

  private static void closeAll(AutoCloseable... all) {
    for (var one : all) {
      try {
        one.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /**
   * RFC 8656 §7.2: one allocation with an IPv4 and an IPv6 relayed address. Each half is used; a
   * server that gave only one would refuse the permission for the other family's peer.
   */
  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void dualAllocation(String peer) throws Exception {
    Program.require("turnutils_uclient");
    try (var server = ServerProcess.start("dual", OLD_CHANNELS);
        var translator = new DraftTranslator(server);
        var echo = new UdpEcho(peer)) {
      int port = ServerProcess.isPuente() ? translator.port() : server.port;
      var rest = " -Z -n 40 -p " + port + " -e " + peer + " -r " + echo.port() + " 127.0.0.1";
      var result = uclient(server, "dual", account(rest));
      assertNothingLost(new Variant("dual", 40, ""), result);
    }
  }

  /**
   * Many clients on one relay port with one peer: one of them reaches it from there, the others from
   * ports of their own. How many are there at all is uclient's choice: some ask for an even port.
   */
  @Test
  void sharedPorts() throws Exception {
    Program.require("turnutils_uclient");
    Assumptions.assumeTrue(ServerProcess.isPuente());
    try (var server =
            ServerProcess.start("shared", OLD_CHANNELS, "shared-relay-ports=1", "relay-threads=1");
        var echo = new UdpEcho("127.0.0.1")) {
      var rest = "-c -p " + server.port + " -e 127.0.0.1 -r " + echo.port() + " 127.0.0.1";
      var alone = uclient(server, "alone", account("-n 40 -s " + rest));
      assertNothingLost(new Variant("alone", 40, ""), alone);
      var many = uclient(server, "many", account("-n 20 -m 20 " + rest));
      assertNothingLost(new Variant("many", 400, ""), many);
      assertTrue(server.metric("puente_turn_shared_ports_total", "allocated") >= 3);
      assertTrue(server.metric("puente_turn_shared_ports_total", "private_port") >= 1);
    }
  }

  /** Shared-secret credentials (TURN REST): the password is an HMAC of "expiry:name". */
  @Test
  void sharedSecret() {
    Program.require("turnutils_uclient");
    try (var server =
            ServerProcess.start(
                "secret", "use-auth-secret", "static-auth-secret=north-wind", OLD_CHANNELS);
        var echo = new UdpEcho("127.0.0.1")) {
      var rest = "-c -p " + server.port + " -e 127.0.0.1 -r " + echo.port() + " 127.0.0.1";
      var good = uclient(server, "good", "-n 40 -u ana -W north-wind " + rest);
      assertNothingLost(new Variant("shared secret", 40, ""), good);
      var bad = uclient(server, "bad", "-n 1 -u ana -W south-wind " + rest);
      assertNotEquals(0, bad.exit(), bad.output());
    }
  }

  /**
   * RFC 7635 §6.1 and §6.2: tokens that uclient makes by itself, under one of its three built-in
   * keys, another one for each Refresh; and one whose key we do not have.
   */
  @Test
  void thirdPartyTokens() {
    Program.require("turnutils_uclient");
    var same = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIK:A256GCM";
    try (var server =
        ServerProcess.start(
            "tokens",
            OLD_CHANNELS,
            "oauth",
            "server-name=blackdow.carleon.gov",
            "oauth-key=north:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEK:A256GCM",
            "oauth-key=union:MTIzNDU2Nzg5MDEyMzQ1Ngo=:A128GCM",
            "oauth-key=oldempire:" + same)) {
      var rest = " -J -n 20 -c -y -p " + server.port + " 127.0.0.1";
      assertNothingLost(new Variant("tokens", 40, ""), uclient(server, "tokens", rest));
    }
    try (var server = ServerProcess.start("no-tokens", "oauth", "oauth-key=other:" + same)) {
      var refused = uclient(server, "no-tokens", "-J -n 1 -c -p " + server.port + " 127.0.0.1");
      assertNotEquals(0, refused.exit(), refused.output());
    }
  }

  /** RFC 8489 §9.2.4: a wrong password gets no allocation. */
  @Test
  void wrongPassword() {
    Program.require("turnutils_uclient");
    try (var server = ServerProcess.start("wrong-password")) {
      var rest = " -n 1 -c -p " + server.port + " -e 127.0.0.1 127.0.0.1";
      var result = uclient(server, "wrong", "-u user -w mistaken" + rest);
      assertNotEquals(0, result.exit(), result.output());
      assertTrue(result.output().contains("Cannot complete Allocation"), result.output());
    }
  }
}
