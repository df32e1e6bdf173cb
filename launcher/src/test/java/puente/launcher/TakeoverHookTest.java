package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.launcher.ClusterLab.until;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import puente.launcher.TakeoverHook.Fact;
import puente.launcher.TakeoverRules.Word;

/** The operator's program: when it is called, and what becomes of one that fails or hangs. */
@Tag("slow")
@Timeout(180)
class TakeoverHookTest {
  private static final int PATIENCE = 60;
  private static final int ATTEMPTS = 3;

  /** Packets to this prefix are thrown away wherever they come, RFC 6666. */
  private static final String NOWHERE = "100:0:0:0:0:0:0:";

  private static final String HOOK =
      """
      #!/bin/sh
      echo "asked for $1 $2 by $PUENTE_NODE majority $PUENTE_MAJORITY"
      [ "$3" = take ] || echo "and this is to $3 it"
      case $1 in
      n2) echo "no, said the cloud" >&2; exit 3 ;;
      n3) sleep 1000 & echo $! $$ >> "$(dirname "$0")/hung"; wait ;;
      esac
      """;

  private static final NodeState N1 = NodeState.serving("n1");
  private static final NodeState N2 = NodeState.serving("n2");
  private static final NodeState N3 = NodeState.serving("n3");
  private static final NodeState N4 = NodeState.serving("n4");

  @TempDir private Path directory;

  private final List<FakeCluster> nodes = FakeCluster.nodes(4);
  private final Set<String> here = ConcurrentHashMap.newKeySet();
  private final List<String> whys = new CopyOnWriteArrayList<>();

  @Test
  void aHookThatFailsOrHangsIsCalledAgainAndNotForEver() throws Exception {
    try (TakeoverHook hook = start(HOOK)) {
      nodes.getFirst().sees(N1, dead(N2), N3, N4);
      until(() -> hook.count(Fact.FAILED) == ATTEMPTS, PATIENCE);

      nodes.getFirst().sees(N1, dead(N2), dead(N3), N4);
      until(() -> hook.count(Fact.FAILED) == 2 * ATTEMPTS, PATIENCE);
      List<String> hung = Files.readAllLines(directory.resolve("hung"));
      assertEquals(ATTEMPTS, hung.size());
      for (String pid : String.join(" ", hung).split(" ")) {
        until(() -> isOver(pid), PATIENCE);
      }

      nodes.getFirst().sees(N1, N2, N3, dead(N4));
      until(() -> hook.count(Fact.DONE) > 0, PATIENCE);
      assertEquals(2 * ATTEMPTS, hook.count(Fact.FAILED));
      assertEquals(0, hook.count(Fact.MINORITY));
    }
    String said = Files.readString(directory.resolve("state/takeover-hook.log"));
    assertEquals(
        ATTEMPTS,
        count("asked for n2 " + NOWHERE + "2 by n1 majority yes\nno, said the cloud\n", said));
    assertEquals(ATTEMPTS, count("asked for n3 " + NOWHERE + "3 by n1 majority half\n", said));
    assertTrue(said.contains("asked for n4 " + NOWHERE + "4 by n1 majority yes\n"), said);
  }

  @Test
  void whoSeesTheLesserPartCallsNone() throws Exception {
    try (TakeoverHook hook = start(HOOK)) {
      nodes.getFirst().sees(N1, dead(N2), dead(N3), dead(N4));
      until(() -> hook.count(Fact.MINORITY) == 3, PATIENCE);
      assertEquals(0, hook.count(Fact.DONE) + hook.count(Fact.FAILED));
    }
    assertFalse(Files.exists(directory.resolve("state/takeover-hook.log")));
  }

  /** Of the other part of a split network, one node is found dead before the others are. */
  @Test
  void whoHasNotHeardTheOthersOfLateWaits() throws Exception {
    try (TakeoverHook hook = start(HOOK)) {
      nodes.getFirst().doubts("n2", "n3");
      nodes.getFirst().sees(N1, N2, N3, dead(N4));
      until(() -> hook.count(Fact.MINORITY) == 1, PATIENCE);
      assertEquals(0, hook.count(Fact.DONE));
      nodes.getFirst().doubts("n3");
      until(() -> hook.count(Fact.DONE) > 0, PATIENCE);
    }
  }

  /** This one was cut off, and n3 has taken its address; n2 has an old word for it, and no right. */
  @Test
  void whoWasCutOffPutsDownWhatAnotherHasTaken() throws Exception {
    String own = NOWHERE + 1;
    here.add(own);
    try (TakeoverHook hook = start(HOOK)) {
      tell(2, Map.of(NOWHERE + 2, 0L, own, 0L));
      tell(3, Map.of(NOWHERE + 3, 0L, own, 7L));
      until(() -> hook.count(Fact.FAILED) == ATTEMPTS, PATIENCE);
      assertEquals(0, hook.count(Fact.RELEASED), "n3 makes the hook hang");

      // The next who takes it is n4, for which the hook works.
      tell(3, Map.of(NOWHERE + 3, 0L));
      tell(2, Map.of(NOWHERE + 2, 0L));
      tell(4, Map.of(NOWHERE + 4, 0L, own, 8L));
      until(() -> hook.count(Fact.RELEASED) > 0, PATIENCE);
      here.remove(own);
      assertEquals(0, hook.count(Fact.KEPT) + hook.count(Fact.DONE));
    }
    String said = Files.readString(directory.resolve("state/takeover-hook.log"));
    assertTrue(
        said.contains("asked for n4 " + own + " by n1 majority yes\nand this is to release it\n"),
        said);
    assertEquals(List.of(), whys);
  }

  /** n4 was dead, or cut off, and is back with the address that this one has taken meanwhile. */
  @Test
  void whoHasTakenAnAddressClaimsItAgainWhenItsFormerOwnerIsBack() throws Exception {
    String address = NOWHERE + 4;
    try (TakeoverHook hook = start(HOOK)) {
      nodes.getFirst().sees(N1, N2, N3, dead(N4));
      until(() -> hook.count(Fact.DONE) == 1, PATIENCE);
      here.add(address);
      nodes.getFirst().sees(N1, N2, N3, N4);
      until(() -> hook.count(Fact.KEPT) == 1, PATIENCE);
      assertEquals(List.of(), whys, "n4 still has it");
      tell(4, Map.of());
      until(() -> hook.count(Fact.KEPT) == 2, PATIENCE);
      until(() -> whys.equals(List.of("address")), PATIENCE);
    }
    // It is still so when the process is another one.
    try (TakeoverHook hook = start(HOOK)) {
      until(() -> hook.count(Fact.KEPT) == 1, PATIENCE);
      assertEquals(0, hook.count(Fact.DONE) + hook.count(Fact.FAILED));
    }
    // And it is over when the address is on this machine no longer.
    here.remove(address);
    try (TakeoverHook hook = start(HOOK)) {
      until(() -> isEmpty(directory.resolve("state/taken-addresses")), PATIENCE);
      assertEquals(0, hook.count(Fact.KEPT));
    }
  }

  private static boolean isEmpty(Path file) {
    try {
      return Files.size(file) == 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void whatIsNoProgramIsRefusedAtTheStart() {
    StartFailure refused =
        assertThrows(StartFailure.class, () -> start(directory.resolve("nothing")));
    assertTrue(refused.line().contains("is no program"), refused.line());
  }

  private TakeoverHook start(String script) throws StartFailure, IOException {
    Path program = directory.resolve("hook");
    Files.writeString(program, script);
    assertTrue(program.toFile().setExecutable(true));
    return start(program);
  }

  /** This is n1; the others have no hooks, and have said which addresses are theirs. */
  private TakeoverHook start(Path program) throws StartFailure {
    Given given =
        new Given(directory)
            .flag("state-dir", directory.resolve("state").toString())
            .flag("takeover-hook", program.toString())
            .flag("takeover-hook-timeout", "1s")
            .flag("takeover-after", "1s");
    for (int number = 1; number <= 4; number++) {
      given.flag("listening-ip", NOWHERE + number);
    }
    Config config = given.load();
    nodes.getFirst().sees(N1, N2, N3, N4);
    TakeoverHook hook =
        new TakeoverHook(
            config,
            StateDirectory.open(config),
            nodes.getFirst().cluster(),
            ip -> here.contains(ip.getHostAddress()),
            whys::add);
    hook.start();
    for (int number = 2; number <= 4; number++) {
      tell(number, Map.of(NOWHERE + number, 0L));
    }
    return hook;
  }

  /** The node has these addresses, and has taken those with a term. */
  private void tell(int number, Map<String, Long> termByAddress) {
    Map<String, Long> taken = new TreeMap<>(termByAddress);
    taken.values().removeIf(term -> term == 0);
    byte[] word = new Word(false, termByAddress.keySet(), Set.of(), taken).encode();
    assertTrue(nodes.get(number - 1).tell("n1", "addresses", word));
  }

  private static NodeState dead(NodeState node) {
    return node.withAlive(false);
  }

  /** Gone, or killed and not yet asked for by whoever has inherited it. */
  private static boolean isOver(String pid) {
    try {
      return Files.readString(Path.of("/proc", pid, "stat")).contains(") Z ");
    } catch (IOException gone) {
      return true;
    }
  }

  private static int count(String words, String text) {
    return text.split(Pattern.quote(words), -1).length - 1;
  }
}
