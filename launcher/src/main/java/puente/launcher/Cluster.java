package puente.launcher;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;
import puente.turn.store.RateLeases;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotSink;

/**
 * What a node knows of the others and they of it. Everything here answers from memory and at once:
 * no packet and no listener ever waits for another node.
 */
interface Cluster {

  /** Joins the others in the background, once the sockets serve; returns at once. */
  void join();

  /** The stable name of this node. */
  String nodeId();

  /** Every node known, this one included, ordered by name; the dead ones for some minutes yet. */
  List<NodeState> nodes();

  /** Those among them that are alive but were not heard of late: they may be dead, too. */
  Set<String> doubtful();

  /** Tells the others what this node is up to; as often as something changed. */
  void publish(NodeState own);

  /** Runs, on a thread of the cluster's, whenever {@link #nodes} may have changed. */
  void onChange(Consumer<List<NodeState>> listener);

  /** Where every node's allocations are written behind, for every node to see. */
  SnapshotSink sink();

  /** Which node has this allocation now; empty if none is known to. */
  CompletionStage<Optional<String>> ownerOf(AllocationKey key);

  /**
   * Who goes on with what was left, and lets go of what another node has taken over; told on
   * threads of the cluster's. Said before the others are joined.
   *
   * @param fromJournal what this node goes on with already
   */
  void heir(Heir heir, List<Snapshot> fromJournal);

  /**
   * Takes over all that is left on the heir's relayed addresses: this node's from now on. Asks the
   * other nodes, and takes its time.
   */
  List<Snapshot> inherit();

  /**
   * Told, on a thread of the cluster's, of each change that the other nodes can see now: how many
   * nanoseconds after a shard has said it.
   */
  void onWritten(LongConsumer listener);

  /**
   * Whether all that this node keeps of the directory has a copy on another node, if there is one:
   * a moment after nodes have come or gone it has not.
   */
  boolean isSafe();

  /** What came of taking over. */
  ClaimCounters claims();

  /** Quotas as they hold across all nodes, and claims of what other nodes have left. */
  AllocationStore store();

  /**
   * Shares rates with the other nodes, from now on: asks every second what there is to share, given
   * the number of nodes.
   */
  void shareRates(IntFunction<Map<String, RateLeases.Claimant>> rates);

  /** Words to and from the other nodes. */
  Messenger messages();

  /** Leaves in order: the others learn it at once. */
  CompletionStage<Void> leave();
}
