package puente.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import puente.net.Addresses;
import puente.turn.relay.Endpoint;

/** The {@link Node} as the command line sees it. */
record WiredNode(Node node) implements RunningNode {
  static RunningNode start(Config config, StateDirectory state) throws StartFailure {
    return new WiredNode(Node.start(config, state));
  }

  @Override
  public List<Listening> listening() {
    List<Listening> all = new ArrayList<>();
    for (Endpoint endpoint : node.endpoints()) {
      String transport = endpoint.transport().name().toLowerCase(Locale.ROOT);
      all.add(new Listening(transport, Addresses.of(endpoint.local())));
    }
    all.add(new Listening("admin", node.adminAddress()));
    return all;
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
