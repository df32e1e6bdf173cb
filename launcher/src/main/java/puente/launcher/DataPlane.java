package puente.launcher;

import java.util.List;
import java.util.concurrent.CompletionStage;
import puente.net.BindFailure;
import puente.net.DescriptorHolder;
import puente.turn.relay.TurnNode;

/** What a {@link Node} serves clients with, and nothing of what it tells people. */
record DataPlane(NodePreparation parts, NodeJournal journal, TurnNode turn, NodeListening ports)
    implements ServingPart {

  static DataPlane start(Config config, StateDirectory state) throws StartFailure {
    NodePreparation parts = NodePreparation.of(config, state, DescriptorHolder.none());
    try {
      return start(parts, NodeOutset.of(parts, state), state);
    } catch (BindFailure refused) {
      parts.close();
      throw StartFailure.of(refused);
    } catch (StartFailure | RuntimeException failure) {
      parts.close();
      throw failure;
    }
  }

  private static DataPlane start(NodePreparation parts, NodeOutset outset, StateDirectory state)
      throws StartFailure, BindFailure {
    NodeJournal journal = outset.journal();
    TurnNode turn = outset.turn();
    try {
      journal.take();
      journal.restore(turn);
    } catch (StartFailure | BindFailure | RuntimeException failure) {
      journal.close();
      throw failure;
    }
    NodeListening ports = new NodeListening(parts.config(), state, turn, parts.own());
    return new DataPlane(parts, journal, turn, ports);
  }

  @Override
  public List<Listening> listening() {
    return ports.open();
  }

  @Override
  public CompletionStage<Void> stop() {
    return turn.stop().thenRun(journal::close).thenRun(parts::close);
  }
}
