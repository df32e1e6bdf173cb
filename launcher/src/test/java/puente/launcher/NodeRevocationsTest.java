package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A revoked username is refused on every node, also on one that comes later. */
class NodeRevocationsTest {
  private final List<FakeCluster> clusters = FakeCluster.nodes(3);
  private final List<List<Set<String>>> acted =
      List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
  private final List<NodeRevocations> nodes = new ArrayList<>();

  NodeRevocationsTest() {
    for (int i = 0; i < clusters.size(); i++) {
      List<Set<String>> log = acted.get(i);
      nodes.add(new NodeRevocations(clusters.get(i).cluster(), log::add));
    }
  }

  @Test
  void allNodesHearOfItOnceAndLatecomersToo() {
    all("n1", "n2");
    nodes.get(0).revoke("1:ana");
    nodes.get(1).revoke("1:ana");
    nodes.get(1).revoke("2:ben");
    assertEquals(List.of(Set.of("1:ana"), Set.of("2:ben")), acted.get(0));
    assertEquals(List.of(Set.of("1:ana"), Set.of("2:ben")), acted.get(1));
    assertEquals(List.of(), acted.get(2));

    all("n1", "n2", "n3");
    assertEquals(Set.of("1:ana", "2:ben"), nodes.get(2).names());
    assertEquals(
        List.of(Set.of("1:ana", "2:ben")), acted.get(2), "told once, by whoever was first");
  }

  private void all(String... ids) {
    NodeState[] states = List.of(ids).stream().map(NodeState::serving).toArray(NodeState[]::new);
    clusters.forEach(cluster -> cluster.sees(states));
  }
}
