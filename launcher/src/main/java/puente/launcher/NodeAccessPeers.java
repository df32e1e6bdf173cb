package puente.launcher;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import puente.admin.AccessPeers;

/** Who may come in to the console, told from node to node. The links are sealed. */
final class NodeAccessPeers implements AccessPeers {
  private static final String SUBJECT = "console-access";
  private static final Duration REPEAT = Duration.ofSeconds(60);

  private final Cluster cluster;
  private final NodeTelling telling;

  private NodeAccessPeers(Cluster cluster) {
    this.cluster = cluster;
    telling = new NodeTelling(cluster, SUBJECT, REPEAT);
  }

  /** None over links in clear: who reaches them could read digests there, and make an admin of himself. */
  static AccessPeers of(Config config, Cluster cluster) {
    if (config.value(ClusterSettings.CLUSTER_INSECURE)) {
      Events.warn(
          "console-access-not-shared",
          "setting",
          "cluster-insecure",
          "meaning",
          "accounts, API tokens, sign-ins and added TURN users are of the node they were made on");
      return AccessPeers.NONE;
    }
    return new NodeAccessPeers(cluster);
  }

  @Override
  public void tell(JsonObject news) {
    telling.tell(messages(news));
  }

  @Override
  public void join(Consumer<JsonObject> hear, Supplier<JsonObject> all) {
    cluster.messages().listen(SUBJECT, (from, body) -> hear(from, body, hear));
    telling.begin(() -> messages(all.get()));
  }

  private static List<byte[]> messages(JsonObject news) {
    return List.of(news.toBuffer().getBytes());
  }

  private static void hear(String from, byte[] body, Consumer<JsonObject> hear) {
    try {
      hear.accept(new JsonObject(Buffer.buffer(body)));
    } catch (DecodeException | ClassCastException notOurs) {
      Events.warn("access-not-understood", "node", from);
    }
  }
}
