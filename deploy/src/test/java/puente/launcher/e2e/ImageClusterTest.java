package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Volume;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/**
 * Three nodes in containers, each with an address and a volume of its own, and a call between two
 * clients in a fourth container, which goes through all that operators and accidents do to nodes.
 */
@Tag("e2e")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ImageClusterTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String LATER = "puente:test-later";
  private static final String TOKEN = "a token of thirty-two characters";
  private static final List<String> NODES = List.of("n1", "n2", "n3");

  private final int number = ThreadLocalRandom.current().nextInt(1, 250);
  private final String name = "puente-test-" + number;
  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<String, GenericContainer<?>> running = new HashMap<>();
  private Engine engine;

  @BeforeEach
  void network() throws IOException {
    engine = PuenteImage.build();
    PuenteImage.later(engine, LATER, "0.1.1");
    String subnet = "--subnet=10.213." + number + ".0/24";
    engine.docker(LIMIT, "network", "create", subnet, name);
    NODES.forEach(node -> engine.docker(LIMIT, "volume", "create", name + "-" + node));
  }

  @AfterEach
  void end() {
    running.values().forEach(GenericContainer::stop);
    NODES.forEach(node -> engine.docker(LIMIT, "volume", "rm", name + "-" + node));
    engine.docker(LIMIT, "network", "rm", name);
    http.close();
  }

  @Test
  void aCallOutlivesAKillAndAnUpgradeOfAllNodesAndLetsADrainFinish() throws Exception {
    NODES.forEach(node -> running.put(node, node(node, PuenteImage.NAME)));
    Startables.deepStart(NODES.stream().map(this::at)).join();
    awaitCluster();
    GenericContainer<?> call = call("n1", "n2");
    awaitPackets(call);

    engine.docker(LIMIT, "kill", "--signal=KILL", at("n2").getContainerId());
    replace("n2", PuenteImage.NAME);
    awaitPackets(call);
    awaitCluster();

    for (String node : NODES) {
      stopsInOrder(node);
      replace(node, LATER);
      awaitPackets(call);
      awaitCluster();
    }
    assertTrue(call.isRunning(), call.getLogs());

    // n3, by whom the order goes, has nothing of this call.
    assertEquals(0, ordered("n3", "drain", "n1").getExitCode());
    assertEquals(300, newcomer("n1"));
    awaitPackets(call);
    engine.docker(LIMIT, "stop", call.getContainerId());
    // 128 + SIGTERM: it has let go of both allocations in time.
    assertEquals(143, engine.exitOf(call.getContainerId()), call.getLogs());
    ExecResult drained = ordered("n1", "drain", "--wait", "--timeout", "60s");
    assertEquals(0, drained.getExitCode(), drained.getStdout() + drained.getStderr());
    assertTrue(drained.getStdout().contains("n1 drained"), drained.getStdout());
    stopsInOrder("n1");
  }

  /** Both directions go on, more than once; a lost allocation would have ended the program. */
  private void awaitPackets(GenericContainer<?> call) {
    long[] before = arrived(call);
    until(
        () -> {
          assertTrue(call.isRunning(), call.getLogs());
          long[] now = arrived(call);
          return now[0] > before[0] + 20 && now[1] > before[1] + 20;
        });
  }

  private static long[] arrived(GenericContainer<?> call) {
    long[] counts = {0, 0};
    call.getLogs()
        .lines()
        .filter(line -> line.startsWith("arrived "))
        .forEach(
            line -> {
              String[] words = line.split(" ");
              counts[0] = Long.parseLong(words[1]);
              counts[1] = Long.parseLong(words[2]);
            });
    return counts;
  }

  private void stopsInOrder(String node) {
    String id = at(node).getContainerId();
    engine.docker(LIMIT, "stop", "--time=45", id);
    assertEquals(0, engine.exitOf(id));
  }

  /** A new container on the old one's volume, with its address. */
  private void replace(String node, String image) {
    at(node).stop();
    GenericContainer<?> next = node(node, image);
    running.put(node, next);
    next.start();
  }

  /** The error code that a new client's Allocate meets. */
  private int newcomer(String node) throws IOException {
    var wire = new TurnClient.Datagrams(new InetSocketAddress(address(node), 3478));
    try (var client = new TurnClient(wire, ServerProcess.USER, ServerProcess.PASSWORD)) {
      return Stun.errorCode(
          client.signed(
              Stun.ALLOCATE,
              message -> message.with(Stun.REQUESTED_TRANSPORT, new byte[] {17, 0, 0, 0})));
    }
  }

  private ExecResult ordered(String node, String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of("puente"));
    command.addAll(List.of(words));
    return at(node).execInContainer(command.toArray(String[]::new));
  }

  /** Each sees all three alive and serving, and every record has its copy: safe to stop the next. */
  private void awaitCluster() {
    NODES.forEach(node -> until(() -> seesAll(node)));
  }

  private boolean seesAll(String node) {
    JsonObject answer = new JsonObject(told(node, "/api/v1/nodes"));
    JsonArray nodes = answer.getJsonArray("nodes", new JsonArray());
    long serving =
        nodes.stream()
            .map(JsonObject.class::cast)
            .filter(one -> one.getBoolean("alive", false))
            .filter(one -> "serving".equals(one.getString("state")))
            .count();
    return serving == NODES.size()
        && told(node, "/metrics")
            .lines()
            .anyMatch(line -> line.startsWith("puente_cluster_safe") && line.endsWith(" 1.0"));
  }

  private String told(String node, String path) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + address(node) + ":9641" + path))
            .header("Authorization", "Bearer " + TOKEN)
            .timeout(LIMIT)
            .build();
    try {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      assertEquals(200, answer.statusCode(), answer.body());
      return answer.body();
    } catch (IOException | InterruptedException failure) {
      throw new IllegalStateException(failure);
    }
  }

  private GenericContainer<?> at(String node) {
    return Objects.requireNonNull(running.get(node));
  }

  private String address(String node) {
    return "10.213." + number + ".1" + node.substring(1);
  }

  private GenericContainer<?> node(String node, String image) {
    List<String> options = new ArrayList<>(List.of("-n", "--node-id=" + node, "--standby=no"));
    NODES.stream()
        .filter(other -> !other.equals(node))
        .forEach(other -> options.add("--cluster-member=" + address(other)));
    options.addAll(
        List.of(
            "--cluster-ip=" + address(node),
            "--cluster-secret=sixteen letters!",
            "--stateless-nonce-secret=another sixteen letters!",
            "--realm=" + ServerProcess.REALM,
            "--lt-cred-mech",
            "--user=" + ServerProcess.USER + ":" + ServerProcess.PASSWORD,
            "--allowed-peer-ip=10.213." + number + ".0/24",
            "--min-port=49152",
            "--max-port=49199",
            "--tls-listening-port=0",
            "--admin-ip=0.0.0.0"));
    return container(image, node)
        .withEnv("PUENTE_ADMIN_TOKEN", TOKEN)
        .withCommand(options.toArray(String[]::new))
        .withTmpFs(Map.of("/tmp", "rw,noexec,nosuid"))
        .withCreateContainerCmdModifier(
            create ->
                options(create)
                    .withReadonlyRootfs(true)
                    .withCapDrop(Capability.ALL)
                    .withSecurityOpts(List.of("no-new-privileges"))
                    .withBinds(new Bind(name + "-" + node, new Volume("/var/lib/puente"))))
        .waitingFor(Wait.forLogMessage("(?s).*is running.*", 1));
  }

  /** The image's own Java runs the clients, which are these tests'. */
  private GenericContainer<?> call(String one, String other) {
    GenericContainer<?> client =
        container(PuenteImage.NAME, "n9")
            .withCopyFileToContainer(classes(ContainerCall.class), "/client/call")
            .withCopyFileToContainer(classes(TurnClient.class), "/client/protocol")
            .withCreateContainerCmdModifier(
                create ->
                    create.withEntrypoint(
                        "/opt/puente/jre/bin/java",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        "/client/call:/client/protocol",
                        ContainerCall.class.getName()))
            .withCommand(address(one), address(other))
            .waitingFor(Wait.forLogMessage(".*arrived [1-9].*", 1));
    running.put("call", client);
    client.start();
    return client;
  }

  private static MountableFile classes(Class<?> of) {
    Path place = Path.of(of.getProtectionDomain().getCodeSource().getLocation().getPath());
    return MountableFile.forHostPath(place);
  }

  private GenericContainer<?> container(String image, String host) {
    GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(image));
    return container
        .withNetworkMode(name)
        .withImagePullPolicy(any -> false)
        .withStartupTimeout(Duration.ofMinutes(2))
        .withCreateContainerCmdModifier(create -> create.withIpv4Address(address(host)));
  }

  private static HostConfig options(CreateContainerCmd create) {
    return Objects.requireNonNull(create.getHostConfig());
  }

  private static void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "not within two minutes");
      LockSupport.parkNanos(200_000_000);
    }
  }
}
