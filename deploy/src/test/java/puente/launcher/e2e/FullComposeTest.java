package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The compose file of three nodes and a Prometheus, started as its first lines say: with its own
 * ports, in a network that has nothing else. Minutes, because an alert waits for some.
 *
 * <p>Prometheus is Debian's program in an image of the published one's name; Grafana is left out
 * since nobody but its makers packs it.
 */
@Tag("cluster")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class FullComposeTest {
  private static final Path WORK = Path.of("target/compose-full").toAbsolutePath();
  private static final Path FILES = WORK.resolve("deploy/compose");
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String PROMETHEUS = "puente-prometheus:test";
  private static final String NETWORK = "puente-test-full-network";
  private static final List<String> NODES = List.of("n1", "n2", "n3");

  /** An overloaded machine is late, and that is true: it is not the cluster's doing. */
  private static final Set<String> OF_THE_MACHINE = Set.of("PuenteLoopLag", "PuenteKernelDrops");

  private final Set<String> fired = new TreeSet<>();
  private Engine engine;
  private Compose compose;

  @BeforeEach
  void start() throws IOException {
    Program.require("docker-compose", "prometheus", "openssl");
    engine = PuenteImage.build();
    prometheus();
    for (String part : List.of("compose", "prometheus", "grafana")) {
      copy(Path.of(part).toAbsolutePath(), WORK.resolve("deploy").resolve(part));
    }
    String secrets =
        "for secret in cluster-secret turn-secret nonce-secret; do openssl rand -hex 32 > $secret; done";
    var made = new ProcessBuilder("sh", "-c", secrets).directory(FILES.toFile());
    assertEquals(0, Program.start(made, WORK.resolve("secrets.out")).finish(LIMIT).exit());
    String[] holder = {"run", "-d", "--name", NETWORK, "--network=none", "--entrypoint=sleep"};
    engine.docker(
        LIMIT,
        Stream.concat(Stream.of(holder), Stream.of(PuenteImage.NAME, "infinity"))
            .toArray(String[]::new));
    compose =
        new Compose(
            "puentetestfull",
            List.of(FILES.resolve("full.yml"), apart()),
            Map.of(
                "PUENTE_IMAGE",
                PuenteImage.NAME,
                "PROMETHEUS_IMAGE",
                PROMETHEUS,
                "EXTERNAL_IP",
                "127.0.0.1"),
            engine.host(),
            WORK);
  }

  @AfterEach
  void end() {
    compose.must("down", "-v");
    engine.docker(LIMIT, "rm", "--force", NETWORK);
  }

  @Test
  void prometheusWatchesThreeNodesAndSaysWhenOneDies() {
    compose.must("up", "-d", "n1", "n2", "n3", "prometheus");
    until(() -> up().equals(Map.of("9641", "1", "9642", "1", "9643", "1")));
    until(this::allAreTogether);

    // By the secret of all: the file on one node is good at another.
    String load =
        "puente load turn --target 127.0.0.1:3480 --admin http://127.0.0.1:9642"
            + " --secret-file /run/secrets/turn-secret --allocs 4 --duration 3"
            + " --threshold 'alloc_success>99.9%'";
    compose.must("exec", "-T", "n1", "sh", "-c", load);
    until(() -> value("sum(puente_turn_relay_packets_total{node=\"n2\"}) > 0"));

    JsonArray groups = get("/api/v1/rules").getAsJsonArray("groups");
    assertTrue(groups.size() >= 2, groups::toString);
    each(
        groups,
        group ->
            each(
                group.getAsJsonArray("rules"),
                rule -> assertEquals("ok", rule.get("health").getAsString(), rule::toString)));
    until(() -> active().isEmpty());
    assertEquals(Set.of(), fired, "alerts of a healthy cluster");

    compose.must("kill", "n2");
    until(() -> fired.contains("PuenteDown"));
    compose.must("start", "n2");
    until(this::allAreTogether);
    until(() -> active().isEmpty());
  }

  /** Each sees all three serve. */
  private boolean allAreTogether() {
    return NODES.stream()
        .map(node -> compose.must("exec", "-T", node, "puente", "nodes"))
        .allMatch(seen -> seen.lines().filter(line -> line.contains(" serving ")).count() == 3);
  }

  /** Of each target's port. */
  private Map<String, String> up() {
    Map<String, String> up = new TreeMap<>();
    each(
        get("/api/v1/query?query=up").getAsJsonArray("result"),
        one -> {
          String instance = one.getAsJsonObject("metric").get("instance").getAsString();
          up.put(
              instance.substring(instance.indexOf(':') + 1),
              one.getAsJsonArray("value").get(1).getAsString());
        });
    return up;
  }

  private boolean value(String query) {
    String asked = query.replace(" ", "%20").replace("\"", "%22").replace("{", "%7B");
    asked = asked.replace("}", "%7D").replace(">", "%3E");
    return !get("/api/v1/query?query=" + asked).getAsJsonArray("result").isEmpty();
  }

  /** What is pending or fires; what fires is remembered. */
  private Set<String> active() {
    Set<String> active = new HashSet<>();
    each(
        get("/api/v1/alerts").getAsJsonArray("alerts"),
        alert -> {
          String name = alert.getAsJsonObject("labels").get("alertname").getAsString();
          if (!OF_THE_MACHINE.contains(name)) {
            active.add(name);
            if (alert.get("state").getAsString().equals("firing")) {
              fired.add(name);
            }
          }
        });
    return active;
  }

  /** By the shell: neither image holds a client of HTTP, and the network has no way out. */
  private JsonObject get(String path) {
    String ask =
        "exec 3<>/dev/tcp/127.0.0.1/9090 && printf 'GET %s HTTP/1.0\\r\\n\\r\\n' '"
            + path
            + "' >&3 && cat <&3";
    long end = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      try {
        String answer = engine.docker(LIMIT, "exec", NETWORK, "bash", "-c", ask);
        if (answer.contains(" 200 ")) {
          return KubernetesObjects.parse(answer.substring(answer.indexOf('{')))
              .getFirst()
              .getAsJsonObject("data");
        }
      } catch (AssertionError starting) {
        assertTrue(System.nanoTime() < end, starting::toString);
      }
      LockSupport.parkNanos(100_000_000);
    }
  }

  private static void each(JsonArray array, Consumer<JsonObject> of) {
    for (JsonElement one : array) {
      of.accept(one.getAsJsonObject());
    }
  }

  private void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(6);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, () -> "not within six minutes; fired: " + fired);
      active();
      LockSupport.parkNanos(500_000_000);
    }
  }

  /** The network that all of them share, instead of the machine's; its peers are on loopback. */
  private static Path apart() throws IOException {
    String node =
        """
          %s:
            network_mode: container:%s
            ulimits: {nofile: 4096}
            environment: {PUENTE_ALLOW_LOOPBACK_PEERS: "yes"}
        """;
    StringBuilder text = new StringBuilder("services:\n");
    NODES.forEach(name -> text.append(node.formatted(name, NETWORK)));
    text.append("  prometheus: {network_mode: \"container:" + NETWORK + "\"}\n");
    return Files.writeString(WORK.resolve("apart.yml"), text);
  }

  /** As the published image is laid out. */
  private void prometheus() throws IOException {
    Path context = Files.createDirectories(WORK.resolve("prometheus"));
    Files.copy(
        Path.of("/usr/bin/prometheus"),
        context.resolve("prometheus"),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.COPY_ATTRIBUTES);
    Files.writeString(
        context.resolve("Dockerfile"),
        """
        FROM debian:bookworm-slim
        COPY prometheus /bin/prometheus
        RUN mkdir -p /prometheus && chown nobody:nogroup /prometheus
        USER nobody
        VOLUME /prometheus
        WORKDIR /prometheus
        ENTRYPOINT ["/bin/prometheus"]
        """);
    engine.docker(LIMIT, "build", "-t", PROMETHEUS, context.toString());
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = to.resolve(from.relativize(file));
        Files.createDirectories(copy.getParent());
        Files.write(copy, Files.readAllBytes(file));
      }
    }
  }
}
