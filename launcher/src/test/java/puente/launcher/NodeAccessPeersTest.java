package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import puente.admin.AccessPeers;

/** Who may come in to the console is told over sealed links, and over no others. */
class NodeAccessPeersTest {

  @TempDir Path directory;

  private final List<FakeCluster> nodes = FakeCluster.nodes(2);
  private final List<JsonObject> heard = new ArrayList<>();

  private static JsonObject news(String name) {
    return new JsonObject().put("accounts", name);
  }

  @Test
  void aChangeIsToldAtOnceAndAllOfItToWhoComes() throws Exception {
    AccessPeers one = peers(0, "no");
    one.join(any -> {}, () -> news("all"));
    nodes.getFirst().sees(NodeState.serving("n1"));
    one.tell(news("nobody hears it"));
    peers(1, "no").join(heard::add, JsonObject::new);
    nodes.getFirst().sees(NodeState.serving("n1"), NodeState.serving("n2"));
    one.tell(news("a change"));
    assertEquals(List.of(news("all"), news("a change")), heard);
  }

  @Test
  void nothingIsToldOrHeardInClear() throws Exception {
    AccessPeers open = peers(0, "yes");
    open.join(any -> {}, () -> news("all"));
    peers(1, "no").join(heard::add, JsonObject::new);
    nodes.getFirst().sees(NodeState.serving("n1"), NodeState.serving("n2"));
    open.tell(news("a change"));
    assertEquals(List.of(), heard);
    AccessPeers sealed = peers(1, "no");
    peers(0, "yes").join(heard::add, JsonObject::new);
    nodes.get(1).sees(NodeState.serving("n1"), NodeState.serving("n2"));
    sealed.tell(news("an admin"));
    assertEquals(List.of(), heard);
  }

  private AccessPeers peers(int node, String insecure) throws StartFailure {
    Config config = new Given(directory).flag("cluster-insecure", insecure).load();
    return NodeAccessPeers.of(config, nodes.get(node).cluster());
  }
}
