package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** RFC 5780: coturn's discovery clients, without a NAT between, through two loopback addresses. */
@Tag("e2e")
class DiscoveryTest {

  private static final int OTHER_ADDRESS = 0x802c;

  private static ServerProcess discoverable(String name) {
    return ServerProcess.bare(
            name,
            "listening-ip=127.0.0.1",
            "listening-ip=127.0.0.2",
            "listening-port=%PORT%",
            "alt-listening-port=%ALT%",
            "min-port=%MIN%",
            "max-port=%MAX%",
            "no-tls",
            "no-dtls",
            "no-auth",
            "realm=puente.test",
            "allow-loopback-peers",
            ServerProcess.isPuente() ? "rfc5780" : "verbose")
        .ready();
  }

  /** §4.3 and §4.4: mapping by three requests, filtering by CHANGE-REQUEST. */
  @Test
  void natDiscovery() {
    Program.require("turnutils_natdiscovery");
    try (var server = discoverable("natdiscovery")) {
      var result = run(server, "turnutils_natdiscovery", "-m", "-f", "-H");
      assertTrue(result.contains("NAT with Endpoint Independent Mapping!"), result);
      assertTrue(result.contains("NAT with Endpoint Independent Filtering!"), result);
      assertTrue(result.contains("Other addr: : 127.0.0.2:" + server.alternatePort), result);
      assertTrue(result.contains("Response origin: : 127.0.0.2:" + server.port), result);
    }
  }

  /** §7.2 to §7.4: RESPONSE-ORIGIN and OTHER-ADDRESS; answers from the other address and port. */
  @Test
  void stunClient() {
    Program.require("turnutils_stunclient");
    try (var server = discoverable("stunclient")) {
      var result = run(server, "turnutils_stunclient", "-f");
      assertTrue(result.contains("RFC 5780 response 3"), result);
      assertTrue(result.contains("Response origin: : 127.0.0.2:" + server.alternatePort), result);
    }
  }

  /** §6, §7.2: each node has one address; the other node lends its own, as long as it lives. */
  @Test
  @Timeout(120)
  void twoNodesLendEachOtherTheirAddress() throws Exception {
    assumeTrue(ServerProcess.isPuente());
    Program.require("turnutils_natdiscovery");
    int ports = Ports.free(2);
    try (var one = node("lend-one", "127.0.0.1", "%PORT%", "%ALT%", ports).ready()) {
      String other = "127.0.0.2:" + one.alternatePort;
      var first = String.valueOf(one.port);
      var second = String.valueOf(one.alternatePort);
      try (var two = node("lend-two", "127.0.0.2", first, second, ports)) {
        var result = run(one, "turnutils_natdiscovery", "-m", "-f", "-H");
        // The nodes meet in the background, and one of them first.
        while (!result.contains("Response origin: : 127.0.0.2:" + one.port)) {
          assertFalse(two.program().endsWithin(Duration.ofMillis(100)), two.log());
          result = run(one, "turnutils_natdiscovery", "-m", "-f", "-H");
        }
        assertTrue(result.contains("NAT with Endpoint Independent Mapping!"), result);
        assertTrue(result.contains("NAT with Endpoint Independent Filtering!"), result);
        assertTrue(result.contains("Other addr: : " + other), result);
        var changed = run(one, "turnutils_stunclient", "-f");
        assertTrue(changed.contains("RFC 5780 response 3"), changed);
        assertTrue(changed.contains("Response origin: : " + other), changed);
        two.kill();
      }
      while (namesAnother(one)) {
        assertFalse(one.program().endsWithin(Duration.ofMillis(100)), one.log());
      }
    }
  }

  /** §7.4: whether a Binding answer has OTHER-ADDRESS. */
  private static boolean namesAnother(ServerProcess server) throws IOException {
    var request = Stun.request(Stun.BINDING).bytes();
    var answer = new DatagramPacket(new byte[2048], 2048);
    try (var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      socket.setSoTimeout(10_000);
      socket.send(new DatagramPacket(request, request.length, server.address()));
      socket.receive(answer);
    }
    var message = Arrays.copyOf(answer.getData(), answer.getLength());
    return Stun.attribute(message, OTHER_ADDRESS) != null;
  }

  private static ServerProcess node(
      String name, String ip, String port, String alternatePort, int clusterPort) {
    return ServerProcess.bare(
        name,
        "listening-ip=" + ip,
        "listening-port=" + port,
        "alt-listening-port=" + alternatePort,
        "min-port=%MIN%",
        "max-port=%MAX%",
        "no-tls",
        "no-dtls",
        "no-auth",
        "realm=puente.test",
        "allow-loopback-peers",
        "rfc5780",
        "node-id=" + name,
        "cluster-ip=" + ip,
        "cluster-port=" + clusterPort,
        "cluster-member=127.0.0.1:" + clusterPort,
        "cluster-member=127.0.0.2:" + clusterPort,
        "cluster-secret=sixteen letters!");
  }

  private static String run(ServerProcess server, String program, String... options) {
    var command = new String[options.length + 4];
    command[0] = program;
    System.arraycopy(options, 0, command, 1, options.length);
    command[options.length + 1] = "-p";
    command[options.length + 2] = "" + server.port;
    command[options.length + 3] = "127.0.0.1";
    var done =
        Program.start(server.folder.resolve("client.out"), command).finish(Duration.ofSeconds(40));
    assertEquals(0, done.exit(), done.output());
    return done.output();
  }
}
