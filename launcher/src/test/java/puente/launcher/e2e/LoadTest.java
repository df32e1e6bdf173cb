package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code puente load} against our server and against coturn's: what it checks is right, what it
 * counts adds up, and it leaves nothing behind. How fast anything was is not judged here.
 */
@Tag("e2e")
class LoadTest {
  private static final Duration LIMIT = Duration.ofSeconds(120);

  @Test
  void loadsPuente() throws Exception {
    try (var server = ServerProcess.start("load")) {
      var target = "127.0.0.1:" + server.port;
      JsonObject stun = measured(server.folder, "stun", target, "--rate", "300");
      assertTrue(stun.getInteger("received") > 0, stun::encode);
      JsonObject alloc = measured(server.folder, "alloc", target, "--rate", "40", "--hold", "0.2");
      assertSound(alloc);
      JsonObject turn = measured(server.folder, "turn", target, "--allocs", "8");
      assertSound(turn);
      assertTrue(turn.getInteger("received") > 0, turn::encode);
      // What was freed is free.
      String ports =
          server
              .ask("GET", "/metrics")
              .body()
              .lines()
              .filter(line -> line.matches("puente_turn_ports\\{.*state=\"used\".*"))
              .findFirst()
              .orElseThrow();
      assertTrue(ports.endsWith(" 0.0"), ports);
      thresholdsDecideTheExit(server, target);
    }
  }

  private static void thresholdsDecideTheExit(ServerProcess server, String target) {
    Program.Finished broken =
        run(server.folder, "stun", target, "--threshold", "received<1", "--json");
    assertEquals(99, broken.exit(), broken.output());
    Program.Finished seen =
        run(
            server.folder,
            "stun",
            target,
            "--json",
            "--admin",
            "http://127.0.0.1:" + server.adminPort);
    JsonObject counted = json(seen).getJsonObject("server");
    // On a machine that is very busy, they may all have been left out.
    double heard =
        counted.getDouble("puente_stun_requests_total", 0.0)
            + counted.getDouble("puente_stun_dropped_total/overload", 0.0);
    assertTrue(heard > 0, seen.output());
  }

  /** RFC 5766 as another server speaks it; and all directions, each its own way to check. */
  @ParameterizedTest
  @ValueSource(strings = {"echo", "both", "relay"})
  void loadsCoturn(String direction) throws Exception {
    Program.require("turnserver");
    Path folder = Path.of("target", "e2e", "load-coturn-" + direction).toAbsolutePath();
    int port = Ports.free(1);
    int relays = Ports.free(200);
    String[] command = {
      "turnserver",
      "-n",
      "--no-cli",
      "--no-tls",
      "--no-dtls",
      "--listening-ip=127.0.0.1",
      "--relay-ip=127.0.0.1",
      "--listening-port=" + port,
      "--min-port=" + relays,
      "--max-port=" + (relays + 199),
      "--lt-cred-mech",
      "--user=user:pass",
      "--realm=load.test",
      "--allow-loopback-peers",
      "--log-file=stdout",
      "--pidfile=" + folder.resolve("pid"),
      "--userdb=" + folder.resolve("db")
    };
    Program coturn = Program.start(folder.resolve("coturn.log"), command);
    try {
      var target = "127.0.0.1:" + port;
      JsonObject turn = measured(folder, "turn", target, "--allocs", "8", "--direction", direction);
      assertSound(turn);
      assertTrue(turn.getInteger("received") > 0, turn::encode);
      if (direction.equals("echo")) {
        assertSound(measured(folder, "alloc", target, "--rate", "30"));
      }
    } finally {
      coturn.end();
    }
  }

  private static void assertSound(JsonObject measured) {
    assertTrue(measured.getInteger("allocated") > 0, measured::encode);
    assertEquals(measured.getInteger("allocated"), measured.getInteger("freed"));
    assertEquals(0, measured.getInteger("corrupt"));
    assertEquals(0, measured.getInteger("crossed"));
    assertEquals(0, measured.getInteger("duplicate"));
  }

  private static JsonObject measured(Path folder, String kind, String target, String... more) {
    List<String> arguments = new ArrayList<>(List.of(more));
    arguments.add("--json");
    Program.Finished done = run(folder, kind, target, arguments.toArray(String[]::new));
    assertEquals(0, done.exit(), done.output());
    return json(done).getJsonObject("measured");
  }

  private static JsonObject json(Program.Finished done) {
    int from = done.output().indexOf('{');
    return new JsonObject(done.output().substring(from));
  }

  private static Program.Finished run(Path folder, String kind, String target, String... more) {
    var path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                path,
                "puente.launcher.Puente",
                "load",
                kind,
                "--target",
                target,
                "--duration",
                "1"));
    if (!kind.equals("stun")) {
      command.addAll(List.of("--user", ServerProcess.USER));
    }
    command.addAll(List.of(more));
    var builder = new ProcessBuilder(command);
    builder.environment().put("PUENTE_LOAD_PASSWORD", ServerProcess.PASSWORD);
    return Program.start(builder, folder.resolve("load-" + kind + ".out")).finish(LIMIT);
  }
}
