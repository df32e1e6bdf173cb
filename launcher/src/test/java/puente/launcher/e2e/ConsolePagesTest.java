package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The admin console in Chromium, against real nodes with real allocations and real traffic. */
@Tag("e2e")
class ConsolePagesTest {

  private static final Duration LIMIT = Duration.ofSeconds(240);
  private static final Path PICTURES = Path.of("target/e2e/console").toAbsolutePath();
  private static final Path SOURCES =
      Path.of("../admin-console/src/main/resources/console").toAbsolutePath();

  private static final int ALLOCATIONS = 3;
  private static final int CHANNEL = 0x4000;
  private static final int PACE_MS = 20;
  private static final int PAYLOAD_BYTES = 400;

  private final List<TurnClient> clients = new ArrayList<>();

  @BeforeEach
  void ours() throws IOException {
    Assumptions.assumeTrue(ServerProcess.isPuente(), "coturn has no such console");
    BrowserScripts.require();
    forgetAccounts();
  }

  /** A console is set up once: accounts of an earlier run of this test would be in the way. */
  private static void forgetAccounts() throws IOException {
    try (var folders = Files.newDirectoryStream(Path.of("target/e2e"), "console-*")) {
      for (Path folder : folders) {
        try (var files = Files.walk(folder)) {
          files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
      }
    }
  }

  /** First start, every page in both themes, wide and narrow, and the orders that a page gives. */
  @Test
  void asAnOperatorUsesIt() throws Exception {
    try (var server = ServerProcess.start("console", "static-auth-secret=0123456789abcdef0123");
        var echo = new UdpEcho("127.0.0.1");
        var pace = Executors.newSingleThreadScheduledExecutor()) {
      for (int i = 0; i < ALLOCATIONS; i++) {
        allocate(server);
      }
      send(clients.getFirst(), echo.port(), pace);
      var script =
          BrowserScripts.start(
              server.folder.resolve("console.out"),
              "console.mjs",
              console(server),
              PICTURES.toString(),
              setupToken(server),
              "" + ALLOCATIONS,
              ServerProcess.USER);
      BrowserScripts.assertPassed(script, LIMIT, server);
      pace.shutdownNow();
      assertTrue(Files.exists(PICTURES.resolve("overview-dark.png")), "no pictures");
    } finally {
      clients.forEach(TurnClient::close);
    }
  }

  /** Any node shows all three; one is drained from another's console, and one dies. */
  @Test
  void aClusterOfThree() throws Exception {
    int ports = Ports.free(3);
    try (var one = node("console-one", ports, ports + 1);
        var two = node("console-two", ports + 1, ports);
        var three = node("console-three", ports + 2, ports)) {
      for (var server : List.of(one, two, three)) {
        allocate(server);
      }
      var script =
          BrowserScripts.start(
              one.folder.resolve("cluster.out"),
              "console-cluster.mjs",
              console(one),
              PICTURES.toString(),
              setupToken(one),
              "" + clients.size(),
              "" + three.program().pid(),
              console(two),
              "console-one",
              "console-two",
              "console-three");
      BrowserScripts.assertPassed(script, LIMIT, one);
    } finally {
      clients.forEach(TurnClient::close);
    }
  }

  /** Numbers as people read them, the words of a filter; and what a first visit weighs. */
  @Test
  void partsAndBudgets() throws Exception {
    var script =
        BrowserScripts.start(
            Files.createDirectories(PICTURES).resolve("parts.out"),
            "console-parts.mjs",
            SOURCES.toString());
    var result = script.finish(Duration.ofSeconds(30));
    assertEquals(0, result.exit(), result.output());
  }

  private void allocate(ServerProcess server) throws IOException {
    clients.add(TurnClient.udp(server));
    clients.getLast().allocate();
  }

  private static String console(ServerProcess server) {
    return "http://127.0.0.1:" + server.adminPort;
  }

  private static String setupToken(ServerProcess server) throws IOException {
    return Files.readString(server.folder.resolve("state/setup-token")).strip();
  }

  private static ServerProcess node(String name, int port, int other) {
    return ServerProcess.startWith(
        List.of("-Xmx256m"), name, ServerProcess.cluster(name, port, other));
  }

  /** Traffic that comes back, as long as the script runs. */
  private static void send(TurnClient client, int port, ScheduledExecutorService pace) {
    client.bind(CHANNEL, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    byte[] payload = new byte[PAYLOAD_BYTES];
    pace.scheduleAtFixedRate(
        () -> {
          try {
            client.sendChannel(CHANNEL, payload);
          } catch (IOException closed) {
            pace.shutdown();
          }
        },
        0,
        PACE_MS,
        TimeUnit.MILLISECONDS);
  }
}
