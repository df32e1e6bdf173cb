package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import puente.admin.AuditTrail.Change;
import puente.admin.Cluster.Gathered;
import puente.admin.LiveView.Place;
import puente.admin.LiveView.SessionFilter;
import puente.admin.LiveView.SessionQuery;
import puente.admin.access.Role;

/** Sessions of the whole cluster: what there is, and an end to them. Used on one loop only. */
final class SessionRoutes {

  /** Lists go over all sessions: more at once than people ask for would be work for nobody. */
  private static final int LISTS_MAX = 4;

  /** The beginning of a session's id says when it began; the rest would tell the client. */
  private static final int SESSION_SHOWN = 10;

  private static final int IDS_MAX = 1000;
  private static final int ORDER_BODY_MAX = 131_072;
  private static final Set<String> ORDERS =
      Set.of("created", "rate", "up", "down", "bytes", "user");
  private static final Set<String> STATES = Set.of("active", "idle");
  private static final int TEXT_MAX = 520;

  private final LiveView live;
  private final Cluster cluster;
  private final AuditTrail trail;
  private int lists;

  SessionRoutes(LiveView live, Cluster cluster, AuditTrail trail) {
    this.live = live;
    this.cluster = cluster;
    this.trail = trail;
    cluster.answer("sessions", words -> list(SessionJson.query(words)));
    cluster.answer("session", words -> detail(words.getString("id", "")));
    cluster.answer("close", this::close);
    cluster.answer("close-all", this::closeAll);
  }

  void addTo(ApiTable table) {
    table.get("sessions", this::sessions);
    table.get("sessions/{session}", this::session);
    table.delete("sessions/{session}", Role.OPERATOR, this::close);
    table.add(
        "sessions:close",
        new ApiTable.Route(
            io.vertx.core.http.HttpMethod.POST, Role.OPERATOR, ORDER_BODY_MAX, this::closeMany));
  }

  // ---- lists

  private Future<Answer> sessions(Call call) {
    call.allowParameters(
        "user",
        "client",
        "peer",
        "transport",
        "state",
        "node",
        "minBytesPerSecond",
        "minAgeSeconds",
        "sort",
        "cursor",
        "limit");
    String sort = call.parameter("sort").orElse("created");
    boolean descending = sort.startsWith("-");
    String by = descending ? sort.substring(1) : sort;
    if (!ORDERS.contains(by)) {
      throw new IllegalArgumentException(
          "sort: created, rate, down, up, bytes or user; with - the greatest first.");
    }
    Optional<Place> after = call.parameter("cursor").map(text -> SessionJson.place(text, sort));
    SessionQuery query = new SessionQuery(filter(call), by, descending, after, call.limit());
    if (lists >= LISTS_MAX) {
      return Future.succeededFuture(
          Answer.problem(503, "Other lists are being made.").with("Retry-After", "1"));
    }
    lists++;
    return gather(call.parameter("node"), "sessions", SessionJson.of(query))
        .onComplete(done -> lists--)
        .map(found -> Answer.json(200, merged(found, query)));
  }

  private static SessionFilter filter(Call call) {
    Optional<String> state = call.parameter("state");
    if (state.isPresent() && !STATES.contains(state.get())) {
      throw new IllegalArgumentException("state: active or idle.");
    }
    return new SessionFilter(
        call.parameter("user"),
        call.parameter("client"),
        call.parameter("transport"),
        call.parameter("peer"),
        state,
        call.number("minBytesPerSecond", 0, 0, 1_000_000_000_000L),
        call.number("minAgeSeconds", 0, 0, 1_000_000_000L));
  }

  private Future<Gathered> gather(Optional<String> node, String question, JsonObject words) {
    return node.map(id -> ofOne(id, question, words)).orElseGet(() -> cluster.all(question, words));
  }

  private Future<Gathered> ofOne(String id, String question, JsonObject words) {
    String node = id.equals("self") ? live.node() : id;
    return cluster
        .one(node, question, words)
        .map(answer -> new Gathered(new TreeMap<>(java.util.Map.of(node, answer)), List.of()))
        .recover(
            failure ->
                node.equals(live.node())
                    ? Future.failedFuture(failure)
                    : Future.succeededFuture(new Gathered(new TreeMap<>(), List.of(node))));
  }

  private Future<JsonObject> list(SessionQuery query) {
    return Future.fromCompletionStage(live.sessions(query))
        .map(page -> SessionJson.of(page, live.node()));
  }

  private static JsonObject merged(Gathered found, SessionQuery query) {
    List<JsonObject> sessions = new ArrayList<>();
    int total = 0;
    int matching = 0;
    int matchingActive = 0;
    for (JsonObject part : found.byNode().values()) {
      for (Object session : part.getJsonArray("sessions")) {
        sessions.add((JsonObject) session);
      }
      total += part.getInteger("total", 0);
      matching += part.getInteger("matching", 0);
      matchingActive += part.getInteger("matchingActive", 0);
    }
    sessions.sort(SessionJson.order(query.by(), query.descending()));
    boolean more = sessions.size() >= query.limit();
    List<JsonObject> page = sessions.subList(0, Math.min(query.limit(), sessions.size()));
    JsonObject json =
        new JsonObject()
            .put("sessions", new JsonArray(List.copyOf(page)))
            .put("total", total)
            .put("matching", matching)
            .put("matchingActive", matchingActive);
    if (more) {
      json.put("next", SessionJson.cursor(page.getLast(), query.by(), query.descending()));
    }
    return json.put("coverage", found.coverage());
  }

  // ---- one

  private Future<Answer> session(Call call) {
    return cluster
        .all("session", new JsonObject().put("id", call.name("session")))
        .map(
            found ->
                found.byNode().values().stream()
                    .filter(answer -> answer.containsKey("id"))
                    .reduce(SessionRoutes::better)
                    .map(answer -> Answer.json(200, answer))
                    .orElseGet(() -> notFound(found)));
  }

  /** A session that moved between nodes may be remembered by one and alive on another. */
  private static JsonObject better(JsonObject one, JsonObject other) {
    return one.getString("state", "").equals("closed") ? other : one;
  }

  private static Answer notFound(Gathered found) {
    return found.missing().isEmpty()
        ? Answer.problem(404, "There is no such session, nor is one remembered.")
        : Answer.problem(
            404, "No node that answered knows it; these did not: " + found.missing() + ".");
  }

  private Future<JsonObject> detail(String id) {
    return Future.fromCompletionStage(live.session(id))
        .map(
            found ->
                found
                    .map(session -> StoryJson.alive(session, live))
                    .orElseGet(() -> StoryJson.remembered(id, live)));
  }

  private Future<Answer> close(Call call) {
    String id = call.name("session");
    String reason = call.parameter("reason").orElse("");
    return cluster
        .all("close", new JsonObject().put("ids", new JsonArray().add(id)))
        .map(
            found -> {
              boolean closed = sum(found, "closed") > 0;
              trail.note(call, Change.of("close-session", shown(id), reason, word(closed)));
              return closed ? Answer.done() : notFound(found);
            });
  }

  private static String word(boolean done) {
    return done ? "done" : "unknown";
  }

  private static String shown(String id) {
    return id.substring(0, Math.min(id.length(), SESSION_SHOWN));
  }

  private static int sum(Gathered found, String name) {
    return found.byNode().values().stream().mapToInt(part -> part.getInteger(name, 0)).sum();
  }

  private Future<JsonObject> close(JsonObject words) {
    Future<Integer> closed = Future.succeededFuture(0);
    for (Object id : words.getJsonArray("ids", new JsonArray())) {
      closed =
          closed.compose(
              count ->
                  Future.fromCompletionStage(live.closeSession(String.valueOf(id)))
                      .map(done -> count + (done ? 1 : 0)));
    }
    return closed.map(count -> new JsonObject().put("closed", count));
  }

  // ---- many

  private Future<Answer> closeMany(Call call) {
    JsonObject words = call.words("ids", "filter", "reason");
    String reason = Call.reason(words);
    Object ids = words.getValue("ids");
    Object filter = words.getValue("filter");
    if ((ids == null) == (filter == null)) {
      throw new IllegalArgumentException("The body needs ids or filter, one of both.");
    }
    if (ids instanceof JsonArray list) {
      return closeThese(call, list, reason);
    }
    if (filter instanceof JsonObject object) {
      return closeThose(call, object, reason);
    }
    throw new IllegalArgumentException("ids: an array; filter: an object.");
  }

  private Future<Answer> closeThese(Call call, JsonArray ids, String reason) {
    if (ids.isEmpty()
        || ids.size() > IDS_MAX
        || ids.stream().anyMatch(id -> !(id instanceof String))) {
      throw new IllegalArgumentException("ids: from 1 to " + IDS_MAX + " texts.");
    }
    return cluster
        .all("close", new JsonObject().put("ids", ids))
        .map(
            found -> {
              int closed = sum(found, "closed");
              trail.note(call, Change.done("close-sessions", closed + " by id", reason));
              return Answer.json(
                  200, new JsonObject().put("closed", closed).put("unknown", ids.size() - closed));
            });
  }

  private Future<Answer> closeThose(Call call, JsonObject filter, String reason) {
    for (String word : filter.fieldNames()) {
      if (!Set.of("user", "client", "transport", "state", "node").contains(word)) {
        throw new IllegalArgumentException("filter: user, client, transport, state and node.");
      }
      Call.neededText(filter, word, 1, TEXT_MAX);
    }
    if (filter.isEmpty()) {
      throw new IllegalArgumentException("filter: says nothing; to end all, drain the node.");
    }
    String state = filter.getString("state", "active");
    if (!STATES.contains(state)) {
      throw new IllegalArgumentException("state: active or idle.");
    }
    return gather(Optional.ofNullable(filter.getString("node")), "close-all", filter)
        .map(
            found -> {
              int closed = sum(found, "closed");
              String target = closed + " by filter";
              trail.note(call, Change.done("close-sessions", target, reason));
              return Answer.json(
                  200, new JsonObject().put("closed", closed).put("coverage", found.coverage()));
            });
  }

  private Future<JsonObject> closeAll(JsonObject filter) {
    return Future.fromCompletionStage(live.closeSessions(SessionJson.filter(filter)))
        .map(count -> new JsonObject().put("closed", count));
  }
}
