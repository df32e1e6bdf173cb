package puente.launcher;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;
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

  /** Tells the others what this node is up to; as often as something changed. */
  void publish(NodeState own);

  /** Runs, on a thread of the cluster's, whenever {@link #nodes} may have changed. */
  void onChange(Consumer<List<NodeState>> listener);

  /** Where every node's allocations are written behind, for every node to see. */
  SnapshotSink sink();

  /** Which node has this allocation now; empty if none is known to. */
  CompletionStage<Optional<String>> ownerOf(AllocationKey key);

  /**
   * Runs, on a thread of the cluster's, when another node has taken over an allocation of this one:
   * it must end here, without a word to its client.
   */
  void onLost(Consumer<AllocationKey> loser);

  /** Quotas as they hold across all nodes, and claims of what other nodes have left. */
  AllocationStore store();

  /** Words to and from the other nodes. */
  Messenger messages();

  /** Leaves in order: the others learn it at once. */
  CompletionStage<Void> leave();
}
