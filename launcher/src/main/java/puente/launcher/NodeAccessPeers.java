package puente.launcher;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import puente.admin.AccessPeers;

/**
 * Who may come in to the console, told from node to node: each change at once, all of it to a node
 * that came, and to everybody now and then, as a message may get lost. The links are sealed.
 */
final class NodeAccessPeers implements AccessPeers {
  private static final String SUBJECT = "console-access";

  /** A lost change is made good after so long. */
  private static final Duration REPEAT = Duration.ofSeconds(60);

  private final Cluster cluster;
  private final Set<String> told = new HashSet<>();
  private long repeatedNanos = System.nanoTime();

  NodeAccessPeers(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public void tell(JsonObject news) {
    byte[] body = news.toBuffer().getBytes();
    others(cluster.nodes()).forEach(node -> cluster.messages().tell(node, SUBJECT, body));
  }

  @Override
  public void join(Consumer<JsonObject> hear, Supplier<JsonObject> all) {
    cluster.messages().listen(SUBJECT, (from, body) -> hear(from, body, hear));
    cluster.onChange(nodes -> greet(nodes, all));
  }

  private static void hear(String from, byte[] body, Consumer<JsonObject> hear) {
    try {
      hear.accept(new JsonObject(Buffer.buffer(body)));
    } catch (DecodeException | ClassCastException notOurs) {
      Events.warn("access-not-understood", "node", from);
    }
  }

  /** A node that came, or came back, has missed what was said before. */
  private void greet(List<NodeState> nodes, Supplier<JsonObject> all) {
    Set<String> living = others(nodes);
    Set<String> due = new HashSet<>(living);
    synchronized (told) {
      told.retainAll(living);
      long now = System.nanoTime();
      boolean isRepeat = now - repeatedNanos >= REPEAT.toNanos();
      repeatedNanos = isRepeat ? now : repeatedNanos;
      due.removeIf(node -> !told.add(node) && !isRepeat);
    }
    if (!due.isEmpty()) {
      byte[] body = all.get().toBuffer().getBytes();
      due.forEach(node -> cluster.messages().tell(node, SUBJECT, body));
    }
  }

  private Set<String> others(List<NodeState> nodes) {
    Set<String> others = new HashSet<>();
    for (NodeState node : nodes) {
      if (node.alive() && !node.id().equals(cluster.nodeId())) {
        others.add(node.id());
      }
    }
    return others;
  }
}
