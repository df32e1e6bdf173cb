package puente.launcher;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.launcher.NodeState.Door;
import puente.launcher.NodeState.Phase;
import puente.stun.Family;
import puente.stun.Transport;
import puente.turn.Redirection;
import puente.turn.Redirection.Target;
import puente.turn.Redirection.When;

/** Decides where new clients go. Pure: the same nodes give the same answer. */
final class Elsewhere {
  /** A node fuller than this is sent nobody: it might have to send them on. */
  static final double FULL = 0.9;

  /**
   * Nodes within this share of the least loaded one count as equal and take turns, so that what one
   * learns of the load of a moment ago does not send everybody to the same node.
   */
  static final double ALIKE = 0.1;

  private Elsewhere() {}

  /**
   * Where to send clients, and when.
   *
   * @param own whose clients they are
   * @param configured the servers of alternate-server and its kin, of which nobody knows that they
   *     do not answer
   */
  static Redirection choose(
      String own, Phase phase, List<Target> configured, List<NodeState> nodes) {
    List<Target> first = configured.stream().filter(target -> isOpen(target, own, nodes)).toList();
    List<NodeState> others =
        nodes.stream()
            .filter(node -> !node.id().equals(own) && node.takesClients())
            .sorted(Comparator.comparingDouble(node -> node.load().share()))
            .toList();
    List<NodeState> roomy = others.stream().filter(node -> node.load().share() < FULL).toList();
    if (phase == Phase.SERVING) {
      List<Target> spare = best(roomy, List.of());
      return first.isEmpty()
          ? new Redirection(When.FULL, spare)
          : new Redirection(When.ALWAYS, first, spare);
    }
    // Who leaves rather sends to a busy node than to none.
    List<NodeState> last = others.stream().filter(node -> node.load().places() < 1).toList();
    List<Target> all = new ArrayList<>(first);
    all.addAll(best(roomy, last));
    return new Redirection(When.DRAINING, all.stream().distinct().toList());
  }

  /** A configured server that is a node of ours says itself how it is doing. */
  private static boolean isOpen(Target target, String own, List<NodeState> nodes) {
    Door door = new Door(target.transport(), target.address());
    return nodes.stream()
        .filter(node -> node.doors().contains(door))
        .allMatch(
            node -> !node.id().equals(own) && node.takesClients() && node.load().share() < FULL);
  }

  /** For each transport and family the best doors of these nodes, else of the last ones. */
  private static List<Target> best(List<NodeState> roomy, List<NodeState> last) {
    List<Target> targets = new ArrayList<>();
    for (Transport transport : Transport.values()) {
      for (Family family : Family.values()) {
        List<Target> best = least(roomy, transport, family);
        targets.addAll(best.isEmpty() ? least(last, transport, family) : best);
      }
    }
    return targets;
  }

  /** The doors of this kind of the least loaded node that has one, and of those like it. */
  private static List<Target> least(List<NodeState> nodes, Transport transport, Family family) {
    List<Target> found = new ArrayList<>();
    double share = 0;
    for (NodeState node : nodes) {
      for (Door door : node.doors()) {
        boolean fits = door.transport() == transport && door.address().family() == family;
        if (fits && (found.isEmpty() || node.load().share() <= share + ALIKE)) {
          share = found.isEmpty() ? node.load().share() : share;
          found.add(new Target(transport, door.address(), domain(node, transport)));
          break;
        }
      }
    }
    return found;
  }

  /** RFC 8489 §14.16: only a certificate has to have a name. */
  private static @Nullable String domain(NodeState node, Transport transport) {
    boolean secured = transport == Transport.TLS || transport == Transport.DTLS;
    return secured ? node.more().domain().orElse(null) : null;
  }
}
