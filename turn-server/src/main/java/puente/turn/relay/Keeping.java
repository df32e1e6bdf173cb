package puente.turn.relay;

import java.util.List;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotSink;

/**
 * What outlives the process.
 *
 * @param node whose allocations these are
 * @param sinks who keeps snapshots
 * @param intervalMs how long a change waits for others before the sinks are told of all at once
 * @param left what a former process left: allocations to go on with before anybody is answered
 */
public record Keeping(String node, List<SnapshotSink> sinks, int intervalMs, List<Snapshot> left) {

  /** Nothing does. */
  public static final Keeping NOTHING = new Keeping("", List.of(), 0, List.of());

  public Keeping {
    sinks = List.copyOf(sinks);
    left = List.copyOf(left);
  }
}
