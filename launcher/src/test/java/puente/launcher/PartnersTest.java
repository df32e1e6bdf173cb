package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import puente.launcher.NodeState.Corner;
import puente.launcher.NodeState.Load;
import puente.launcher.NodeState.Phase;
import puente.stun.BindingConfig.Square;
import puente.stun.TransportAddress;
import puente.turn.relay.Partner;

/** RFC 5780 §6: whose address is the second one of a node that has one of its own. */
class PartnersTest {

  /** The next one by name, so that not everybody leans on the same node. */
  @Test
  void eachNodeHasTheNextOneThatLives() {
    List<NodeState> nodes = List.of(node("a", 1), node("b", 2), node("c", 3));
    assertEquals(List.of(with(1, 2)), of("a", 1, nodes));
    assertEquals(List.of(with(2, 3)), of("b", 2, nodes));
    assertEquals(List.of(with(3, 1)), of("c", 3, nodes));
    List<NodeState> left = List.of(node("a", 1), node("b", 2).withAlive(false), node("c", 3));
    assertEquals(List.of(with(1, 3)), of("a", 1, left));
    assertEquals(List.of(), of("a", 1, List.of(node("a", 1))));
  }

  @Test
  void otherPortsOrTheSameAddressOrNoLinkDoNotFit() {
    NodeState ports = node("b", 2).withMore(more(new Corner(at(2), at(2), 5000)));
    NodeState same = node("c", 3).withMore(more(new Corner(at(1), at(3), 3479)));
    NodeState behindTheSame = node("d", 4).withMore(more(new Corner(at(4), at(1), 3479)));
    NodeState mute =
        new NodeState("e", true, Phase.SERVING, List.of(), Load.NONE, Optional.empty())
            .withMore(more(new Corner(at(5), at(5), 3479)));
    NodeState former = node("f", 6).withMore(NodeState.More.NONE);
    assertEquals(List.of(), of("a", 1, List.of(ports, same, behindTheSame, mute, former)));
  }

  private static List<Partner> of(String own, int number, List<NodeState> nodes) {
    return Partners.of(own, List.of(new Corner(at(number), at(number), 3479)), nodes);
  }

  private static Partner with(int own, int other) {
    return new Partner(new Square(at(own), at(other).withPort(3479)), at(other).withPort(5701));
  }

  private static NodeState node(String id, int number) {
    return new NodeState(
            id, true, Phase.SERVING, List.of(), Load.NONE, Optional.of(at(number).withPort(5701)))
        .withMore(more(new Corner(at(number), at(number), 3479)));
  }

  private static NodeState.More more(Corner corner) {
    return new NodeState.More(Optional.empty(), List.of(corner), Optional.empty());
  }

  private static TransportAddress at(int number) {
    return TransportAddress.ipv4(0xcb007100 | number, 3478);
  }
}
