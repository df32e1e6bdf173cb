package puente.launcher;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import puente.net.Addresses;

/** The {@link Node} as the command line sees it. */
record WiredNode(Node node) implements RunningNode {
  static RunningNode start(Config config, StateDirectory state) throws StartFailure {
    return new WiredNode(Node.start(config, state));
  }

  @Override
  public List<Listening> listening() {
    return node.endpoints().stream()
        .map(
            endpoint ->
                new Listening(
                    endpoint.transport().name().toLowerCase(Locale.ROOT),
                    Addresses.of(endpoint.local())))
        .toList();
  }

  @Override
  public void reload(Config config) throws StartFailure {
    node.reload(config);
  }

  @Override
  public CompletionStage<Void> stop() {
    return node.stop();
  }
}
