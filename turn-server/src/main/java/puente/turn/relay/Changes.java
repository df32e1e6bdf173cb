package puente.turn.relay;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import puente.turn.Allocation;
import puente.turn.TurnServer;
import puente.turn.store.AllocationKey;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotSink;

/**
 * What has changed on one shard and is still to be told to whoever keeps it. An allocation that
 * changes often is told once in an interval, as it is then. For the shard's loop.
 */
final class Changes {

  private final Keeping keeping;
  private final EventLoop loop;
  private final TurnServer server;
  private final Set<Allocation> changed = new LinkedHashSet<>();
  private final List<AllocationKey> ended = new ArrayList<>();
  private boolean scheduled;

  Changes(Keeping keeping, EventLoop loop, TurnServer server) {
    this.keeping = keeping;
    this.loop = loop;
    this.server = server;
  }

  void changed(Allocation allocation) {
    if (!keeping.sinks().isEmpty()) {
      changed.add(allocation);
      schedule();
    }
  }

  void ended(AllocationKey key) {
    if (!keeping.sinks().isEmpty()) {
      keeping.sinks().forEach(sink -> sink.ending(key));
      ended.add(key);
      schedule();
    }
  }

  private void schedule() {
    if (!scheduled) {
      scheduled = true;
      loop.schedule(this::tell, keeping.intervalMs(), TimeUnit.MILLISECONDS);
    }
  }

  /** Tells now, as the shard has nothing more to say. */
  void tell() {
    scheduled = false;
    if (changed.isEmpty() && ended.isEmpty()) {
      return;
    }
    List<Snapshot> snapshots = new ArrayList<>(changed.size());
    for (Allocation allocation : changed) {
      // One that has ended since is among the ended.
      if (allocation.isActive()) {
        snapshots.add(server.snapshotOf(allocation, keeping.node()));
      }
    }
    List<AllocationKey> keys = List.copyOf(ended);
    changed.clear();
    ended.clear();
    for (SnapshotSink sink : keeping.sinks()) {
      sink.save(snapshots, keys);
    }
  }
}
