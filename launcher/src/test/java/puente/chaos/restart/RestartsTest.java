package puente.chaos.restart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import puente.launcher.e2e.ServerProcess;

/** Supervisor, journal and 200 calls: whatever ends, all of them go on. */
@Tag("e2e")
@Timeout(240)
class RestartsTest {
  private static final int FLOWS = 200;

  /** What is printed is what counts; a busy machine is no fault of the server's. */
  private static final long PATIENCE_MS = 20_000;

  @TempDir Path folder;

  @BeforeEach
  void linuxOnly() {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && ServerProcess.isPuente());
  }

  @Test
  void callsOutliveEveryProcess() throws Exception {
    try (Restarts restarts = new Restarts(program(folder), folder, FLOWS, "127.0.0.1")) {
      System.out.println(Outcome.head());
      // Whoever has taken over is killed, too.
      unnoticed(restarts.planned());
      unnoticed(restarts.serverKilled());
      unnoticed(restarts.serverKilled());
      restored(restarts.treeKilled());
      unnoticed(restarts.planned());
    }
  }

  /** The sockets of IPv6 are passed on in the same way. */
  @Test
  void soDoTheyByIpv6() throws Exception {
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/net/if_inet6")), "no IPv6 here");
    try (Restarts restarts = new Restarts(program(folder), folder, FLOWS, "::1")) {
      System.out.println(Outcome.head() + " by IPv6");
      unnoticed(restarts.planned());
      unnoticed(restarts.serverKilled());
    }
  }

  private static void unnoticed(Outcome outcome) {
    restored(outcome);
    assertEquals(0, outcome.icmp(), "port-unreachable errors");
    assertEquals(0, outcome.twice(), "packets that came twice");
    // A queue holds less where rmem_max is small: what waited is all there, or the oldest of it.
    assertTrue(outcome.gapMs(1) < PATIENCE_MS, outcome.histogram());
  }

  private static void restored(Outcome outcome) {
    System.out.print(outcome.line() + "\n" + outcome.histogram());
    assertEquals(FLOWS, outcome.before());
    assertEquals(FLOWS, outcome.after(), "allocations");
  }

  /** As the script starts it, from the classes that the build has made. */
  static List<String> program(Path folder) throws IOException {
    List<String> server = ServerProcess.command(folder, folder.resolve("puente.conf"));
    String classes = server.get(server.indexOf("-cp") + 1);
    List<String> program =
        new ArrayList<>(
            List.of(
                server.getFirst(),
                "-Xmx16m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classes,
                "puente.supervisor.Supervisor"));
    program.addAll(server.subList(0, server.indexOf("serve")));
    return program;
  }
}
