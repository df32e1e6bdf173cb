package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 8445 over RFC 8656: two ICE agents of aioice that may use relayed candidates only. */
@Tag("e2e")
class AioiceTest {

  private static final String PYTHON = "/usr/bin/python3";
  private static final Path SCRIPT = Path.of("src/test/e2e/aioice_relay.py");

  @ParameterizedTest
  @ValueSource(strings = {"udp", "tcp", "tls"})
  void relayToRelay(String transport) {
    Program.require(PYTHON);
    try (var server = ServerProcess.start("aioice-" + transport)) {
      int port = transport.equals("tls") ? server.tlsPort : server.port;
      var command =
          new ProcessBuilder(
              PYTHON,
              SCRIPT.toString(),
              transport,
              "" + port,
              ServerProcess.USER,
              ServerProcess.PASSWORD,
              "500");
      command.environment().put("SSL_CERT_FILE", server.certificate.chain().toString());
      var result =
          Program.start(command, server.folder.resolve("aioice.out"))
              .finish(Duration.ofSeconds(60));
      if (result.output().contains("No module named")) {
        System.err.println("LEFT OUT: this end-to-end test needs python3-aioice (./puente test)");
        Assumptions.abort("aioice is not installed");
      }
      assertEquals(0, result.exit(), result.output());
      assertTrue(result.output().contains("relay-relay 500 sent 500 echoed"), result.output());
    }
  }
}
