package puente.launcher;

import java.util.List;
import java.util.concurrent.CompletionStage;
import puente.net.DescriptorHolder;

/** The {@link Node} as the command line sees it. */
record WiredNode(Node node) implements RunningNode {
  static RunningNode start(Config config, StateDirectory state, DescriptorHolder holder)
      throws StartFailure {
    return new WiredNode(Node.start(config, state, holder));
  }

  @Override
  public List<Listening> listening() {
    return node.listening();
  }

  @Override
  public void reload(Config config) throws StartFailure {
    node.reload(config);
  }

  @Override
  public CompletionStage<Void> drain() {
    return node.drain();
  }

  @Override
  public CompletionStage<Void> leave() {
    return node.leave();
  }

  @Override
  public CompletionStage<Void> stop() {
    return node.stop();
  }
}
