package puente.launcher;

import java.util.Set;
import java.util.stream.Collectors;
import puente.signal.OtherNodes;

/** The gateways of the other nodes, reached over the cluster. */
record SignalNodes(Cluster cluster) implements OtherNodes {
  private static final String SUBJECT = "signal";

  @Override
  public String own() {
    return cluster.nodeId();
  }

  @Override
  public Set<String> living() {
    return cluster.nodes().stream()
        .filter(NodeState::alive)
        .map(NodeState::id)
        .collect(Collectors.toSet());
  }

  @Override
  public boolean tell(String node, byte[] body) {
    return cluster.messages().tell(node, SUBJECT, body);
  }

  @Override
  public void listen(Listener listener) {
    cluster.messages().listen(SUBJECT, listener::on);
  }

  @Override
  public void onChange(Runnable listener) {
    cluster.onChange(nodes -> listener.run());
  }
}
