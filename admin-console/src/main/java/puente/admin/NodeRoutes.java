package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import puente.admin.AuditTrail.Change;
import puente.admin.NodeView.DrainOrder;
import puente.admin.NodeView.NodeInfo;
import puente.admin.NodeView.Outcome;
import puente.admin.access.Role;

/** Nodes, and orders to them. */
final class NodeRoutes {

  private static final Duration DEADLINE_MAX = Duration.ofDays(30);

  private final NodeView view;
  private final Cluster cluster;
  private final AuditTrail trail;

  NodeRoutes(NodeView view, Cluster cluster, AuditTrail trail) {
    this.view = view;
    this.cluster = cluster;
    this.trail = trail;
    cluster.answer("facts", words -> Future.succeededFuture(view.live().facts()));
    cluster.answer(
        "node",
        words -> Future.succeededFuture(view.live().facts().put("detail", view.live().detail())));
    cluster.answer("ports", words -> Future.fromCompletionStage(view.live().ports()));
  }

  void addTo(ApiTable table) {
    table.get("nodes", call -> nodes().map(list -> Answer.json(200, list)));
    table.get("nodes/{node}", call -> node(ownName(call.name("node"))));
    table.get("nodes/{node}/ports", call -> ports(ownName(call.name("node"))));
    table.get("nodes/{node}/drain", call -> preview(ownName(call.name("node"))));
    table.post("nodes/{node}/drain", Role.OPERATOR, this::drain);
    table.post("nodes/{node}/undrain", Role.OPERATOR, this::undrain);
  }

  /** Every node known; of those that answer, more than they tell each other. */
  Future<JsonObject> nodes() {
    return cluster
        .all("facts", new JsonObject())
        .map(
            found -> {
              JsonArray list = new JsonArray();
              for (NodeInfo node : view.nodes()) {
                list.add(with(json(node), found.byNode().get(node.id())));
              }
              return new JsonObject().put("nodes", list).put("coverage", found.coverage());
            });
  }

  private static JsonObject with(JsonObject json, @Nullable JsonObject facts) {
    return facts == null ? json : json.mergeIn(facts);
  }

  private Future<Answer> node(String id) {
    Optional<NodeInfo> known =
        view.nodes().stream().filter(node -> node.id().equals(id)).findFirst();
    if (known.isEmpty()) {
      return Future.succeededFuture(Answer.problem(404, "There is no such node."));
    }
    JsonObject json = json(known.get());
    return cluster
        .one(id, "node", new JsonObject())
        .map(facts -> Answer.json(200, with(json, facts)))
        .recover(silent -> Future.succeededFuture(Answer.json(200, json)));
  }

  private Future<Answer> ports(String id) {
    if (!cluster.isAlive(id)) {
      return Future.succeededFuture(Answer.problem(404, "There is no such node, or it is down."));
    }
    return cluster
        .one(id, "ports", new JsonObject())
        .map(ports -> Answer.json(200, ports))
        .recover(silent -> Future.succeededFuture(silent()));
  }

  private static Answer silent() {
    return Answer.problem(503, "The node does not answer.").with("Retry-After", "1");
  }

  /** What the others would have to carry; each resource by its own measure. */
  private Future<Answer> preview(String id) {
    if (view.nodes().stream().noneMatch(node -> node.id().equals(id))) {
      return Future.succeededFuture(Answer.problem(404, "There is no such node."));
    }
    return projected(id).map(preview -> Answer.json(200, preview.json()));
  }

  private Future<DrainPreview> projected(String id) {
    return cluster
        .all("overview", new JsonObject())
        .map(found -> DrainPreview.of(id, view.nodes(), found));
  }

  private Future<Answer> drain(Call call) {
    String id = ownName(call.name("node"));
    JsonObject words = call.words("deadline", "minAllocations", "reason", "force");
    DrainOrder order =
        new DrainOrder(
            Optional.ofNullable(words.getValue("deadline")).map(NodeRoutes::duration),
            Call.number(words, "minAllocations", 0, Integer.MAX_VALUE),
            Call.reason(words));
    if (isForced(words) || !serves(id)) {
      return drain(call, id, order);
    }
    return projected(id)
        .compose(
            preview -> {
              if (preview.fits()) {
                return drain(call, id, order);
              }
              trail.note(call, Change.of("drain", id, order.reason(), "REFUSED"));
              return Future.succeededFuture(preview.refusal());
            });
  }

  private Future<Answer> drain(Call call, String id, DrainOrder order) {
    return Future.fromCompletionStage(view.drain(id, order))
        .compose(
            outcome -> {
              trail.note(call, Change.of("drain", id, order.reason(), outcome.toString()));
              return answerTo(outcome, id);
            });
  }

  /** Whoever drains already may be told to hurry: nothing is added to the others by that. */
  private boolean serves(String id) {
    return view.nodes().stream()
        .anyMatch(node -> node.id().equals(id) && node.alive() && node.phase().equals("serving"));
  }

  private static boolean isForced(JsonObject words) {
    Object force = words.getValue("force");
    if (force == null || force instanceof Boolean) {
      return Boolean.TRUE.equals(force);
    }
    throw new IllegalArgumentException("force: true or false.");
  }

  private Future<Answer> undrain(Call call) {
    String id = ownName(call.name("node"));
    return Future.fromCompletionStage(view.undrain(id))
        .compose(
            outcome -> {
              trail.note(call, Change.of("undrain", id, "", outcome.toString()));
              return answerTo(outcome, id);
            });
  }

  private Future<Answer> answerTo(Outcome outcome, String id) {
    return switch (outcome) {
      case DONE -> node(id);
      case TOO_LATE -> Future.succeededFuture(Answer.problem(409, "The node is stopping."));
      case UNKNOWN -> Future.succeededFuture(Answer.problem(404, "There is no such node."));
      case UNREACHABLE ->
          Future.succeededFuture(
              Answer.problem(
                  503, "That node does not answer; its own admin port takes the order, too."));
    };
  }

  private String ownId() {
    return view.live().node();
  }

  private String ownName(String id) {
    return id.equals("self") ? ownId() : id;
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
