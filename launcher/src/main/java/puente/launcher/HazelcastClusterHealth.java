package puente.launcher;

import com.hazelcast.core.HazelcastInstance;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** Whether all is well with this node's membership; says once where it is not. For one thread. */
final class HazelcastClusterHealth {
  private final @Nullable HazelcastClusterLink link;
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

  void look(HazelcastInstance instance, List<NodeState> nodes) {
    boolean before = safe;
    safe = instance.getPartitionService().isLocalMemberSafe();
    if (safe && !before) {
      Events.info("cluster-safe", "meaning", "what this node keeps for all has its copies");
    }
    boolean alone = nodes.stream().filter(NodeState::alive).count() <= 1;
    if (alone && !aloneLogged) {
      Events.warn(
          "cluster-alone", "meaning", "no other node answers; serving alone, looking for them");
    }
    aloneLogged = alone;
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
