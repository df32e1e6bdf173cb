package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** RFC 5780: coturn's discovery clients, without a NAT between, through two loopback addresses. */
@Tag("e2e")
class DiscoveryTest {

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
