package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import puente.admin.EventLog.Event;

/** What happened to nodes, as all of them have seen it. For the control loop. */
final class EventRoutes {

  private static final List<String> SEVERITIES = List.of("ok", "info", "warning", "critical");

  private final LiveView live;
  private final Cluster cluster;

  EventRoutes(LiveView live, Cluster cluster) {
    this.live = live;
    this.cluster = cluster;
    cluster.answer("events", words -> Future.succeededFuture(here()));
  }

  void addTo(ApiTable table) {
    table.get("events", this::events);
  }

  private JsonObject here() {
    JsonArray events = new JsonArray();
    live.events().newest().forEach(event -> events.add(json(event)));
    return new JsonObject().put("events", events);
  }

  static JsonObject json(Event event) {
    JsonObject json =
        new JsonObject()
            .put("id", event.id())
            .put("t", SessionJson.instant(event.atMs()))
            .put("kind", event.kind())
            .put("severity", event.severity())
            .put("text", event.text());
    if (!event.node().isEmpty()) {
      json.put("node", event.node());
    }
    return event.by().isEmpty() ? json : json.put("by", event.by());
  }

  private Future<Answer> events(Call call) {
    call.allowParameters("kind", "severity", "node", "cursor", "limit");
    Optional<String> kind = call.parameter("kind");
    int least = SEVERITIES.indexOf(call.parameter("severity").orElse("ok"));
    if (least < 0) {
      throw new IllegalArgumentException("severity: " + String.join(", ", SEVERITIES) + ".");
    }
    Optional<String> node = call.parameter("node").map(id -> id.equals("self") ? live.node() : id);
    Optional<String> after = call.parameter("cursor");
    int limit = call.limit();
    return cluster
        .all("events", new JsonObject())
        .map(
            found -> {
              List<JsonObject> all = new ArrayList<>();
              for (JsonObject part : found.byNode().values()) {
                part.getJsonArray("events").forEach(event -> all.add((JsonObject) event));
              }
              all.removeIf(
                  event ->
                      kind.isPresent() && !kind.get().equals(event.getString("kind"))
                          || SEVERITIES.indexOf(event.getString("severity")) < least
                          || node.isPresent() && !node.get().equals(event.getString("node")));
              all.sort((a, b) -> place(b).compareTo(place(a)));
              // All survivors see a node go: once is enough to say it.
              Set<String> said = new HashSet<>();
              all.removeIf(event -> !said.add(sameness(event)));
              after.ifPresent(cursor -> all.removeIf(event -> place(event).compareTo(cursor) >= 0));
              List<JsonObject> page = all.subList(0, Math.min(limit, all.size()));
              JsonObject json =
                  new JsonObject()
                      .put("events", new JsonArray(List.copyOf(page)))
                      .put("coverage", found.coverage());
              if (all.size() > page.size()) {
                json.put("next", place(page.getLast()));
              }
              return Answer.json(200, json);
            });
  }

  private static String place(JsonObject event) {
    return event.getString("t") + " " + event.getString("id");
  }

  /** To ten seconds. */
  private static String sameness(JsonObject event) {
    String time = event.getString("t");
    return event.getString("kind").startsWith("node-")
        ? time.substring(0, Math.min(18, time.length()))
            + event.getString("kind")
            + event.getString("node", "")
        : event.getString("id");
  }
}
