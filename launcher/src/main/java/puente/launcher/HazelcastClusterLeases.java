package puente.launcher;

import com.hazelcast.config.Config;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.MergePolicyConfig;
import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import puente.turn.store.LeasedStore;

/** The table of leases, on two nodes, changed where it is. */
final class HazelcastClusterLeases implements LeasedStore.Lender {
  private static final String MAP = "leases";

  /** A copy on every node of a cluster of seven: a part that is cut off knows what all hold. */
  private static final int COPIES = 5;

  private final String node;
  // Greater than what a former process of this node has used, as long as its clock goes on.
  private final AtomicLong number = new AtomicLong(System.currentTimeMillis() << 20);
  private volatile @Nullable HazelcastInstance instance;
  private volatile int nodes;

  /**
   * @param expected how many nodes there are, as long as none of the others was seen
   */
  HazelcastClusterLeases(String node, int expected) {
    this.node = node;
    nodes = expected;
  }

  static void configure(Config config) {
    config.addMapConfig(
        new MapConfig(MAP)
            .setBackupCount(1)
            .setAsyncBackupCount(COPIES)
            .setStatisticsEnabled(false)
            .setMergePolicyConfig(
                new MergePolicyConfig(HazelcastClusterRecords.MergeLeases.class.getName(), 256)));
  }

  /** What a former process of this node held is free: this one says what it holds. */
  void start(HazelcastInstance running) {
    instance = running;
    forget(node);
  }

  void nodes(int alive) {
    nodes = alive;
  }

  @Override
  public int nodes() {
    return nodes;
  }

  @Override
  public void settle(String scope, int held, int want, int limit, IntConsumer granted) {
    HazelcastInstance running = instance;
    if (running == null) {
      granted.accept(UNREACHABLE);
      return;
    }
    try {
      IMap<String, byte[]> leases = running.getMap(MAP);
      leases
          .submitToKey(
              scope,
              new HazelcastClusterRecords.Settle(
                  node, number.incrementAndGet(), held, want, limit, 2 * nodes))
          .whenComplete(
              (more, failure) ->
                  granted.accept(failure == null && more != null ? more : UNREACHABLE));
    } catch (HazelcastException | IllegalStateException unreachable) {
      granted.accept(UNREACHABLE);
    }
  }

  /** A node has been dead for so long that its clients are gone or another's. */
  void forget(String dead) {
    HazelcastInstance running = instance;
    if (running == null) {
      return;
    }
    try {
      running
          .<String, byte[]>getMap(MAP)
          .executeOnEntries(new HazelcastClusterRecords.Forget(dead));
    } catch (HazelcastException | IllegalStateException unreachable) {
      // What it held stays lent: too little is granted rather than too much, until it is back.
      Events.warn(
          "cluster-leases", "node", dead, "warning", String.valueOf(unreachable.getMessage()));
    }
  }
}
