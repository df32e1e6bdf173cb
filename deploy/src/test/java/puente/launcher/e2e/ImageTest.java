package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
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
import org.testcontainers.utility.DockerImageName;

/** The image as the guide says to run it: no root, nothing writable but its state, no capability. */
@Tag("e2e")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ImageTest {
  private static final int RELAYS = 40;
  private static final int CHANNEL = 0x4000;

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
        Flow flow = new Flow(peer)) {
      flow.relays(50);
      flow.client.refresh(0);
    }
    engine.docker(Duration.ofSeconds(30), "stop", server.getContainerId());
    assertEquals(
        "0",
        engine
            .docker(
                Duration.ofSeconds(20),
                "inspect",
                "--format={{.State.ExitCode}}",
                server.getContainerId())
            .strip());
  }

  /** The serving process dies; the one that holds its sockets starts another (docs/RESTART.md). */
  @Test
  void aCallOutlivesItsServingProcess() throws Exception {
    GenericContainer<?> server = started(container(host("-n"), "host"));
    try (var peer = new UdpEcho("127.0.0.1");
        Flow flow = new Flow(peer)) {
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
        Flow flow = new Flow(peer)) {
      flow.relays(10);
      engine.docker(Duration.ofSeconds(30), "kill", "--signal=KILL", first.getContainerId());
      first.stop();
      started(keeping(volume));
      flow.goesOnAsBefore();
    }
  }

  /** A published port, settings from the environment, a secret from a file. */
  @Test
  void answersThroughAPublishedPort() throws Exception {
    GenericContainer<?> server = container(new String[] {"serve"}, "bridge");
    server.withEnv(
        Map.of("PUENTE_REALM", "example.org", "PUENTE_STATIC_AUTH_SECRET__FILE", "/etc/hostname"));
    server.withCreateContainerCmdModifier(
        create ->
            options(create).withPortBindings(PortBinding.parse("127.0.0.1:" + port + ":3478/udp")));
    server.withCreateContainerCmdModifier(create -> create.withExposedPorts(ExposedPort.udp(3478)));
    started(server);
    byte[] answer = binding(new InetSocketAddress("127.0.0.1", port));
    assertEquals(Stun.BINDING + Stun.SUCCESS, Stun.type(answer));
    assertTrue(server.getLogs().contains("realm=\"example.org\""), server.getLogs());
    assertEquals("alive", said(server, "sh", "-c", "puente healthcheck 2>&1 | grep -o alive"));
  }

  private static byte[] binding(InetSocketAddress server) throws IOException {
    byte[] request = Stun.request(Stun.BINDING).bytes();
    try (var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      socket.setSoTimeout(10_000);
      socket.send(new DatagramPacket(request, request.length, server));
      var answer = new DatagramPacket(new byte[2048], 2048);
      socket.receive(answer);
      return Arrays.copyOf(answer.getData(), answer.getLength());
    }
  }

  /** One client with one peer that sends everything back. */
  private final class Flow implements AutoCloseable {
    final TurnClient client;
    final InetSocketAddress relayed;
    private final Semaphore returned = new Semaphore(0);

    Flow(UdpEcho peer) throws IOException {
      var wire = new TurnClient.Datagrams(new InetSocketAddress("127.0.0.1", port));
      client = new TurnClient(wire, ServerProcess.USER, ServerProcess.PASSWORD);
      client.onData(data -> returned.release());
      relayed = client.allocate();
      client.bind(CHANNEL, new InetSocketAddress("127.0.0.1", peer.port()));
    }

    void relays(int count) throws Exception {
      for (int i = 0; i < count; i++) {
        client.sendChannel(CHANNEL, new byte[] {1, 2, 3, 4});
        assertTrue(returned.tryAcquire(5, TimeUnit.SECONDS), "packet " + i + " did not come back");
      }
    }

    /** As media does: what is lost is lost, the next packet follows. */
    void relaysAgain() throws Exception {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      returned.drainPermits();
      do {
        assertTrue(System.nanoTime() < deadline, "nothing comes back");
        client.sendChannel(CHANNEL, new byte[] {1, 2, 3, 4});
      } while (!returned.tryAcquire(50, TimeUnit.MILLISECONDS));
    }

    /** The old nonce, no 437, no new Allocate, the same channel. */
    void goesOnAsBefore() throws Exception {
      relaysAgain();
      byte[] refresh = client.authenticated(Stun.request(Stun.REFRESH));
      TurnClient.succeeded(client.exchange(refresh));
      assertTrue(relayed.getPort() >= relays && relayed.getPort() < relays + RELAYS);
    }

    @Override
    public void close() {
      client.close();
    }
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
