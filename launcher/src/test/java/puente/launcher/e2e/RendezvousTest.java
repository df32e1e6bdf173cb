package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The example of the rendezvous: two peers meet through this server and talk without it. */
@Tag("e2e")
class RendezvousTest {
  private static final String KEY = "an-api-key-of-length";
  private static final Path SCRIPT = Path.of("src/test/e2e/rendezvous.py").toAbsolutePath();

  @Test
  void twoPeersMeetOnTheSocketOfStun() {
    assumeTrue(ServerProcess.isPuente(), "this server's own protocol");
    Program.require("python3");
    try (var server = ServerProcess.start("rendezvous", "api-key=app:" + KEY)) {
      var ana = start(server, "ana");
      var ben = start(server, "ben");
      for (var script : new Program[] {ana, ben}) {
        var result = script.finish(Duration.ofSeconds(30));
        assertEquals(0, result.exit(), () -> result.output() + "\n" + server.log());
        assertTrue(result.output().contains("HEARD hello from "), result.output());
      }
    }
  }

  private static Program start(ServerProcess server, String name) {
    String url = "http://127.0.0.1:" + server.httpPort;
    return Program.start(
        new ProcessBuilder("python3", SCRIPT.toString(), url, KEY, "picnic", name),
        server.folder.resolve(name + ".out"));
  }
}
