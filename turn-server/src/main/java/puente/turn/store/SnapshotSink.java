package puente.turn.store;

import java.util.List;

/** Who keeps snapshots: the journal, the cluster. */
public interface SnapshotSink {

  /**
   * What has changed on one shard since the last call. Called on the shard's loop: returns at once
   * and never blocks.
   *
   * @param changed the newest state of each allocation that has changed
   * @param ended whose allocations are over; before {@code changed}: a client in both has a new one
   */
  void save(List<Snapshot> changed, List<AllocationKey> ended);

  /**
   * An allocation has ended; it will be among those of the next call of {@link #save}. Who is asked
   * meanwhile whether anybody goes on with it must know: its client's last packets may come later.
   */
  default void ending(AllocationKey key) {}
}
