package puente.launcher;

import java.util.List;
import puente.net.BindFailure;
import puente.turn.relay.Keeping;
import puente.turn.relay.TurnNode;

/**
 * What a node has just before its turn, while another process still serves: shards that have opened
 * nothing yet, and the journal as far as it is written.
 */
record NodeOutset(NodeJournal journal, TurnNode turn) {

  static NodeOutset of(NodePreparation parts, StateDirectory state)
      throws StartFailure, BindFailure {
    NodeAddresses.tryRelays(parts.config());
    Cluster cluster = parts.cluster();
    NodeJournal journal = NodeJournal.ahead(parts.config(), state);
    Keeping keeping = journal.keeping(cluster.nodeId(), List.of(cluster.sink()));
    TurnNode turn = TurnNode.prepare(parts.loops(), parts.options(), cluster.store(), keeping);
    return new NodeOutset(journal, turn);
  }
}
