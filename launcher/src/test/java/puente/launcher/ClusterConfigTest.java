package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import puente.stun.Transport;
import puente.stun.TransportAddress;

class ClusterConfigTest {
  @TempDir private Path directory;

  @Test
  void withoutOthersThereIsNoCluster() throws StartFailure {
    assertEquals(Optional.empty(), ClusterConfig.of(new Given(directory).load()));
  }

  @Test
  void membersNameAndSecretMakeOne() throws StartFailure {
    ClusterConfig cluster =
        ClusterConfig.of(
                given()
                    .flag("cluster-secret", "sixteen letters!")
                    .flag("cluster-member", "10.0.0.3:5801")
                    .load())
            .orElseThrow();
    assertEquals("a", cluster.nodeId());
    assertEquals("puente", cluster.name());
    assertEquals(5701, cluster.port());
    assertEquals(
        List.of("10.0.0.2", "10.0.0.3:5801"),
        cluster.members().stream().map(ClusterMember::toString).toList());
  }

  @Test
  void aClusterWithoutASecretDoesNotStart() throws StartFailure {
    StartFailure refused = assertThrows(StartFailure.class, () -> ClusterConfig.of(given().load()));
    assertTrue(refused.line().contains("cluster-secret is missing"), refused.line());
    StartFailure weak =
        assertThrows(
            StartFailure.class,
            () -> ClusterConfig.of(given().flag("cluster-secret", "short").load()));
    assertTrue(weak.line().contains("shorter"), weak.line());
    Config insecure = given().flag("cluster-insecure", "yes").load();
    assertEquals(Optional.empty(), ClusterConfig.of(insecure).orElseThrow().secret());
  }

  @Test
  void itsAddressMustBeOne() {
    assertThrows(
        StartFailure.class,
        () ->
            ClusterConfig.of(
                new Given(directory)
                    .flag("cluster-member", "10.0.0.2")
                    .flag("cluster-secret", "sixteen letters!")
                    .load()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.1", "10.0.0.1:5701", "2001:db8::1", "[2001:db8::1]:5701"})
  void membersAreReadAndShownAlike(String text) {
    assertEquals(text, ClusterMember.parse(text).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "host", "10.0.0.1:", "10.0.0.1:0", "[::1", "[::1]x", "10.0.0.1:99999"})
  void whatIsNoMemberIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> ClusterMember.parse(text));
  }

  @Test
  void aNodesWordsArriveAsTheyWere() {
    NodeState state =
        new NodeState(
            "n1",
            false,
            NodeState.Phase.DRAINED,
            List.of(
                new NodeState.Door(Transport.UDP, TransportAddress.ipv4(0x0a000001, 3478)),
                new NodeState.Door(Transport.TLS, TransportAddress.ipv6(1, 2, 65_535))),
            new NodeState.Load(3, 100, 5_000_000_000L, 0.25),
            Optional.of(TransportAddress.ipv4(0x7f000001, 5702)),
            new NodeState.More(
                Optional.of(new Drain.Plan("kernel update", 1, 2, 3)),
                List.of(
                    new NodeState.Corner(
                        TransportAddress.ipv4(0x0a000001, 3478),
                        TransportAddress.ipv4(0xcb007101, 3478),
                        3479)),
                Optional.of("turn-1.example.org"),
                Optional.of("wss://turn-1.example.org:8443/signal")));
    byte[] bytes = NodeStateCodec.encode(state);
    assertEquals(Optional.of(state), NodeStateCodec.decode(bytes));
    byte[] longer = java.util.Arrays.copyOf(bytes, bytes.length + 9);
    assertEquals(Optional.of(state), NodeStateCodec.decode(longer));
    for (int length = 0; length < bytes.length; length++) {
      assertEquals(Optional.empty(), NodeStateCodec.decode(java.util.Arrays.copyOf(bytes, length)));
    }
    byte[] second = bytes.clone();
    second[0] = 2;
    NodeState.More more = state.more();
    assertEquals(
        Optional.of(state.withMore(new NodeState.More(more.plan(), more.corners(), more.domain()))),
        NodeStateCodec.decode(second));
    byte[] former = bytes.clone();
    former[0] = 1;
    assertEquals(Optional.of(state.withMore(NodeState.More.NONE)), NodeStateCodec.decode(former));
  }

  private Given given() {
    return new Given(directory)
        .flag("node-id", "a")
        .flag("cluster-ip", "10.0.0.1")
        .flag("cluster-member", "10.0.0.2");
  }
}
