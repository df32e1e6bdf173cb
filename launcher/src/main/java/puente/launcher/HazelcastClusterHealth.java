package puente.launcher;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** Whether all is well with this node's membership; says once where it is not. For one thread. */
final class HazelcastClusterHealth {
  private final @Nullable HazelcastClusterLink link;
  private volatile @Nullable HazelcastClusterSilence silence;
  private final AtomicBoolean asking = new AtomicBoolean();
  private volatile boolean safe;
  private boolean aloneLogged;

  /**
   * @param link seals the links; null where they are in clear by the operator's wish
   */
  HazelcastClusterHealth(@Nullable HazelcastClusterLink link) {
    this.link = link;
  }

  /** Whether what this node keeps for all had its copies when it was last looked at. */
  boolean isSafe() {
    return safe;
  }

  /**
   * @throws HazelcastClusterLink.InClear if a link is not sealed that should be
   */
  void checkLinks() {
    if (link != null) {
      link.check();
    }
  }

  /** From now on, who is silent for too long is given up. */
  void watch(HazelcastInstance instance, Duration limit, ScheduledExecutorService thread) {
    silence = HazelcastClusterSilence.watch(instance, limit, thread);
  }

  /** Members that were not heard of late. */
  Set<String> doubtful() {
    HazelcastClusterSilence watching = silence;
    return watching == null ? Set.of() : watching.doubtful();
  }

  void look(HazelcastInstance instance, List<NodeState> nodes) {
    if (asking.compareAndSet(false, true)) {
      Thread.ofVirtual().name("puente-cluster-safe").start(() -> askIfSafe(instance));
    }
    boolean alone = nodes.stream().filter(NodeState::alive).count() <= 1;
    if (alone && !aloneLogged) {
      Events.warn(
          "cluster-alone", "meaning", "no other node answers; serving alone, looking for them");
    }
    aloneLogged = alone;
  }

  /** Hazelcast waits up to 10 s for a node that has just died, and nothing else may wait with it. */
  private void askIfSafe(HazelcastInstance instance) {
    try {
      boolean before = safe;
      safe = instance.getPartitionService().isLocalMemberSafe();
      if (safe && !before) {
        Events.info("cluster-safe", "meaning", "what this node keeps for all has its copies");
      }
    } catch (HazelcastException | IllegalStateException over) {
      safe = false;
    } finally {
      asking.set(false);
    }
  }

  /** Alone is better than in clear; and this will not be better at another time. */
  void leaveOpenLinks(@Nullable HazelcastInstance instance, HazelcastClusterLink.InClear open) {
    safe = false;
    if (instance != null) {
      instance.getLifecycleService().terminate();
    }
    Events.log(
        Level.ERROR,
        "cluster-links-in-clear",
        "reason",
        String.valueOf(open.getMessage()),
        "meaning",
        "left the cluster, serving alone: this version of Hazelcast does not fit; please report");
  }
}
