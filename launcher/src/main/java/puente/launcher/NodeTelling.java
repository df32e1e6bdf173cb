package puente.launcher;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What all nodes shall know: each change at once, all of it to a node that came, and to everybody now and
 * then, as a message may get lost. A node that only just came may not hear yet: it is told again soon.
 */
final class NodeTelling {
  private static final List<Duration> SOON = List.of(Duration.ofSeconds(2), Duration.ofSeconds(10));

  /** How often a node was told all of it, and when last. */
  private record Told(int times, long atNanos) {}

  private final Cluster cluster;
  private final String subject;
  private final Duration repeat;
  private final Map<String, Told> toldByNode = new HashMap<>();

  /**
   * @param repeat a lost change is made good after so long
   */
  NodeTelling(Cluster cluster, String subject, Duration repeat) {
    this.cluster = cluster;
    this.subject = subject;
    this.repeat = repeat;
  }

  /**
   * @param all what a node must know that has missed something, in messages
   */
  void begin(Supplier<List<byte[]>> all) {
    cluster.onChange(nodes -> greet(nodes, all));
  }

  /** To all that live. */
  void tell(List<byte[]> messages) {
    tell(others(cluster.nodes()), messages);
  }

  private void tell(Set<String> nodes, List<byte[]> messages) {
    for (byte[] message : messages) {
      nodes.forEach(node -> cluster.messages().tell(node, subject, message));
    }
  }

  private void greet(List<NodeState> nodes, Supplier<List<byte[]>> all) {
    Set<String> due = others(nodes);
    synchronized (toldByNode) {
      toldByNode.keySet().retainAll(due);
      long now = System.nanoTime();
      due.removeIf(node -> !isDue(toldByNode.get(node), now));
      for (String node : due) {
        Told before = toldByNode.get(node);
        toldByNode.put(node, new Told(before == null ? 1 : before.times + 1, now));
      }
    }
    if (!due.isEmpty()) {
      tell(due, all.get());
    }
  }

  private boolean isDue(@Nullable Told told, long now) {
    if (told == null) {
      return true;
    }
    Duration wait = told.times <= SOON.size() ? SOON.get(told.times - 1) : repeat;
    return now - told.atNanos >= wait.toNanos();
  }

  private Set<String> others(List<NodeState> nodes) {
    Set<String> others = new HashSet<>();
    for (NodeState node : nodes) {
      if (node.alive() && !node.id().equals(cluster.nodeId())) {
        others.add(node.id());
      }
    }
    return others;
  }
}
