package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The files for compose: both are understood, all their settings exist, the first serves a call. */
@Tag("e2e")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ComposeTest {
  private static final Path FILES = Path.of("compose").toAbsolutePath();
  private static final Path WORK = Path.of("target/compose").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @BeforeEach
  void present() throws IOException {
    Program.require("docker-compose");
    Files.createDirectories(WORK);
  }

  /** What the first lines of the file say, on ports of the test's own and loopback alone. */
  @Test
  void theQuickStartServesACall() throws Exception {
    Engine engine = PuenteImage.build();
    int port = Ports.free(4);
    Path mine = WORK.resolve("mine.yml");
    Files.writeString(
        mine,
        """
        services:
          puente:
            ulimits: {nofile: 1024}
            environment:
              PUENTE_LISTENING_IP: 127.0.0.1
              PUENTE_LISTENING_PORT: "%d"
              PUENTE_TLS_LISTENING_PORT: "0"
              PUENTE_ADMIN_PORT: "%d"
              PUENTE_HTTP_IP: 127.0.0.1
              PUENTE_HTTP_PORT: "%d"
              PUENTE_ALLOW_LOOPBACK_PEERS: "yes"
        """
            .formatted(port, port + 1, port + 2));
    List<Path> files = List.of(FILES.resolve("quickstart.yml"), mine);
    Map<String, String> environment =
        Map.of("PUENTE_IMAGE", PuenteImage.NAME, "EXTERNAL_IP", "127.0.0.1");
    Compose compose = new Compose("puentetest" + port, files, environment, engine.host(), WORK);
    try (var peer = new UdpEcho("127.0.0.1")) {
      compose.must("up", "-d");
      awaitHealthy(engine, compose.must("ps", "-q", "puente").strip());
      String[] ask = {"exec", "-T", "puente", "puente", "credentials", "--user", "ana", "--json"};
      JsonObject credential = json(compose.must(ask));
      try (Flow flow =
          new Flow(
              new InetSocketAddress("127.0.0.1", port),
              new InetSocketAddress("127.0.0.1", peer.port()),
              credential.get("username").getAsString(),
              credential.get("password").getAsString())) {
        flow.relays(20);
      }
      assertFalse(compose.must("exec", "-T", "puente", "cat", "setup-token").isBlank());
      compose.must("stop");
    } finally {
      compose.must("down", "-v");
    }
  }

  /** Health as Docker sees it, from within and without curl. */
  private static void awaitHealthy(Engine engine, String container) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    String[] inspect = {"inspect", "--format={{.State.Health.Status}}", container};
    while (!engine.docker(LIMIT, inspect).strip().equals("healthy")) {
      assertTrue(System.nanoTime() < deadline, engine.docker(LIMIT, "logs", container));
    }
  }

  @Test
  void bothFilesAreUnderstoodAndHoldSettings() throws Exception {
    for (String file : List.of("quickstart.yml", "full.yml")) {
      List<Path> files = List.of(FILES.resolve(file));
      String resolved = new Compose("read", files, Map.of(), "", WORK).must("config");
      JsonObject services =
          KubernetesObjects.parse(resolved).getFirst().getAsJsonObject("services");
      services.entrySet().stream()
          .filter(service -> !List.of("prometheus", "grafana").contains(service.getKey()))
          .forEach(service -> checkSettings(service.getKey(), service.getValue()));
    }
  }

  /** As the start would take them. */
  private static void checkSettings(String name, JsonElement service) {
    List<String> lines = new ArrayList<>();
    JsonObject environment = service.getAsJsonObject().getAsJsonObject("environment");
    for (String variable : environment.keySet()) {
      String setting = variable.substring("PUENTE_".length()).toLowerCase().replace('_', '-');
      // What a file would hold is some secret.
      if (setting.endsWith("--file")) {
        lines.add(setting.replace("--file", "") + "=sixteen letters!");
        continue;
      }
      for (String value : environment.get(variable).getAsString().split(" ")) {
        lines.add(setting + "=" + value);
      }
    }
    try {
      Path file = WORK.resolve(name + ".conf");
      Files.write(file, lines);
      Program.Finished read =
          PuenteCommand.run(WORK.resolve(name + ".out"), "config", "-c", file.toString());
      assertEquals(0, read.exit(), read.output());
      assertFalse(read.output().contains("warn"), read.output());
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  private static JsonObject json(String output) {
    return KubernetesObjects.parse(output.substring(output.indexOf('{'))).getFirst();
  }
}
