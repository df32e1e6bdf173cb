package puente.launcher;

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
  private final StateLock lock;
  private final @Nullable Journal journal;
  private final int intervalMs;
  private List<Snapshot> left = List.of();

  private NodeJournal(StateLock lock, @Nullable Journal journal, int intervalMs) {
    this.lock = lock;
    this.journal = journal;
    this.intervalMs = intervalMs;
  }

  /**
   * @throws StartFailure if another process has the directory, or the journal cannot be read
   */
  static NodeJournal open(Config config, StateDirectory state) throws StartFailure {
    StateLock lock = StateLock.take(state.directory());
    int intervalMs = config.value(StateSettings.STATE_INTERVAL);
    try {
      Journal journal =
          intervalMs == 0
              ? null
              : Journal.open(state.directory(), config.value(StateSettings.STATE_FSYNC));
      return new NodeJournal(lock, journal, intervalMs);
    } catch (StartFailure failure) {
      lock.close();
      throw failure;
    }
  }

  /** How a server is started that goes on with what was left. */
  interface Starter {
    TurnNode start(Keeping keeping) throws BindFailure;
  }

  /**
   * Starts the server with what a former process left, and says what came back.
   *
   * @param others who keeps its allocations besides the journal
   */
  TurnNode restore(String node, List<SnapshotSink> others, Starter starter) throws BindFailure {
    Keeping keeping = keeping(node, others);
    long since = System.nanoTime();
    TurnNode turn = starter.start(keeping);
    if (!keeping.left().isEmpty()) {
      long restored = sum(turn, Counter.RESTORED);
      long not = sum(turn, Counter.NOT_RESTORED);
      long ms = (System.nanoTime() - since) / 1_000_000;
      Events.info("restored", "allocations", restored, "not", not, "ms", ms);
    }
    return turn;
  }

  private Keeping keeping(String node, List<SnapshotSink> others) {
    List<SnapshotSink> sinks = new ArrayList<>(others);
    if (journal != null) {
      sinks.add(journal);
      left = journal.takeLeft();
    }
    return new Keeping(node, sinks, Math.max(1, intervalMs), left);
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
    lock.close();
  }
}
