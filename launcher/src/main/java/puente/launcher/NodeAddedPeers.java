package puente.launcher;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * TURN users, secrets and quotas that operators added, told from node to node. There are passwords in it:
 * it goes over links that are sealed, and over no others.
 */
final class NodeAddedPeers {
  private static final String SUBJECT = "turn-access";
  private static final Duration REPEAT = Duration.ofMinutes(2);

  /** Far below what one message may carry. */
  private static final int ENTRIES_AT_ONCE = 500;

  private final NodeTelling telling;
  private final boolean isShared;

  NodeAddedPeers(Config config, Cluster cluster) {
    telling = new NodeTelling(cluster, SUBJECT, REPEAT);
    isShared = !config.value(ClusterSettings.CLUSTER_INSECURE);
  }

  /**
   * Called once.
   *
   * @param worker where what is heard is taken in, as files are written for it
   * @param hear takes in what another node says
   */
  void begin(
      Cluster cluster, Supplier<AddedAccess> added, Executor worker, Consumer<JsonArray> hear) {
    if (isShared) {
      cluster
          .messages()
          .listen(SUBJECT, (from, body) -> worker.execute(() -> hear(from, body, hear)));
      telling.begin(() -> messages(AddedEntries.told(AddedAccess.NOTHING, added.get())));
    }
  }

  private static void hear(String from, byte[] body, Consumer<JsonArray> hear) {
    try {
      hear.accept(new JsonObject(Buffer.buffer(body)).getJsonArray("entries", new JsonArray()));
    } catch (RuntimeException notOurs) {
      Events.warn("turn-access-not-understood", "node", from);
    }
  }

  /** To all that live. */
  void tell(AddedAccess before, AddedAccess now) {
    if (isShared) {
      telling.tell(messages(AddedEntries.told(before, now)));
    }
  }

  private static List<byte[]> messages(List<JsonObject> entries) {
    List<byte[]> messages = new ArrayList<>();
    for (int from = 0; from < entries.size(); from += ENTRIES_AT_ONCE) {
      int to = Math.min(entries.size(), from + ENTRIES_AT_ONCE);
      JsonObject news = new JsonObject().put("entries", new JsonArray(entries.subList(from, to)));
      messages.add(news.toBuffer().getBytes());
    }
    return messages;
  }
}
