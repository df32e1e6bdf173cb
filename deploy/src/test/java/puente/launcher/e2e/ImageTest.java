package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Volume;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** The image as the guide says to run it: no root, nothing writable but its state, no capability. */
@Tag("e2e")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ImageTest {
  private static final int RELAYS = 40;
  private static final int PUBLISHED = 4;

  private Engine engine;
  private final List<GenericContainer<?>> running = new ArrayList<>();
  private final List<String> volumes = new ArrayList<>();
  private final int port = Ports.free(4);
  private final int relays = Ports.free(RELAYS);

  @BeforeEach
  void build() throws IOException {
    engine = PuenteImage.build();
  }

  @AfterEach
  void end() {
    running.forEach(GenericContainer::stop);
    volumes.forEach(volume -> engine.docker(Duration.ofSeconds(30), "volume", "rm", volume));
  }

  /** Options alone, as coturn's image takes them. */
  @Test
  void relaysAndIsHealthyWithoutRootAndStopsInOrder() throws Exception {
    GenericContainer<?> server = started(container(host("-n", "--log-file=stdout"), "host"));
    assertEquals("65532", said(server, "id", "-u"));
    assertNotEquals(0, server.execInContainer("touch", "/opt/puente/x").getExitCode());
    assertEquals(0, server.execInContainer("puente", "healthcheck").getExitCode());
    assertTrue(server.getLogs().contains("recvmmsg"), server.getLogs());
    try (var peer = new UdpEcho("127.0.0.1");
        Flow flow = new Flow(server(), at(peer))) {
      flow.relays(50);
      flow.client.refresh(0);
    }
    engine.docker(Duration.ofSeconds(30), "stop", server.getContainerId());
    assertEquals(0, engine.exitOf(server.getContainerId()));
  }

  /**
   * Two builds of one source have the same layers, byte for byte, but for the rehearsal's (the AOT cache).
   * The labels, the signal and the bill of materials are what a registry and its scanners read.
   */
  @Test
  void isBuiltAgainTheSameAndSaysWhatItIs() throws Exception {
    PuenteImage.again(engine, "puente:again", "AOT=no");
    List<String> once = layers(PuenteImage.NAME);
    List<String> again = layers("puente:again");
    assertEquals(once.size(), again.size());
    assertEquals(once.subList(0, once.size() - 1), again.subList(0, again.size() - 1));
    assertNotEquals(once.getLast(), again.getLast(), "one has the AOT cache, the other has not");

    JsonObject config = new JsonObject(inspect(PuenteImage.NAME, "{{json .Config}}"));
    JsonObject labels = config.getJsonObject("Labels");
    for (String label :
        List.of("title", "description", "vendor", "licenses", "version", "revision", "created")) {
      String text = labels.getString("org.opencontainers.image." + label);
      assertTrue(text != null && !text.isBlank(), label);
    }
    assertEquals("SIGTERM", config.getString("StopSignal"));
    assertEquals(List.of("puente"), config.getJsonArray("Entrypoint").getList());
    assertEquals("65532:65532", config.getString("User"));
    assertEquals("CMD", config.getJsonObject("Healthcheck").getJsonArray("Test").getString(0));
  }

  /** Every jar of the image is a component of the bill of materials. */
  @Test
  void holdsItsBillOfMaterials() {
    if (!Files.exists(PuenteImage.BILL)) {
      System.err.println(
          "LEFT OUT: the test of the SBOM, which Maven makes only where it is online");
      Assumptions.abort("no " + PuenteImage.BILL);
    }
    String[] cat = {"run", "--rm", "--network=none", "--entrypoint=sh", PuenteImage.NAME, "-c", ""};
    cat[cat.length - 1] = "cat /usr/share/puente/sbom.json";
    JsonObject bill = new JsonObject(engine.docker(Duration.ofSeconds(60), cat));
    assertEquals("CycloneDX", bill.getString("bomFormat"));
    Set<String> named = new HashSet<>();
    named.add(jar(bill.getJsonObject("metadata").getJsonObject("component")));
    bill.getJsonArray("components").forEach(part -> named.add(jar((JsonObject) part)));
    cat[cat.length - 1] = "ls /opt/puente/lib";
    for (String jar : engine.docker(Duration.ofSeconds(60), cat).strip().split("\\s+")) {
      assertTrue(named.stream().anyMatch(jar::startsWith), jar + " is not in the SBOM");
    }
  }

  /** The name that the jar of a component begins with; a classifier may follow. */
  private static String jar(JsonObject component) {
    return component.getString("name") + "-" + component.getString("version");
  }

  private List<String> layers(String image) {
    return List.of(inspect(image, "{{join .RootFS.Layers \" \"}}").split(" "));
  }

  private String inspect(String image, String format) {
    String[] words = {"image", "inspect", "--format=" + format, image};
    return engine.docker(Duration.ofSeconds(20), words).strip();
  }

  /** coturn's database is read by a native library, which cannot be unpacked where nothing may be run. */
  @Test
  void readsADatabaseOfCoturns() throws Exception {
    Path folder = Files.createDirectories(Path.of("target/image/userdb").toAbsolutePath());
    Path database = folder.resolve("turndb");
    Files.deleteIfExists(database);
    try (Connection made = DriverManager.getConnection("jdbc:sqlite:" + database);
        Statement statement = made.createStatement()) {
      statement.execute("create table turnusers_lt (realm text, name text, hmackey text)");
      statement.execute(
          "insert into turnusers_lt values ('example.org', 'ana', '" + "0f".repeat(16) + "')");
    }
    Files.writeString(folder.resolve("turnserver.conf"), "realm=example.org\n");
    String migrated =
        engine.docker(
            Duration.ofSeconds(60),
            "run",
            "--rm",
            "--network=none",
            "--read-only",
            "--tmpfs=/tmp:rw,noexec,nosuid",
            "--volume=" + folder + ":/coturn:ro",
            PuenteImage.NAME,
            "migrate",
            "/coturn/turnserver.conf",
            "--userdb=/coturn/turndb");
    assertTrue(migrated.contains("turnusers_lt"), migrated);
  }

  /** The serving process dies; the one that holds its sockets starts another (docs/RESTART.md). */
  @Test
  void aCallOutlivesItsServingProcess() throws Exception {
    GenericContainer<?> server = started(container(host("-n"), "host"));
    try (var peer = new UdpEcho("127.0.0.1");
        Flow flow = new Flow(server(), at(peer))) {
      flow.relays(10);
      String serving = said(server, "cat", "/var/lib/puente/lock");
      assertEquals(0, server.execInContainer("sh", "-c", "kill -9 " + serving).getExitCode());
      flow.relaysAgain();
      until(() -> !said(server, "cat", "/var/lib/puente/lock").equals(serving));
      flow.goesOnAsBefore();
    }
  }

  /** Another container, the same volume: a new image, a rescheduled pod. */
  @Test
  void aCallOutlivesItsContainer() throws Exception {
    String volume = "puente-test-" + port;
    volumes.add(volume);
    engine.docker(Duration.ofSeconds(30), "volume", "create", volume);
    GenericContainer<?> first = started(keeping(volume));
    try (var peer = new UdpEcho("127.0.0.1");
        Flow flow = new Flow(server(), at(peer))) {
      flow.relays(10);
      engine.docker(Duration.ofSeconds(30), "kill", "--signal=KILL", first.getContainerId());
      first.stop();
      started(keeping(volume));
      flow.goesOnAsBefore();
      assertTrue(flow.relayed.getPort() >= relays && flow.relayed.getPort() < relays + RELAYS);
    }
  }

  /**
   * Published ports, and the options word for word as coturn's image has them; settings from the
   * environment, a secret from a file.
   */
  @Test
  void servesACallThroughPublishedPorts() throws Exception {
    String gateway = gateway();
    String[] coturn = {
      "-n",
      "--log-file=stdout",
      "--min-port=" + relays,
      "--max-port=" + (relays + PUBLISHED - 1),
      "--external-ip=$(detect-external-ip)",
      "--lt-cred-mech",
      "--user=" + ServerProcess.USER + ":" + ServerProcess.PASSWORD,
      "--allowed-peer-ip=" + gateway
    };
    GenericContainer<?> server = container(coturn, "bridge");
    server.withEnv(
        Map.of(
            "REAL_EXTERNAL_IP", "127.0.0.1",
            "PUENTE_REALM", ServerProcess.REALM,
            "PUENTE_STATIC_AUTH_SECRET__FILE", "/etc/hostname"));
    server.withCreateContainerCmdModifier(this::publish);
    started(server);
    try (var peer = new UdpEcho(gateway);
        Flow flow = new Flow(server(), new InetSocketAddress(gateway, peer.port()));
        var caller = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      assertEquals("127.0.0.1", flow.relayed.getAddress().getHostAddress());
      flow.relays(20);
      // A peer that comes by the published port of the relay; the engine's proxy calls from the
      // gateway.
      caller.send(new DatagramPacket(new byte[] {5}, 1, flow.relayed));
      flow.awaitPacket();
    }
    assertTrue(server.getLogs().contains("realm=\"" + ServerProcess.REALM), server.getLogs());
    assertEquals("alive", said(server, "sh", "-c", "puente healthcheck 2>&1 | grep -o alive"));
  }

  /** Of the bridge itself: an engine that has just made it does not tell its address yet. */
  private String gateway() throws SocketException {
    String format = "--format={{index .Options \"com.docker.network.bridge.name\"}}";
    Duration patience = Duration.ofSeconds(20);
    String bridge = engine.docker(patience, "network", "inspect", "bridge", format).strip();
    return NetworkInterface.getByName(bridge)
        .inetAddresses()
        .filter(address -> address instanceof Inet4Address)
        .map(InetAddress::getHostAddress)
        .findFirst()
        .orElseThrow();
  }

  private void publish(CreateContainerCmd create) {
    List<PortBinding> bindings = new ArrayList<>();
    bindings.add(PortBinding.parse("127.0.0.1:" + port + ":3478/udp"));
    for (int relay = relays; relay < relays + PUBLISHED; relay++) {
      bindings.add(PortBinding.parse("127.0.0.1:" + relay + ":" + relay + "/udp"));
    }
    options(create).withPortBindings(bindings);
    create.withExposedPorts(bindings.stream().map(PortBinding::getExposedPort).toList());
  }

  private InetSocketAddress server() {
    return new InetSocketAddress("127.0.0.1", port);
  }

  private static InetSocketAddress at(UdpEcho peer) {
    return new InetSocketAddress("127.0.0.1", peer.port());
  }

  private String[] host(String... first) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(
        List.of(
            "--listening-ip=127.0.0.1",
            "--listening-port=" + port,
            "--tls-listening-port=0",
            "--admin-port=" + (port + 1),
            "--http-port=" + (port + 2),
            "--min-port=" + relays,
            "--max-port=" + (relays + RELAYS - 1),
            "--lt-cred-mech",
            "--user=" + ServerProcess.USER + ":" + ServerProcess.PASSWORD,
            "--realm=" + ServerProcess.REALM,
            "--allow-loopback-peers"));
    return all.toArray(String[]::new);
  }

  private GenericContainer<?> keeping(String volume) {
    GenericContainer<?> container = container(host("-n"), "host");
    return container.withCreateContainerCmdModifier(
        create -> options(create).withBinds(new Bind(volume, new Volume("/var/lib/puente"))));
  }

  private GenericContainer<?> container(String[] command, String network) {
    GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(PuenteImage.NAME));
    return container
        .withCommand(command)
        .withNetworkMode(network)
        .withImagePullPolicy(image -> false)
        .withTmpFs(Map.of("/tmp", "rw,noexec,nosuid"))
        .withCreateContainerCmdModifier(
            create ->
                options(create)
                    .withReadonlyRootfs(true)
                    .withCapDrop(Capability.ALL)
                    .withSecurityOpts(List.of("no-new-privileges")))
        .waitingFor(Wait.forLogMessage("(?s).*is running.*", 1));
  }

  private static HostConfig options(CreateContainerCmd create) {
    return Objects.requireNonNull(create.getHostConfig());
  }

  private GenericContainer<?> started(GenericContainer<?> container) {
    running.add(container);
    container.start();
    return container;
  }

  private static String said(GenericContainer<?> container, String... command) {
    try {
      ExecResult result = container.execInContainer(command);
      assertEquals(0, result.getExitCode(), result.getStdout() + result.getStderr());
      return result.getStdout().strip();
    } catch (IOException | InterruptedException failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "not within 30 s");
      LockSupport.parkNanos(100_000_000);
    }
  }
}
