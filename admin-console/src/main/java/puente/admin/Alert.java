package puente.admin;

import io.vertx.core.json.JsonObject;

/**
 * Something that somebody should look at, for as long as it is so.
 *
 * @param key which of {@link Alerts}' rules, and of what: the same from all nodes that see it
 * @param node that it is about; empty for the cluster
 * @param page where to look: a route of the console
 * @param endedMs 0 while it is open
 */
public record Alert(
    String key,
    String severity,
    String node,
    String text,
    String advice,
    String page,
    long sinceMs,
    long endedMs) {

  boolean isOpen() {
    return endedMs == 0;
  }

  Alert ended(long atMs) {
    return new Alert(key, severity, node, text, advice, page, sinceMs, atMs);
  }

  JsonObject json() {
    JsonObject json =
        new JsonObject()
            .put("key", key)
            .put("state", isOpen() ? "open" : "ended")
            .put("severity", severity)
            .put("text", text)
            .put("advice", advice)
            .put("page", page)
            .put("since", SessionJson.instant(sinceMs));
    if (!isOpen()) {
      json.put("ended", SessionJson.instant(endedMs));
    }
    return node.isEmpty() ? json : json.put("node", node);
  }
}
