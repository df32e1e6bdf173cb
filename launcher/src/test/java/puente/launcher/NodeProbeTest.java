package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import puente.admin.OperationsView.Knock;
import puente.admin.OperationsView.Probe;

/** Another node knocks at the ports of this one, and a firewall in between is noticed. */
@Timeout(60)
class NodeProbeTest {
  @TempDir Path directory;

  private final List<FakeCluster> nodes = FakeCluster.nodes(3);

  /** What a firewall leaves of a question's ports. */
  private UnaryOperator<JsonArray> firewall = ports -> ports;

  private byte[] throughTheFirewall(byte[] body) {
    JsonObject question = new JsonObject(new String(body, StandardCharsets.UTF_8));
    question.put("relays", firewall.apply(question.getJsonArray("relays")));
    return question.encode().getBytes(StandardCharsets.UTF_8);
  }

  private Probe probe(List<Listening> listening) throws StartFailure {
    Config config =
        new Given(directory)
            .flag("relay-ip", "127.0.0.1")
            .flag("min-port", "49200")
            .flag("max-port", "65000")
            .load();
    nodes.forEach(node -> node.sees(NodeState.serving("n1"), NodeState.serving("n2")));
    nodes.getFirst().onTheWay(this::throughTheFirewall);
    NodeProbe asked = new NodeProbe(nodes.getFirst().cluster(), () -> config, () -> listening);
    new NodeProbe(nodes.get(1).cluster(), () -> config, List::of);
    List<Probe> probes = asked.probe();
    assertEquals(List.of("n2"), probes.stream().map(Probe::by).toList());
    return probes.getFirst();
  }

  @Test
  void openPortsAreReachedAndClosedOnesAreNot() throws Exception {
    try (ServerSocket door = new ServerSocket()) {
      door.bind(new InetSocketAddress("127.0.0.1", 0));
      Listening open = new Listening("tcp", (InetSocketAddress) door.getLocalSocketAddress());
      Probe probe = probe(List.of(open));
      assertEquals("127.0.0.1", probe.address());
      assertEquals(9, probe.knocks().size());
      probe.knocks().forEach(knock -> assertTrue(knock.isReached(), knock::toString));
    }
  }

  @Test
  void aFirewallIsSeen() throws Exception {
    int closed;
    try (ServerSocket door = new ServerSocket()) {
      door.bind(new InetSocketAddress("127.0.0.1", 0));
      closed = door.getLocalPort();
    }
    firewall = ports -> new JsonArray(ports.stream().skip(2).toList());
    Probe probe = probe(List.of(new Listening("tcp", new InetSocketAddress("127.0.0.1", closed))));
    List<Knock> shut = probe.knocks().stream().filter(knock -> !knock.isReached()).toList();
    assertEquals(List.of("tcp", "relay", "relay"), shut.stream().map(Knock::kind).toList());
  }

  @Test
  void whatIsNoQuestionIsRefused() throws Exception {
    probe(List.of());
    byte[] foreign = "{\"address\":\"example.org\"}".getBytes(StandardCharsets.UTF_8);
    var answer =
        nodes.get(2).ask("n2", NodeProbe.SUBJECT, foreign, Duration.ZERO).toCompletableFuture();
    Throwable failure = answer.handle((body, why) -> why).join();
    assertFalse(failure == null || failure instanceof Messenger.Unanswered, "it was asked");
  }
}
