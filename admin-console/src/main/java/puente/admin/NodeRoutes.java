package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import puente.admin.AuditTrail.Change;
import puente.admin.NodeView.DrainOrder;
import puente.admin.NodeView.NodeInfo;
import puente.admin.NodeView.Outcome;
import puente.admin.access.Role;

/** Nodes, and orders to them. */
final class NodeRoutes {

  private static final Duration DEADLINE_MAX = Duration.ofDays(30);

  private final NodeView view;
  private final AuditTrail trail;

  NodeRoutes(NodeView view, AuditTrail trail) {
    this.view = view;
    this.trail = trail;
  }

  void addTo(ApiTable table) {
    table.get("nodes", call -> Future.succeededFuture(nodes()));
    table.get("nodes/{node}", call -> Future.succeededFuture(node(call.name("node"))));
    table.post("nodes/{node}/drain", Role.OPERATOR, this::drain);
    table.post("nodes/{node}/undrain", Role.OPERATOR, this::undrain);
  }

  private Answer nodes() {
    JsonArray list = new JsonArray();
    view.nodes().forEach(node -> list.add(json(node)));
    return Answer.json(200, new JsonObject().put("nodes", list));
  }

  private Answer node(String id) {
    return view.nodes().stream()
        .filter(node -> node.id().equals(id) || node.own() && id.equals("self"))
        .findFirst()
        .map(node -> Answer.json(200, json(node)))
        .orElseGet(() -> Answer.problem(404, "There is no such node."));
  }

  private Future<Answer> drain(Call call) {
    String id = ownName(call.name("node"));
    JsonObject words = call.words("deadline", "minAllocations", "reason");
    DrainOrder order =
        new DrainOrder(
            Optional.ofNullable(words.getValue("deadline")).map(NodeRoutes::duration),
            Call.number(words, "minAllocations", 0, Integer.MAX_VALUE),
            Call.reason(words));
    return Future.fromCompletionStage(view.drain(id, order))
        .map(
            outcome -> {
              trail.note(call, Change.of("drain", id, order.reason(), outcome.toString()));
              return answerTo(outcome, id);
            });
  }

  private Future<Answer> undrain(Call call) {
    String id = ownName(call.name("node"));
    return Future.fromCompletionStage(view.undrain(id))
        .map(
            outcome -> {
              trail.note(call, Change.of("undrain", id, "", outcome.toString()));
              return answerTo(outcome, id);
            });
  }

  private Answer answerTo(Outcome outcome, String id) {
    return switch (outcome) {
      case DONE -> node(id);
      case TOO_LATE -> Answer.problem(409, "The node is stopping.");
      case UNKNOWN -> Answer.problem(404, "There is no such node.");
      case UNREACHABLE ->
          Answer.problem(
              503, "That node does not answer; its own admin port takes the order, too.");
    };
  }

  private String ownName(String id) {
    return id.equals("self")
        ? view.nodes().stream().filter(NodeInfo::own).map(NodeInfo::id).findFirst().orElse(id)
        : id;
  }

  private static Duration duration(Object seconds) {
    if (seconds instanceof Integer number && number >= 0 && number <= DEADLINE_MAX.toSeconds()) {
      return Duration.ofSeconds(number);
    }
    throw new IllegalArgumentException(
        "deadline: whole seconds, at most " + DEADLINE_MAX.toSeconds() + ".");
  }

  static JsonObject json(NodeInfo node) {
    JsonObject json =
        new JsonObject()
            .put("id", node.id())
            .put("self", node.own())
            .put("alive", node.alive())
            .put("state", node.phase())
            .put("allocations", node.allocations())
            .put("allocationsMax", node.allocationsMax())
            .put("bytesPerSecond", node.bytesPerSecond())
            .put("processor", node.processor());
    node.drain()
        .ifPresent(
            drain ->
                json.put(
                    "drain",
                    new JsonObject()
                        .put("reason", drain.reason())
                        .put("since", instant(drain.sinceMs()))
                        .put("deadline", instant(drain.deadlineMs()))
                        .put("minAllocations", drain.minAllocations())));
    return json;
  }

  private static String instant(long ms) {
    return Instant.ofEpochMilli(ms).toString();
  }
}
