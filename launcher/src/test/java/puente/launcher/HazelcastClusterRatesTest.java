package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.launcher.ClusterLab.until;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.turn.store.LocalStore;
import puente.turn.store.RateLeases.Claimant;

/** Three real members share a rate. */
@Tag("cluster")
@Tag("slow")
@Timeout(120)
class HazelcastClusterRatesTest {
  private static final long LIMIT = 900_000;
  private static final int NODES = 3;

  private final ClusterLab lab = new ClusterLab();

  @AfterEach
  void stop() {
    lab.stop();
  }

  /** One user of one node. */
  private static final class Part implements Claimant {
    volatile long wanted;
    volatile long rate = LIMIT;

    @Override
    public long limit() {
      return LIMIT;
    }

    @Override
    public long demand(long nowMs) {
      return wanted;
    }

    @Override
    public void rate(long perSecond) {
      rate = perSecond;
    }
  }

  @Test
  void aRateGoesWhereItIsWanted() {
    List<Part> parts = new ArrayList<>();
    List<HazelcastCluster> nodes = new ArrayList<>();
    for (int number = 1; number <= NODES; number++) {
      Part part = new Part();
      HazelcastCluster node = lab.node(number, ClusterLab.SECRET, LocalStore.Quotas.NONE);
      node.shareRates(count -> Map.of("up r u", part));
      parts.add(part);
      nodes.add(node);
    }
    // Before it has seen anybody, each has its part of as many nodes as are named.
    parts.forEach(part -> until(() -> part.rate <= LIMIT / NODES, 20));
    until(() -> nodes.stream().allMatch(node -> ClusterLab.alive(node) == NODES), 40);

    parts.get(0).wanted = LIMIT;
    until(() -> parts.get(0).rate == LIMIT, 20);
    until(() -> parts.get(1).rate == LIMIT / NODES, 20);

    parts.get(1).wanted = LIMIT;
    until(() -> parts.get(0).rate == LIMIT / 2 && parts.get(1).rate == LIMIT / 2, 20);
    parts.get(2).wanted = 100_000;
    until(() -> used(parts) == LIMIT && parts.get(1).rate == 400_000, 20);
    assertTrue(parts.get(2).rate >= 100_000);

    nodes.get(0).terminate();
    parts.get(0).wanted = 0;
    until(() -> parts.get(1).rate == LIMIT - 100_000, 20);
  }

  private static long used(List<Part> parts) {
    return parts.stream().mapToLong(part -> Math.min(part.wanted, part.rate)).sum();
  }
}
