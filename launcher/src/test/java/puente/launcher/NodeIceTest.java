package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import puente.signal.IceServers;
import puente.stun.Family;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/** Which nodes clients are sent to, and in which order. */
class NodeIceTest {
  private static final String OWN_UDP = "turn:turn.example:3478?transport=udp";
  private static final String OWN_TCP = "turn:turn.example:3478?transport=tcp";
  private static final String OWN_TLS = "turns:turn.example:5349?transport=tcp";
  private static final IceServers.Config OWN =
      new IceServers.Config(
          "secret",
          ":",
          3600,
          86_400,
          List.of("stun:turn.example:3478"),
          List.of(
              new IceServers.Turn("udp", OWN_UDP),
              new IceServers.Turn("tcp", OWN_TCP),
              new IceServers.Turn("tls", OWN_TLS)));

  private final FakeCluster cluster = FakeCluster.nodes(1).getFirst();
  private final NodeIce ice =
      new NodeIce(cluster.cluster(), Map.of(Family.IPV4, OWN, Family.IPV6, OWN), true);

  @Test
  void aNodeThatIsAloneGivesItsOwn() {
    cluster.sees(node("n1", 0.9));
    assertEquals(List.of(OWN_UDP, OWN_TCP, OWN_TLS), urls(Family.IPV4));
  }

  @Test
  void theLeastLoadedIsFirstAndAnotherFollows() {
    cluster.sees(node("n1", 0.5), node("n2", 0.1), node("n3", 0.3));
    assertEquals(List.of(udp(2), tcp(2), udp(3), OWN_UDP), urls(Family.IPV4), "four at most");
    assertEquals(List.of("stun:192.0.2.2:3478"), ice.of(Family.IPV4).stun());
    cluster.sees(node("n1", 0.11), node("n2", 0.15));
    assertEquals(
        List.of(OWN_UDP, OWN_TCP, OWN_TLS, udp(2)),
        urls(Family.IPV4),
        "alike: the own node, so that clients do not jump");
  }

  @Test
  void whoDrainsOrIsDeadIsNotAmongThem() {
    cluster.sees(
        node("n1", 0).withPhase(NodeState.Phase.DRAINING),
        node("n2", 0.8),
        node("n3", 0).withAlive(false));
    assertEquals(List.of(udp(2), tcp(2)), urls(Family.IPV4));
    cluster.sees(node("n1", 0).withPhase(NodeState.Phase.DRAINING));
    assertEquals(List.of(OWN_UDP, OWN_TCP, OWN_TLS), urls(Family.IPV4), "better than nothing");
  }

  @Test
  void theClientsFamilyIsPreferred() {
    TransportAddress six = TransportAddress.ipv6(0x20010DB800000000L, 2, 3478);
    NodeState both =
        node(
            "n2",
            0,
            List.of(
                new NodeState.Door(Transport.UDP, address(2)),
                new NodeState.Door(Transport.UDP, six)));
    cluster.sees(node("n1", 0.5), both);
    assertEquals("turn:[2001:db8::2]:3478?transport=udp", urls(Family.IPV6).getFirst());
    assertEquals(udp(2), urls(Family.IPV4).getFirst());
    cluster.sees(node("n1", 0.5, List.of(new NodeState.Door(Transport.UDP, six))), node("n2", 0));
    assertEquals(OWN_UDP, urls(Family.IPV6).getFirst(), "fuller, but it speaks IPv6");
  }

  @Test
  void othersThatDoNotKnowTheSecretAreOfNoUse() {
    cluster.sees(node("n1", 0.9), node("n2", 0));
    NodeIce alone =
        new NodeIce(cluster.cluster(), Map.of(Family.IPV4, OWN, Family.IPV6, OWN), false);
    assertEquals(OWN, alone.of(Family.IPV4));
  }

  private List<String> urls(Family family) {
    return new IceServers(ice::of)
        .grant("ana", 60, Set.of(), family, Instant.ofEpochSecond(1_800_000_000))
        .turn();
  }

  private static String udp(int number) {
    return "turn:192.0.2." + number + ":3478?transport=udp";
  }

  private static String tcp(int number) {
    return "turn:192.0.2." + number + ":3478?transport=tcp";
  }

  private static TransportAddress address(int number) {
    return TransportAddress.ipv4(0xC0000200 | number, 3478);
  }

  private static NodeState node(String id, double processor) {
    TransportAddress address = address(id.charAt(1) - '0');
    return node(
        id,
        processor,
        List.of(
            new NodeState.Door(Transport.UDP, address),
            new NodeState.Door(Transport.TCP, address)));
  }

  private static NodeState node(String id, double processor, List<NodeState.Door> doors) {
    NodeState.Load load = new NodeState.Load(0, 0, 0, processor);
    return new NodeState(id, true, NodeState.Phase.SERVING, doors, load, Optional.empty());
  }
}
