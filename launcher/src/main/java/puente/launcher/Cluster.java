package puente.launcher;

import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import puente.turn.store.AllocationStore;

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

  /** Quotas as they hold across all nodes. */
  AllocationStore store();

  /** Leaves in order: the others learn it at once. */
  CompletionStage<Void> leave();
}
