package puente.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.net.BindFailure;
import puente.turn.Counter;
import puente.turn.Counters;
import puente.turn.relay.Keeping;
import puente.turn.relay.TurnNode;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotSink;

/** What a node keeps in its state directory while it runs: the lock, and the journal. */
final class NodeJournal implements AutoCloseable {
  private final Path directory;
  private final @Nullable Journal journal;
  private final int intervalMs;
  private @Nullable StateLock lock;
  private List<Snapshot> left = List.of();

  private NodeJournal(Path directory, @Nullable Journal journal, int intervalMs) {
    this.directory = directory;
    this.journal = journal;
    this.intervalMs = intervalMs;
  }

  /**
   * Reads what is there already; another process may still have the directory.
   *
   * @throws StartFailure if the journal cannot be read
   */
  static NodeJournal ahead(Config config, StateDirectory state) throws StartFailure {
    int intervalMs = config.value(StateSettings.STATE_INTERVAL);
    Journal journal =
        intervalMs == 0
            ? null
            : Journal.ahead(state.directory(), config.value(StateSettings.STATE_FSYNC));
    return new NodeJournal(state.directory(), journal, intervalMs);
  }

  /**
   * Who is told what changes.
   *
   * @param others who keeps the node's allocations besides the journal
   */
  Keeping keeping(String node, List<SnapshotSink> others) {
    List<SnapshotSink> sinks = new ArrayList<>(others);
    if (journal != null) {
      sinks.add(journal);
    }
    return new Keeping(node, sinks, Math.max(1, intervalMs), List.of());
  }

  /**
   * Takes the directory.
   *
   * @throws StartFailure if another process has it, or the journal cannot be read
   */
  void take() throws StartFailure {
    lock = StateLock.take(directory);
    if (journal != null) {
      journal.readRest();
      left = journal.takeLeft();
    }
  }

  /** Starts the server with what a former process left, and says what came back. */
  void restore(TurnNode turn) throws BindFailure {
    long since = System.nanoTime();
    turn.serve(left);
    if (journal != null) {
      // Not before: it would take time from those who wait.
      journal.begin();
    }
    if (!left.isEmpty()) {
      long restored = sum(turn, Counter.RESTORED);
      long not = sum(turn, Counter.NOT_RESTORED);
      long ms = (System.nanoTime() - since) / 1_000_000;
      Events.info("restored", "allocations", restored, "not", not, "ms", ms);
    }
  }

  /** What the server began with; asked once, and then let go of. */
  List<Snapshot> takeLeft() {
    List<Snapshot> taken = left;
    left = List.of();
    return taken;
  }

  /** Changes that were not written because the disk was too far behind. */
  long lost() {
    return journal == null ? 0 : journal.lost();
  }

  private static long sum(TurnNode turn, Counter fact) {
    long sum = 0;
    for (Counters shard : turn.counters()) {
      sum += shard.total(fact);
    }
    return sum;
  }

  @Override
  public void close() {
    if (journal != null) {
      journal.close();
    }
    if (lock != null) {
      lock.close();
    }
  }
}
