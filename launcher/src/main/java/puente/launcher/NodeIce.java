package puente.launcher;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import puente.signal.IceServers;
import puente.stun.Family;
import puente.stun.Transport;

/**
 * The ICE servers that clients are given. Nodes that drain or are dead are not among them; the least
 * loaded comes first with every transport, others follow, so that a client has somewhere to go when
 * the first one dies. Each URL costs a client an allocation: {@link IceServers} gives four at most.
 */
final class NodeIce {
  /** Loads that differ by less are alike: else all clients would jump from node to node. */
  private static final double STEP = 0.1;

  private final Cluster cluster;
  private final Map<Family, IceServers.Config> own;
  private final boolean isForAll;

  /**
   * @param own what this node itself has, for clients of each family
   * @param isForAll whether the credential is good at the other nodes: they share its secret
   */
  NodeIce(Cluster cluster, Map<Family, IceServers.Config> own, boolean isForAll) {
    this.cluster = cluster;
    this.own = Map.copyOf(own);
    this.isForAll = isForAll;
  }

  Map<Family, IceServers.Config> own() {
    return own;
  }

  IceServers.Config own(Family family) {
    return Objects.requireNonNull(own.get(family));
  }

  /** The nodes that clients are sent to. */
  Set<String> takers() {
    Set<String> ids = new TreeSet<>();
    cluster.nodes().stream().filter(NodeState::takesClients).forEach(node -> ids.add(node.id()));
    return ids;
  }

  IceServers.Config of(Family family) {
    List<NodeState> nodes = isForAll ? ranked(family) : List.of();
    IceServers.Config own = own(family);
    if (nodes.isEmpty() || nodes.size() == 1 && isOwn(nodes.getFirst())) {
      return own;
    }
    List<IceServers.Turn> turn = new ArrayList<>(all(nodes.getFirst(), family));
    for (Transport transport : List.of(Transport.UDP, Transport.TCP)) {
      for (NodeState node : nodes.subList(1, nodes.size())) {
        turn(node, transport, family).ifPresent(turn::add);
      }
    }
    return new IceServers.Config(
        own.secret(),
        own.separator(),
        own.ttlSeconds(),
        own.ttlSecondsMax(),
        stun(nodes.getFirst(), family),
        turn);
  }

  private List<NodeState> ranked(Family family) {
    return cluster.nodes().stream()
        .filter(NodeState::takesClients)
        .filter(node -> isOwn(node) || door(node, Transport.UDP, family).isPresent())
        .sorted(
            Comparator.comparing((NodeState node) -> !speaks(node, family))
                .thenComparing(node -> (int) (node.load().share() / STEP))
                .thenComparing(node -> !isOwn(node))
                .thenComparing(NodeState::id))
        .toList();
  }

  private boolean isOwn(NodeState node) {
    return node.id().equals(cluster.nodeId());
  }

  private static boolean speaks(NodeState node, Family family) {
    return node.doors().isEmpty()
        || node.doors().stream().anyMatch(door -> door.address().family() == family);
  }

  private List<IceServers.Turn> all(NodeState node, Family family) {
    if (isOwn(node)) {
      return own(family).turn();
    }
    List<IceServers.Turn> urls = new ArrayList<>();
    turn(node, Transport.UDP, family).ifPresent(urls::add);
    turn(node, Transport.TCP, family).ifPresent(urls::add);
    return urls;
  }

  /** By address: the name in another node's certificate is not known here, so never by TLS. */
  private Optional<IceServers.Turn> turn(NodeState node, Transport transport, Family family) {
    String name = transport == Transport.UDP ? "udp" : "tcp";
    if (isOwn(node)) {
      return own(family).turn().stream().filter(one -> one.transport().equals(name)).findFirst();
    }
    return door(node, transport, family)
        .map(door -> "turn:" + door.address() + "?transport=" + name)
        .map(url -> new IceServers.Turn(name, url));
  }

  private List<String> stun(NodeState node, Family family) {
    List<String> own = own(family).stun();
    if (isOwn(node) || own.isEmpty()) {
      return own;
    }
    return door(node, Transport.UDP, family).map(door -> "stun:" + door.address()).stream()
        .toList();
  }

  /** Of the client's family if there is one, else whatever there is. */
  private static Optional<NodeState.Door> door(NodeState node, Transport transport, Family family) {
    return node.doors().stream()
        .filter(door -> door.transport() == transport)
        .min(Comparator.comparing(door -> door.address().family() != family));
  }
}
