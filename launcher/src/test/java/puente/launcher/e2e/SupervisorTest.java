package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server under its supervisor: dies and comes back, and clients notice a gap at most. */
@Tag("e2e")
class SupervisorTest {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final long BEAT_NANOS = 5_000_000;

  @TempDir Path folder;
  private int port;
  private List<String> server = List.of();

  @BeforeEach
  void linuxOnly() {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && ServerProcess.isPuente());
  }

  @ParameterizedTest
  @ValueSource(strings = {"yes", "no"})
  void aKilledServerIsReplacedAndNoPortCloses(String standby) throws Exception {
    Program program = start("standby=" + standby);
    try {
      Pings pings = new Pings(port, program);
      pings.until(() -> program.output().contains("is running"));
      pings.until(() -> pings.answered > 0);
      ProcessHandle first = serving(program, 1);
      if (standby.equals("yes")) {
        pings.until(() -> children(program).size() == 2 && pings.restFor(8));
      }
      assertTrue(first.destroyForcibly());
      pings.until(() -> program.output().contains("event=respawned") && pings.restFor(1));
      pings.report("kill -9, standby=" + standby);
      assertFalse(children(program).stream().anyMatch(child -> child.pid() == first.pid()));
    } finally {
      stop(program);
    }
  }

  static List<List<String>> alone() {
    int cluster = Ports.free(2);
    return List.of(List.of(), List.of(ServerProcess.cluster("one", cluster, cluster + 1)));
  }

  @ParameterizedTest
  @MethodSource("alone")
  void aPlannedRestartLosesNothing(List<String> more) throws Exception {
    var settings = new ArrayList<>(more);
    settings.add("standby=no");
    Program program = start(settings.toArray(String[]::new));
    try {
      Pings pings = new Pings(port, program);
      pings.until(() -> program.output().contains("is running"));
      pings.until(() -> pings.answered > 0);
      ProcessHandle first = serving(program, 1);
      var command = new ArrayList<>(server);
      command.set(command.indexOf("serve"), "restart");
      Program restart = Program.start(new ProcessBuilder(command), folder.resolve("restart.log"));
      pings.until(() -> !restart.alive() && pings.restFor(1));
      var result = restart.finish(LIMIT);
      assertEquals(0, result.exit(), result.output());
      assertTrue(result.output().contains("restarted"), result.output());
      assertTrue(program.output().contains("event=taken-over"), program.output());
      assertFalse(program.output().contains("the server died"), program.output());
      first.onExit().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      pings.report("planned restart");
    } finally {
      stop(program);
    }
  }

  @Test
  void failuresToStartAreItsOwn() throws Exception {
    Program program = start("denied-peer-ip=nonsense");
    var result = program.finish(LIMIT);
    assertEquals(2, result.exit(), result.output());
  }

  @Test
  void whoWantsNoSupervisorIsAlone() throws Exception {
    Program program = start("supervise=no");
    try {
      Pings pings = new Pings(port, program);
      pings.until(() -> program.output().contains("is running"));
      pings.until(() -> pings.answered > 0);
      assertEquals(List.of(), children(program));
    } finally {
      stop(program);
    }
  }

  @Test
  void theServerOutlivesItsSupervisor() throws Exception {
    Program program = start("standby=no");
    Pings pings = new Pings(port, program);
    pings.until(() -> program.output().contains("is running"));
    pings.until(() -> pings.answered > 0);
    ProcessHandle child = serving(program, 1);
    program.signal("KILL");
    pings.until(() -> program.output().contains("event=supervisor-gone") && pings.restFor(1));
    pings.report("the supervisor is killed");
    assertTrue(child.destroy());
    child.onExit().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  private Program start(String... settings) throws IOException {
    port = Ports.free(4);
    Path configuration = folder.resolve("puente.conf");
    var lines =
        new ArrayList<>(
            List.of(
                "listening-ip=127.0.0.1",
                "relay-ip=127.0.0.1",
                "listening-port=" + port,
                "tls-listening-port=" + (port + 1),
                "admin-port=" + (port + 2),
                "http-port=" + (port + 3)));
    lines.addAll(List.of(settings));
    Files.write(configuration, lines);
    server = ServerProcess.command(folder, configuration);
    var command =
        new ArrayList<>(
            List.of(
                server.getFirst(),
                "-Xmx16m",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                server.get(server.indexOf("-cp") + 1),
                "puente.supervisor.Supervisor"));
    command.addAll(server);
    return Program.start(new ProcessBuilder(command), folder.resolve("supervisor.log"));
  }

  private static void stop(Program program) {
    if (!program.alive()) {
      return; // The test has failed already and says why.
    }
    var all = children(program);
    program.signal("TERM");
    var result = program.finish(LIMIT);
    assertEquals(0, result.exit(), result.output());
    assertFalse(all.stream().anyMatch(ProcessHandle::isAlive), "an orphan");
  }

  private static List<ProcessHandle> children(Program program) {
    return ProcessHandle.of(program.pid()).stream().flatMap(ProcessHandle::children).toList();
  }

  private static ProcessHandle serving(Program program, int atLeast) {
    var all = children(program);
    assertTrue(all.size() >= atLeast, program.output());
    // The one that has been there for longest.
    return all.stream()
        .min(Comparator.comparing(child -> child.info().startInstant().orElseThrow()))
        .orElseThrow();
  }

  /** Binding requests from one connected socket, which would hear of a port that is closed. */
  private static final class Pings {
    private static final int HEADER = 20;

    private final DatagramChannel channel = DatagramChannel.open();
    private final List<Long> sentNanos = new ArrayList<>();
    private final List<Long> delaysMs = new ArrayList<>();
    private final ByteBuffer buffer = ByteBuffer.allocate(2048);
    private final Program program;
    int answered;
    private int unreachable;
    private long restsFrom;

    Pings(int port, Program program) throws IOException {
      this.program = program;
      channel.configureBlocking(false);
      channel.connect(new InetSocketAddress("127.0.0.1", port));
    }

    /** Goes on until the condition holds. */
    void until(BooleanSupplier condition) throws IOException {
      long deadline = System.nanoTime() + LIMIT.toNanos();
      restsFrom = 0;
      while (!condition.getAsBoolean()) {
        assertTrue(System.nanoTime() < deadline, program::output);
        beat();
        LockSupport.parkNanos(BEAT_NANOS);
      }
    }

    /** True so many seconds after it was first asked. */
    boolean restFor(int seconds) {
      restsFrom = restsFrom == 0 ? System.nanoTime() : restsFrom;
      return System.nanoTime() - restsFrom > TimeUnit.SECONDS.toNanos(seconds);
    }

    private void beat() throws IOException {
      try {
        buffer.clear().putShort((short) 1).putShort((short) 0).putInt(0x2112a442);
        buffer.putLong(0).putInt(sentNanos.size()).flip();
        channel.write(buffer);
        sentNanos.add(System.nanoTime());
        while (channel.read(buffer.clear()) >= HEADER) {
          long delay = System.nanoTime() - sentNanos.get(buffer.getInt(HEADER - 4));
          delaysMs.add(delay / 1_000_000);
          answered++;
        }
      } catch (PortUnreachableException error) {
        unreachable += answered > 0 ? 1 : 0;
      }
    }

    void report(String what) {
      delaysMs.sort(null);
      int size = delaysMs.size();
      System.out.printf(
          "%s: %d sent, %d answered, %d unreachable; longest answer %d ms, median %d ms%n",
          what,
          sentNanos.size(),
          answered,
          unreachable,
          delaysMs.getLast(),
          delaysMs.get(size / 2));
      assertEquals(0, unreachable, "ICMP errors");
    }
  }
}
