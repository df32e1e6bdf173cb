package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
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

  private final Map<String, Messenger.Answerer> answerers = new HashMap<>();

  /** What a firewall leaves of a question's ports. */
  private UnaryOperator<JsonArray> firewall = ports -> ports;

  private Cluster cluster(String own, List<NodeState> nodes) {
    Messenger messenger =
        new Messenger() {
          @Override
          public boolean tell(String node, String subject, byte[] body) {
            return false;
          }

          @Override
          public CompletionStage<byte[]> ask(
              String node, String subject, byte[] body, Duration patience) {
            JsonObject question = new JsonObject(new String(body, StandardCharsets.UTF_8));
            question.put("relays", firewall.apply(question.getJsonArray("relays")));
            return answerer(node).answer(own, question.encode().getBytes(StandardCharsets.UTF_8));
          }

          @Override
          public void listen(String subject, Listener listener) {}

          @Override
          public void answer(String subject, Answerer answerer) {
            answerers.put(own, answerer);
          }
        };
    return (Cluster)
        Proxy.newProxyInstance(
            Cluster.class.getClassLoader(),
            new Class<?>[] {Cluster.class},
            (self, method, arguments) ->
                switch (method.getName()) {
                  case "nodeId" -> own;
                  case "nodes" -> nodes;
                  case "messages" -> messenger;
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  private Messenger.Answerer answerer(String node) {
    return Objects.requireNonNull(answerers.get(node));
  }

  private Probe probe(List<Listening> listening) throws StartFailure {
    Config config =
        new Given(directory)
            .flag("relay-ip", "127.0.0.1")
            .flag("min-port", "49200")
            .flag("max-port", "65000")
            .load();
    List<NodeState> nodes = List.of(NodeState.serving("n1"), NodeState.serving("n2"));
    NodeProbe asked = new NodeProbe(cluster("n1", nodes), () -> config, () -> listening);
    new NodeProbe(cluster("n2", nodes), () -> config, List::of);
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
    var answer = answerer("n2").answer("n3", foreign).toCompletableFuture();
    assertFalse(answer.handle((body, failure) -> failure == null).join());
  }
}
