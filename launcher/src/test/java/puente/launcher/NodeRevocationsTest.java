package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A revoked username is refused on every node, also on one that comes later, and also when all of
 * them have been away.
 */
class NodeRevocationsTest {
  private static final Instant START = Instant.parse("2026-11-20T12:00:00Z");
  private static final String ANA = START.getEpochSecond() + 600 + ":ana";
  private static final String BEN = START.getEpochSecond() + 900 + ":ben";

  @TempDir Path directory;
  private Instant now = START;
  private List<FakeCluster> clusters = List.of();
  private final List<List<Set<String>>> acted = new ArrayList<>();
  private final List<NodeRevocations> nodes = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    clusters = FakeCluster.nodes(3);
    nodes.clear();
    acted.clear();
    for (int i = 0; i < clusters.size(); i++) {
      List<Set<String>> log = new ArrayList<>();
      acted.add(log);
      nodes.add(new NodeRevocations(clusters.get(i).cluster(), revoked(i), log::add));
    }
  }

  private Revoked revoked(int node) throws IOException, StartFailure {
    Path state = Files.createDirectories(directory.resolve("n" + node));
    Revoked revoked = new Revoked(state, ':', Duration.ofDays(1), () -> now);
    revoked.compact();
    return revoked;
  }

  @Test
  void allNodesHearOfItOnceAndLatecomersToo() {
    all("n1", "n2");
    nodes.get(0).revoke(ANA);
    nodes.get(1).revoke(ANA);
    nodes.get(1).revoke(BEN);
    assertEquals(List.of(Set.of(ANA), Set.of(BEN)), acted.get(0));
    assertEquals(List.of(Set.of(ANA), Set.of(BEN)), acted.get(1));
    assertEquals(List.of(), acted.get(2));

    all("n1", "n2", "n3");
    assertEquals(Set.of(ANA, BEN), nodes.get(2).names());
    assertEquals(List.of(Set.of(ANA, BEN)), acted.get(2), "told once, by whoever was first");
  }

  /** Each node had heard of something else when the lights went out. */
  @Test
  void aWholeClusterThatRestartsHasForgottenNothing() throws Exception {
    clusters.get(0).sees(NodeState.serving("n1"));
    nodes.get(0).revoke(ANA);
    clusters.get(1).sees(NodeState.serving("n2"));
    nodes.get(1).revoke(BEN);
    start();
    assertEquals(Set.of(ANA), nodes.get(0).names());
    assertEquals(Set.of(BEN), nodes.get(1).names());
    all("n1", "n2", "n3");
    for (NodeRevocations node : nodes) {
      assertEquals(Set.of(ANA, BEN), node.names());
    }
    start();
    assertEquals(Set.of(ANA, BEN), nodes.get(2).names(), "what a node was told it keeps, too");
  }

  @Test
  void eachIsKeptUntilItWouldHaveEndedAnyhow() throws Exception {
    NodeRevocations node = nodes.getFirst();
    node.revoke(ANA);
    node.revoke("ben:" + (START.getEpochSecond() + 900));
    node.revoke("without-an-end");
    node.revoke((START.getEpochSecond() - 1) + ":over");
    assertEquals(3, node.names().size(), "one had ended");
    assertEquals(4, acted.getFirst().size(), "but what it has allocated ends, too");
    now = START.plusSeconds(600);
    assertEquals(2, node.names().size());
    now = START.plusSeconds(900);
    assertEquals(Set.of("without-an-end"), node.names());
    start();
    assertEquals(Set.of("without-an-end"), nodes.getFirst().names());
    now = START.plus(Duration.ofDays(1));
    start();
    assertEquals(Set.of(), nodes.getFirst().names());
    assertEquals(0, Files.size(file()), "the file does not grow for ever");
  }

  @Test
  void whatIsKeptIsBounded() throws Exception {
    Revoked revoked = revoked(0);
    String end = Long.toString(START.getEpochSecond() + 600);
    IntStream.range(0, 2 * Revoked.NAMES_MAX + 10).forEach(i -> revoked.add(end + ":u" + i));
    assertEquals(Revoked.NAMES_MAX, revoked.names().size());
    assertTrue(revoked.names().contains(end + ":u" + (2 * Revoked.NAMES_MAX + 9)));
    assertTrue(Files.readAllLines(file()).size() <= 2 * Revoked.NAMES_MAX);
    assertEquals(revoked.names(), revoked(0).names());
  }

  /** The machine ended in the middle of a line. */
  @Test
  void aTornLineCostsNoOther() throws Exception {
    nodes.getFirst().revoke(ANA);
    String whole = Files.readString(file());
    Files.writeString(file(), whole + "no line\n17x eHg\n1800000000 ***\n" + whole.substring(0, 9));
    start();
    assertEquals(Set.of(ANA), nodes.getFirst().names());
    nodes.getFirst().revoke(BEN);
    start();
    assertEquals(Set.of(ANA, BEN), nodes.getFirst().names());
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
  }

  @Test
  void whatIsNoUsernameIsRefused() {
    for (String name : List.of("", "a\nb", "a\u0000", "x".repeat(509))) {
      assertThrows(IllegalArgumentException.class, () -> nodes.getFirst().revoke(name), name);
    }
    assertEquals(List.of(), acted.getFirst());
  }

  private Path file() {
    return directory.resolve("n0").resolve(Revoked.FILE);
  }

  private void all(String... ids) {
    NodeState[] states = List.of(ids).stream().map(NodeState::serving).toArray(NodeState[]::new);
    clusters.forEach(cluster -> cluster.sees(states));
  }
}
