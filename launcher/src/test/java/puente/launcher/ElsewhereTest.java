package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import puente.launcher.NodeState.Door;
import puente.launcher.NodeState.Load;
import puente.launcher.NodeState.Phase;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Redirection;
import puente.turn.Redirection.Target;
import puente.turn.Redirection.When;

/** Which servers new clients are sent to. */
class ElsewhereTest {
  private static final NodeState OWN = node(0, 0);

  @Test
  void theLeastLoadedNodeIsChosen() {
    assertEquals(List.of(udp(2)), targets(node(1, 50), node(2, 20), node(3, 80)));
  }

  @Test
  void nodesOfLikeLoadTakeTurns() {
    assertEquals(List.of(udp(2), udp(1)), targets(node(1, 25), node(2, 20), node(3, 40)));
  }

  @Test
  void whoDoesNotTakeClientsIsSentNone() {
    NodeState leaving = node(1, 0).withPhase(Phase.DRAINING);
    NodeState gone = node(2, 0).withAlive(false);
    assertEquals(List.of(), targets(OWN, leaving, gone, node(3, 100)));
  }

  /** Whoever leaves rather sends to a busy node than to none; but never to one without places. */
  @Test
  void aBusyNodeIsBetterThanNoneForWhoLeaves() {
    NodeState busy = node(1, 10).withLoad(new Load(10, 100, 0, 0.97));
    assertEquals(List.of(udp(1)), targets(OWN, busy));
    assertEquals(List.of(udp(2)), targets(OWN, busy, node(2, 80)));
    assertEquals(List.of(), targets(OWN, node(1, 100)));
    assertEquals(
        List.of(),
        Elsewhere.choose("node0", Phase.SERVING, List.of(), List.of(OWN, busy)).targets());
  }

  /** Where a client is sent, it is not sent back: who serves sends on only when its ports end. */
  @Test
  void noTwoNodesSendToEachOther() {
    Random random = new Random(11);
    for (int i = 0; i < 2000; i++) {
      List<NodeState> nodes = List.of(any(0, random), any(1, random), any(2, random));
      for (NodeState node : nodes) {
        for (Target target : sentFrom(node, nodes).targets()) {
          NodeState to = nodes.get((int) target.address().lo() & 3);
          Redirection onwards = sentFrom(to, nodes);
          boolean full = to.load().places() >= 1;
          assertTrue(onwards.when() == When.FULL && !full, node + " to " + to);
        }
      }
    }
  }

  private static Redirection sentFrom(NodeState node, List<NodeState> nodes) {
    return Elsewhere.choose(node.id(), node.phase(), List.of(), nodes);
  }

  private static NodeState any(int number, Random random) {
    Phase phase = random.nextBoolean() ? Phase.SERVING : Phase.values()[random.nextInt(4)];
    return node(number, 0)
        .withLoad(new Load(random.nextInt(101), 100, 0, random.nextDouble()))
        .withPhase(phase)
        .withAlive(random.nextInt(5) > 0);
  }

  /** RFC 8489 §14.16: whose certificate has another name tells it, for TLS alone. */
  @Test
  void theNameInTheCertificateIsTold() {
    NodeState named =
        new NodeState(
                "node1",
                true,
                Phase.SERVING,
                List.of(new Door(Transport.UDP, address(1)), new Door(Transport.TLS, address(1))),
                new Load(60, 100, 0, 0),
                Optional.empty())
            .withMore(
                new NodeState.More(Optional.empty(), List.of(), Optional.of("turn-1.example")));
    assertEquals(
        List.of(udp(1), new Target(Transport.TLS, address(1), "turn-1.example")),
        targets(OWN, named));
  }

  @Test
  void aNodeIsChosenForWhatItListensOnOnly() {
    NodeState tcpToo =
        new NodeState(
            "two",
            true,
            Phase.SERVING,
            List.of(new Door(Transport.UDP, address(2)), new Door(Transport.TCP, address(2))),
            new Load(60, 100, 0, 0),
            Optional.empty());
    assertEquals(
        List.of(udp(1), new Target(Transport.TCP, address(2), null)), targets(node(1, 0), tcpToo));
  }

  @Test
  void theProcessorCountsAsMuchAsThePorts() {
    NodeState busy = node(1, 0).withLoad(new Load(0, 100, 0, 0.8));
    assertEquals(List.of(udp(2)), targets(busy, node(2, 50)));
  }

  @Test
  void configuredServersAreAlwaysUsedAndOthersWhenFullOrLeaving() {
    List<Target> configured = List.of(udp(9));
    List<NodeState> nodes = List.of(OWN, node(1, 0));
    assertEquals(
        new Redirection(When.ALWAYS, configured, List.of(udp(1))),
        Elsewhere.choose("node0", Phase.SERVING, configured, nodes));
    assertEquals(
        new Redirection(When.FULL, List.of(udp(1))),
        Elsewhere.choose("node0", Phase.SERVING, List.of(), nodes));
    for (Phase phase : List.of(Phase.DRAINING, Phase.DRAINED, Phase.STOPPING)) {
      assertEquals(When.DRAINING, Elsewhere.choose("node0", phase, configured, nodes).when());
    }
  }

  /** Its load is known: nobody has to guess it from outside. */
  @Test
  void aConfiguredServerThatIsANodeOfOursIsUsedWhileItHasRoom() {
    List<Target> configured = List.of(udp(0), udp(1), udp(2), udp(3), udp(4), udp(9));
    NodeState leaving = node(1, 0).withPhase(Phase.DRAINING);
    NodeState gone = node(2, 0).withAlive(false);
    List<NodeState> nodes = List.of(OWN, leaving, gone, node(3, 95), node(4, 50));
    assertEquals(
        List.of(udp(4), udp(9)),
        Elsewhere.choose("node0", Phase.SERVING, configured, nodes).targets());
    assertEquals(
        List.of(udp(4), udp(9)),
        Elsewhere.choose("node0", Phase.DRAINING, configured, nodes).targets());
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.1:3478",
    "192.0.2.1:99, 192.0.2.1:99",
    "2001:db8::1, [2001:db8::1]:3478",
    "[2001:db8::1], [2001:db8::1]:3478",
    "[2001:db8::1]:99, [2001:db8::1]:99"
  })
  void alternateServersAreWrittenAsInCoturn(String text, String address) {
    assertEquals(address, AlternateServer.parse(text).address(3478).toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "turn.example.org", "192.0.2.1:", "192.0.2.1:0", "[::1", "[::1]x"})
  void whatIsNoServerIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> AlternateServer.parse(text));
  }

  private static List<Target> targets(NodeState... nodes) {
    return Elsewhere.choose("node0", Phase.DRAINING, List.of(), List.of(nodes)).targets();
  }

  private static NodeState node(int number, int allocations) {
    return new NodeState(
        "node" + number,
        true,
        Phase.SERVING,
        List.of(new Door(Transport.UDP, address(number))),
        new Load(allocations, 100, 0, 0),
        Optional.empty());
  }

  private static TransportAddress address(int number) {
    return TransportAddress.ipv4(0xc0000200 | number, 3478);
  }

  private static Target udp(int number) {
    return new Target(Transport.UDP, address(number), null);
  }
}
