package puente.launcher;

import com.hazelcast.cluster.Member;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.instance.impl.HazelcastInstanceProxy;
import com.hazelcast.internal.cluster.impl.ClusterServiceImpl;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Gives up who sends no heartbeat. Hazelcast does so, too, but counts in whole seconds and looks
 * once a second: up to two late. It stays behind this as the second line.
 */
final class HazelcastClusterSilence {
  private static final long LOOK_MS = 200;

  /** Heartbeats come every second; one that looks so late has missed to read some. */
  private static final Duration STALL = Duration.ofSeconds(1);

  /** Two heartbeats. */
  private static final Duration DOUBT = Duration.ofSeconds(2);

  private final ClusterServiceImpl members;
  private final Silence<Member> silence;
  private final Duration limit;
  private volatile Set<String> doubtful = Set.of();

  private HazelcastClusterSilence(HazelcastInstance instance, Duration limit) {
    members = ((HazelcastInstanceProxy) instance).getOriginal().node.getClusterService();
    this.limit = limit;
    silence = new Silence<>(limit.toNanos(), STALL.toNanos(), System.nanoTime());
  }

  /** From now on it looks, on this thread, until that ends. */
  static HazelcastClusterSilence watch(
      HazelcastInstance instance, Duration limit, ScheduledExecutorService thread) {
    HazelcastClusterSilence watching = new HazelcastClusterSilence(instance, limit);
    thread.scheduleAtFixedRate(watching::look, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
    return watching;
  }

  /** Members that were not heard of late. */
  Set<String> doubtful() {
    return doubtful;
  }

  private void look() {
    try {
      var heartbeats = members.getClusterHeartbeatManager();
      Map<Member, Long> signs = new HashMap<>();
      for (Member member : members.getMembers()) {
        if (!member.localMember()) {
          signs.put(member, heartbeats.getLastHeartbeatTime(member));
        }
      }
      Set<Member> lost = silence.look(signs, System.nanoTime());
      // Before anybody is told of a death: who else is about to be found dead matters then.
      doubtful =
          silence.silentFor(DOUBT.toNanos()).stream()
              .map(HazelcastClusterConfig::nodeOf)
              .collect(Collectors.toUnmodifiableSet());
      for (Member silent : lost) {
        String why = "no heartbeat for " + limit.toMillis() + " ms";
        members.suspectMember(silent, why, true);
      }
    } catch (HazelcastInstanceNotActiveException over) {
      // It shuts down, and this thread will.
    }
  }
}
