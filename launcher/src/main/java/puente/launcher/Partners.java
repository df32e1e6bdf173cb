package puente.launcher;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import puente.launcher.NodeState.Corner;
import puente.stun.BindingConfig.Square;
import puente.turn.relay.Partner;

/**
 * With whom a node of one address discovers NATs: RFC 5780 §6 wants a second address, and another
 * node has it. Pure: the same nodes give the same answer.
 */
final class Partners {
  private Partners() {}

  /** One of each family at most: the next node by name, round and round, that lives and fits. */
  static List<Partner> of(String own, List<Corner> corners, List<NodeState> nodes) {
    List<NodeState> others =
        nodes.stream()
            .filter(node -> node.alive() && !node.id().equals(own))
            .sorted(
                Comparator.comparing((NodeState node) -> node.id().compareTo(own) < 0)
                    .thenComparing(NodeState::id))
            .toList();
    List<Partner> found = new ArrayList<>();
    for (Corner corner : corners) {
      others.stream()
          .flatMap(node -> with(corner, node).stream())
          .findFirst()
          .ifPresent(found::add);
    }
    return found;
  }

  private static Optional<Partner> with(Corner own, NodeState node) {
    return node.forward()
        .flatMap(
            link ->
                node.more().corners().stream()
                    .filter(other -> fits(own, other))
                    .findFirst()
                    .map(other -> new Partner(square(own, other), link)));
  }

  /** Another address on the same two ports, seen from inside and from outside. */
  private static boolean fits(Corner own, Corner other) {
    return own.local().family() == other.local().family()
        && own.local().port() == other.local().port()
        && own.otherPort() == other.otherPort()
        && !own.local().sameIp(other.local().hi(), other.local().lo())
        && !own.seen().sameIp(other.seen().hi(), other.seen().lo());
  }

  private static Square square(Corner own, Corner other) {
    int port = own.otherPort();
    return new Square(
        own.local(), other.local().withPort(port), own.seen(), other.seen().withPort(port));
  }
}
