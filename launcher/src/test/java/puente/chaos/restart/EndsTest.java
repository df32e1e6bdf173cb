package puente.chaos.restart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import puente.launcher.e2e.Interrupts;
import puente.launcher.e2e.ServerProcess;

/** How a supervised server is ended on purpose, and how it ends when nothing helps. */
@Tag("e2e")
@Timeout(120)
class EndsTest {
  private static final int FLOWS = 20;
  private static final int LIMIT_S = 30;

  @TempDir Path folder;

  @BeforeEach
  void linuxOnly() {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && ServerProcess.isPuente());
  }

  /** The terminal signals the whole foreground group. */
  @Test
  void controlCStopsOnceAndInOrder() throws Exception {
    Interrupts.required();
    try (Restarts restarts = start()) {
      Tree tree = restarts.tree;
      List<ProcessHandle> all = family(tree);
      assertEquals(3, all.size(), "supervisor, server, standby");
      Tree.signal("INT", all);
      ends(tree, 0);
      assertEquals(1, tree.said("event=stopped\n"), tree.output());
      noneLeft(all);
    }
  }

  /** The first one lets calls end, which may take as long as was configured. */
  @Test
  void aSecondSignalWaitsForNobody() throws Exception {
    try (Restarts restarts = start("standby=no", "drain-deadline=10m")) {
      Tree tree = restarts.tree;
      Tree.signal("TERM", List.of(tree.supervisor().toHandle()));
      restarts.await("a drain", () -> tree.said("drain") > 0);
      long since = restarts.begin();
      restarts.flows.run(Duration.ofSeconds(1));
      assertTrue(restarts.flows.allArrivedSince(since), tree::output);
      assertTrue(tree.supervisor().isAlive(), tree::output);
      List<ProcessHandle> all = family(tree);
      Tree.signal("TERM", List.of(tree.supervisor().toHandle()));
      ends(tree, 0);
      noneLeft(all);
    }
  }

  /** What dies as soon as it lives needs a person; what was there is still there afterwards. */
  @Test
  void aServerThatCannotLiveIsGivenUp() throws Exception {
    try (Restarts restarts = start("standby=no")) {
      Tree tree = restarts.tree;
      restarts.await(
          "the end",
          () -> {
            tree.children().forEach(ProcessHandle::destroyForcibly);
            return !tree.supervisor().isAlive();
          });
      assertEquals(1, tree.supervisor().exitValue(), tree::output);
      // What is killed may just be on its way to become a virtual machine.
      assertTrue(tree.output().contains("giving up"), tree::output);
      long since = restarts.begin();
      tree.startAgain();
      assertEquals(FLOWS, restarts.end("given up, started again", since).after());
    }
  }

  /** What a process that cannot start has of the former one's sockets, the next one has, too. */
  @Test
  void aSuccessorThatCannotStartEndsNoCall() throws Exception {
    try (Restarts restarts = start("standby=no")) {
      Tree tree = restarts.tree;
      long since = restarts.begin();
      try (ServerSocket other = new ServerSocket(0)) {
        tree.set("http-port", other.getLocalPort());
        tree.restart();
        restarts.await("its end", () -> tree.said("the server died (exit code 3)") > 0);
      }
      restarts.await("one that can", () -> tree.said("event=taken-over") > 0);
      Outcome outcome = restarts.end("a successor that cannot start", since);
      assertEquals(FLOWS, outcome.after(), tree::output);
      assertEquals(0, outcome.icmp(), "port-unreachable errors");
    }
  }

  /** Without its supervisor the server goes on; it keeps its state for itself until it ends. */
  @Test
  void theSupervisorDiesAlone() throws Exception {
    try (Restarts restarts = start()) {
      Tree tree = restarts.tree;
      ProcessHandle server = tree.serving();
      List<ProcessHandle> all = family(tree);
      restarts.begin();
      tree.supervisor().destroyForcibly();
      restarts.await("a word of it", () -> tree.said("event=supervisor-gone") > 0);
      restarts.flows.run(Duration.ofSeconds(1));
      restarts.flows.stop();
      Outcome outcome = restarts.flows.outcome("the supervisor is killed", FLOWS);
      assertEquals(0, outcome.lost(1), "lost packets");
      assertEquals(0, outcome.icmp(), "port-unreachable errors");
      assertTrue(server.isAlive());
      tree.startAgain();
      ends(tree, 3);
      assertTrue(tree.output().contains("in use by another process"), tree.output());
      Tree.signal("TERM", List.of(server));
      noneLeft(all);
      restarts.flows.start();
      long since = restarts.begin();
      tree.startAgain();
      assertEquals(FLOWS, restarts.end("started again", since).after());
    }
  }

  private Restarts start(String... settings) throws IOException {
    return new Restarts(RestartsTest.program(folder), folder, FLOWS, "127.0.0.1", settings);
  }

  private static List<ProcessHandle> family(Tree tree) {
    List<ProcessHandle> all = new ArrayList<>(tree.children());
    all.add(tree.supervisor().toHandle());
    return all;
  }

  private static void ends(Tree tree, int code) throws InterruptedException {
    assertTrue(tree.supervisor().waitFor(LIMIT_S, TimeUnit.SECONDS), tree::output);
    assertEquals(code, tree.supervisor().exitValue(), tree::output);
  }

  private static void noneLeft(List<ProcessHandle> all) throws Exception {
    for (ProcessHandle process : all) {
      process.onExit().get(LIMIT_S, TimeUnit.SECONDS);
    }
    Optional<ProcessHandle> left = all.stream().filter(ProcessHandle::isAlive).findAny();
    assertFalse(left.isPresent(), "an orphan");
  }
}
