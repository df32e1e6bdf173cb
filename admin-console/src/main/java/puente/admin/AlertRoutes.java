package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What is open on all nodes, each thing once however many see it. For the control loop. */
final class AlertRoutes {

  private static final List<String> SEVERITIES = List.of("critical", "warning", "info", "ok");

  private final Cluster cluster;

  /** What was told by the stream: key and state. */
  private Set<String> told = new HashSet<>();

  private boolean isFirst = true;

  AlertRoutes(LiveView live, Cluster cluster) {
    this.cluster = cluster;
    cluster.answer("alerts", words -> Future.succeededFuture(here(live.alerts())));
  }

  void addTo(ApiTable table) {
    table.get("alerts", this::alerts);
  }

  private static JsonObject here(Alerts alerts) {
    JsonArray list = new JsonArray();
    alerts.told(System.currentTimeMillis()).forEach(alert -> list.add(alert.json()));
    return new JsonObject().put("alerts", list);
  }

  private Future<Answer> alerts(Call call) {
    call.allowParameters();
    return cluster
        .all("alerts", new JsonObject())
        .map(
            found -> {
              List<JsonObject> open = new ArrayList<>(merged(found));
              open.removeIf(alert -> !isOpen(alert));
              return Answer.json(
                  200,
                  new JsonObject()
                      .put("alerts", new JsonArray(open))
                      .put("coverage", found.coverage()));
            });
  }

  /** Each once: as it is open for some node, or ended for all. The worst first. */
  private static List<JsonObject> merged(Cluster.Gathered found) {
    Map<String, JsonObject> byKey = new TreeMap<>();
    for (JsonObject part : found.byNode().values()) {
      for (Object each : part.getJsonArray("alerts", new JsonArray())) {
        JsonObject alert = (JsonObject) each;
        byKey.merge(alert.getString("key", ""), alert, AlertRoutes::truer);
      }
    }
    List<JsonObject> all = new ArrayList<>(byKey.values());
    all.sort(
        Comparator.<JsonObject>comparingInt(
                alert -> SEVERITIES.indexOf(alert.getString("severity", "ok")))
            .thenComparing(alert -> alert.getString("since", "")));
    return all;
  }

  private static JsonObject truer(JsonObject one, JsonObject other) {
    if (isOpen(one) != isOpen(other)) {
      return isOpen(one) ? one : other;
    }
    // Who has seen it first; of two that ended the later.
    boolean isEarlier = one.getString("since", "").compareTo(other.getString("since", "")) <= 0;
    return isOpen(one) == isEarlier ? one : other;
  }

  private static boolean isOpen(JsonObject alert) {
    return alert.getString("state", "").equals("open");
  }

  /** Tells what is new since the last call; at the first one nothing is. */
  Future<Void> tell(Consumer<JsonObject> listener) {
    return cluster
        .all("alerts", new JsonObject())
        .map(
            found -> {
              Set<String> now = new HashSet<>();
              for (JsonObject alert : merged(found)) {
                String id = alert.getString("key") + " " + alert.getString("state");
                now.add(id);
                boolean isNews = !told.contains(id) && !isFirst;
                // Of what ended before anybody heard of it nobody needs to hear.
                if (isNews && (isOpen(alert) || told.contains(alert.getString("key") + " open"))) {
                  listener.accept(alert);
                }
              }
              // Who did not answer has not ended anything.
              if (!found.missing().isEmpty()) {
                now.addAll(told);
              }
              told = now;
              isFirst = false;
              return null;
            });
  }
}
