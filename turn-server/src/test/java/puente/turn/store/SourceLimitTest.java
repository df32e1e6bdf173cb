package puente.turn.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import puente.stun.TransportAddress;

/** Answers to one source that has proved nothing, over several nodes. */
class SourceLimitTest {
  private static final int PER_SECOND = 9;
  private static final int BURST = 90;
  private static final int NODES = 3;
  private static final TransportAddress VICTIM = TransportAddress.ipv4(0xc0000207, 1);

  private final RateTable table = new RateTable();
  private final List<Node> nodes = new ArrayList<>();
  private long number;

  private final class Node implements RateLeases.Lender {
    final String name;
    final SourceLimit limit = new SourceLimit(7, PER_SECOND, BURST);
    final RateLeases leases = new RateLeases(this);

    Node(String name) {
      this.name = name;
      limit.nodes(NODES);
    }

    @Override
    public int nodes() {
      return NODES;
    }

    @Override
    public void settle(
        Map<String, RateTable.Word> words, Consumer<Optional<Map<String, Long>>> answer) {
      Map<String, Long> granted = new HashMap<>();
      words.forEach((scope, word) -> granted.put(scope, table.settle(name, ++number, word)));
      answer.accept(Optional.of(granted));
    }

    int flood(int requests, long now) {
      int answered = 0;
      for (int i = 0; i < requests; i++) {
        answered += limit.allows(VICTIM.withPort(i), now) ? 1 : 0;
      }
      return answered;
    }
  }

  SourceLimitTest() {
    for (int i = 0; i < NODES; i++) {
      nodes.add(new Node("n" + i));
    }
  }

  /** A forger who uses all nodes gets no more out of them than out of one. */
  @Test
  void aVictimGetsNoMoreFromAllNodesThanFromOne() {
    int answered = flood(NODES, 10);
    int bound = BURST + 10 * PER_SECOND + 2 * PER_SECOND * (NODES - 1) / NODES;
    assertTrue(answered <= bound, answered + " answers in 10 s");
    assertTrue(answered >= BURST + 9 * PER_SECOND, answered + " answers in 10 s");
  }

  /** Who comes to one node only gets what the others do not use, after a moment. */
  @Test
  void aCrowdAtOneNodeGetsAllOfIt() {
    flood(1, 5);
    int before = nodes.getFirst().flood(1000, 5_000);
    int after = 0;
    for (int second = 6; second < 16; second++) {
      tick(second);
      after += nodes.getFirst().flood(1000, 1000L * second);
    }
    assertTrue(after >= 10 * PER_SECOND - 1, before + ", then " + after);
  }

  /** When the forger turns to the other nodes, too, it gains less than once the limit for 2 s. */
  @Test
  void aForgerWhoTurnsToOthersGainsLittle() {
    flood(1, 20);
    int answered = 0;
    for (int second = 20; second < 30; second++) {
      tick(second);
      for (Node node : nodes) {
        answered += node.flood(1000, 1000L * second);
      }
    }
    int bound = 2 * BURST / NODES + 10 * PER_SECOND + 2 * PER_SECOND * (NODES - 1) / NODES;
    assertTrue(answered <= bound + NODES, answered + " answers, bound " + bound);
  }

  @Test
  void whoLogsInGetsItsTokenBack() {
    SourceLimit limit = nodes.getFirst().limit;
    for (int i = 0; i < 1000; i++) {
      assertTrue(limit.allows(VICTIM, 0));
      limit.refund(VICTIM, 0);
    }
  }

  @Test
  void othersAreNotHeldUp() {
    Node node = nodes.getFirst();
    node.flood(1000, 0);
    assertFalse(node.limit.allows(VICTIM, 0));
    assertTrue(node.limit.allows(TransportAddress.ipv4(0xc6336407, 1), 0));
    assertEquals(
        node.limit.allows(TransportAddress.ipv6(1, 1, 1), 0),
        node.limit.allows(TransportAddress.ipv6(1, 2, 2), 0));
  }

  private int flood(int count, int seconds) {
    int answered = 0;
    for (int second = 0; second < seconds; second++) {
      tick(second);
      for (Node node : nodes.subList(0, count)) {
        answered += node.flood(1000, 1000L * second);
      }
    }
    return answered;
  }

  private void tick(int second) {
    nodes.forEach(node -> node.leases.tick(node.limit.claimants(), 1000L * second));
  }
}
