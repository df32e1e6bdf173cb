package puente.admin;

import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.admin.NodeView.DrainOrder;
import puente.admin.NodeView.NodeInfo;
import puente.admin.NodeView.Outcome;
import puente.admin.NodeView.SessionPage;
import puente.admin.NodeView.SessionQuery;
import puente.plan.BadInput;

/** {@code /api/v1/}: nodes and sessions. Used on one loop only; whoever comes here is trusted. */
final class Api {

  private static final Logger AUDIT = LoggerFactory.getLogger("puente.audit");

  private static final String PREFIX = "/api/v1/";
  private static final int BODY_MAX = 4096;

  /** Years of daily history are asked about at once. */
  private static final int PLAN_BODY_MAX = 65_536;

  private static final String PLAN_PATH = PREFIX + "capacity/plan";

  /** Each takes a processor for a while. */
  private static final int PLANS_MAX = 2;

  private static final int REASON_MAX = 200;
  private static final int LIMIT = 100;
  private static final int LIMIT_MAX = 1000;
  private static final Duration DEADLINE_MAX = Duration.ofDays(30);

  /** Lists go over all sessions: more at once than people ask for would be work for nobody. */
  private static final int LISTS_MAX = 4;

  /** The beginning of a session's id says when it began; the rest would tell the client. */
  private static final int SESSION_SHOWN = 10;

  private static final Set<String> SESSION_WORDS =
      Set.of("user", "client", "transport", "cursor", "limit");
  private static final Set<String> DRAIN_WORDS = Set.of("deadline", "minAllocations", "reason");

  private final NodeView view;
  private final CapacityPlans capacity = CapacityPlans.withKnownPrices();
  private int lists;
  private int plans;

  Api(NodeView view) {
    this.view = view;
  }

  static boolean isFor(HttpServerRequest request) {
    return String.valueOf(request.path()).startsWith(PREFIX);
  }

  /** Whether a body is read: a short one, whose length is told first. */
  static boolean takesBody(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    return isFor(request)
        && request.method().equals(HttpMethod.POST)
        && !request.headers().contains(HttpHeaders.TRANSFER_ENCODING)
        && length != null
        && length.matches("[0-9]{1,9}")
        && Integer.parseInt(length)
            <= (PLAN_PATH.equals(request.path()) ? PLAN_BODY_MAX : BODY_MAX);
  }

  Future<Answer> answer(HttpServerRequest request, Buffer body) {
    try {
      return route(request, body);
    } catch (IllegalArgumentException wrong) {
      return Future.succeededFuture(Answer.problem(400, String.valueOf(wrong.getMessage())));
    }
  }

  private Future<Answer> route(HttpServerRequest request, Buffer body) {
    String[] parts = request.path().substring(PREFIX.length()).split("/", -1);
    String kind =
        parts[0] + (parts.length < 2 ? "" : "/*") + (parts.length < 3 ? "" : '/' + parts[2]);
    String id = parts.length < 2 ? "" : decoded(parts[1]);
    return switch (parts.length > 3 ? "" : kind) {
      case "nodes" -> reading(request, () -> Future.succeededFuture(nodes()));
      case "nodes/*" -> reading(request, () -> Future.succeededFuture(node(id)));
      case "nodes/*/drain" ->
          only(HttpMethod.POST, request, () -> Future.succeededFuture(drain(request, id, body)));
      case "nodes/*/undrain" ->
          only(HttpMethod.POST, request, () -> Future.succeededFuture(undrain(request, id)));
      case "sessions" -> reading(request, () -> sessions(request));
      case "sessions/*" -> only(HttpMethod.DELETE, request, () -> close(request, id));
      case "capacity/*" -> only(HttpMethod.POST, request, () -> plan(id, body));
      default ->
          Future.succeededFuture(
              Answer.problem(
                  404, "There are nodes, sessions and capacity/plan under " + PREFIX + "."));
    };
  }

  private Future<Answer> plan(String word, Buffer body) {
    if (!word.equals("plan")) {
      return Future.succeededFuture(Answer.problem(404, "There is " + PLAN_PATH + "."));
    }
    if (plans >= PLANS_MAX) {
      return Future.succeededFuture(
          Answer.problem(503, "Too many plans at once.").with("Retry-After", "1"));
    }
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    JsonObject request = CapacityPlans.object("request", body.toString(StandardCharsets.UTF_8));
    plans++;
    return Vertx.currentContext()
        .executeBlocking(() -> capacity.plan(request, today), false)
        .onComplete(done -> plans--)
        .map(plan -> Answer.json(200, CapacityPlans.document(plan)))
        .recover(
            wrong ->
                wrong instanceof BadInput
                    ? Future.succeededFuture(
                        Answer.problem(400, String.valueOf(wrong.getMessage())))
                    : Future.failedFuture(wrong));
  }

  private static String decoded(String segment) {
    try {
      return QueryStringDecoder.decodeComponent(segment.replace("+", "%2B"));
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException("The path is wrongly encoded.", wrong);
    }
  }

  private interface Work {
    Future<Answer> answer();
  }

  private static Future<Answer> reading(HttpServerRequest request, Work work) {
    return request.method().equals(HttpMethod.HEAD)
        ? work.answer()
        : only(HttpMethod.GET, request, work);
  }

  private static Future<Answer> only(HttpMethod method, HttpServerRequest request, Work work) {
    return request.method().equals(method)
        ? work.answer()
        : Future.succeededFuture(
            Answer.problem(405, "This path takes " + method + ".").with("Allow", method.name()));
  }

  // ---- nodes

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

  private Answer drain(HttpServerRequest request, String id, Buffer body) {
    JsonObject words = words(body);
    DrainOrder order =
        new DrainOrder(
            Optional.ofNullable(words.getValue("deadline")).map(Api::duration),
            Optional.ofNullable(words.getValue("minAllocations")).map(Api::count),
            reason(words));
    Outcome outcome = view.drain(ownName(id), order);
    audit(request, "drain", outcome.toString(), "node", id, "reason", order.reason());
    return answerTo(outcome, id);
  }

  private Answer undrain(HttpServerRequest request, String id) {
    Outcome outcome = view.undrain(ownName(id));
    audit(request, "undrain", outcome.toString(), "node", id);
    return answerTo(outcome, id);
  }

  private Answer answerTo(Outcome outcome, String id) {
    return switch (outcome) {
      case DONE -> node(id);
      case TOO_LATE -> Answer.problem(409, "The node is stopping.");
      case UNKNOWN -> Answer.problem(404, "There is no such node.");
      case ELSEWHERE ->
          Answer.problem(409, "That is another node: its own admin port takes the order.");
    };
  }

  private String ownName(String id) {
    return id.equals("self")
        ? view.nodes().stream().filter(NodeInfo::own).map(NodeInfo::id).findFirst().orElse(id)
        : id;
  }

  private static JsonObject words(Buffer body) {
    if (body.length() == 0) {
      return new JsonObject();
    }
    try {
      JsonObject words = new JsonObject(body);
      for (String word : words.fieldNames()) {
        if (!DRAIN_WORDS.contains(word)) {
          throw new IllegalArgumentException("A drain has deadline, minAllocations and reason.");
        }
      }
      return words;
    } catch (DecodeException notJson) {
      throw new IllegalArgumentException("The body is not a JSON object.", notJson);
    }
  }

  private static Duration duration(Object seconds) {
    if (seconds instanceof Integer number && number >= 0 && number <= DEADLINE_MAX.toSeconds()) {
      return Duration.ofSeconds(number);
    }
    throw new IllegalArgumentException(
        "deadline: whole seconds, at most " + DEADLINE_MAX.toSeconds() + ".");
  }

  private static int count(Object value) {
    if (value instanceof Integer number && number >= 0) {
      return number;
    }
    throw new IllegalArgumentException("minAllocations: a whole number.");
  }

  private static String reason(JsonObject words) {
    Object value = words.getValue("reason", "");
    if (value instanceof String text && text.length() <= REASON_MAX) {
      return text;
    }
    throw new IllegalArgumentException("reason: text, at most " + REASON_MAX + " characters.");
  }

  private static JsonObject json(NodeInfo node) {
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

  // ---- sessions

  private Future<Answer> sessions(HttpServerRequest request) {
    for (String name : parameters(request).names()) {
      if (!SESSION_WORDS.contains(name)) {
        throw new IllegalArgumentException(
            "Sessions are asked for by user, client, transport, cursor and limit.");
      }
    }
    SessionQuery query =
        new SessionQuery(
            parameter(request, "user"),
            parameter(request, "client"),
            parameter(request, "transport"),
            parameter(request, "cursor"),
            parameter(request, "limit").map(Api::limit).orElse(LIMIT));
    if (lists >= LISTS_MAX) {
      return Future.succeededFuture(
          Answer.problem(503, "Other lists are being made.").with("Retry-After", "1"));
    }
    Future<SessionPage> page = Future.fromCompletionStage(view.sessions(query));
    lists++;
    return page.onComplete(done -> lists--).map(found -> Answer.json(200, json(found)));
  }

  private static MultiMap parameters(HttpServerRequest request) {
    try {
      return request.params();
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException("The query is wrongly encoded.", wrong);
    }
  }

  private static Optional<String> parameter(HttpServerRequest request, String name) {
    List<String> values = request.params().getAll(name);
    if (values.size() > 1) {
      throw new IllegalArgumentException(name + " is there twice.");
    }
    return values.stream().findFirst().filter(value -> !value.isEmpty());
  }

  private static int limit(String text) {
    int limit = text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
    if (limit < 1 || limit > LIMIT_MAX) {
      throw new IllegalArgumentException("limit: from 1 to " + LIMIT_MAX + ".");
    }
    return limit;
  }

  private Future<Answer> close(HttpServerRequest request, String id) {
    return Future.fromCompletionStage(view.closeSession(id))
        .map(
            closed -> {
              String shown = id.substring(0, Math.min(id.length(), SESSION_SHOWN));
              audit(request, "close-session", closed ? "DONE" : "UNKNOWN", "session", shown);
              return closed
                  ? new Answer(204, "application/json", "")
                  : Answer.problem(404, "There is no such session on this node.");
            });
  }

  private static JsonObject json(SessionPage page) {
    JsonArray list = new JsonArray();
    for (NodeView.SessionInfo session : page.sessions()) {
      list.add(
          new JsonObject()
              .put("id", session.id())
              .put("user", session.user())
              .put("transport", session.transport())
              .put("client", session.client())
              .put("server", session.server())
              .put("relayed", new JsonArray(session.relayed()))
              .put("created", instant(session.createdMs()))
              .put("expires", instant(session.expiresMs()))
              .put("permissions", session.permissions())
              .put("channels", session.channels())
              .put("bytesUp", session.bytesUp())
              .put("bytesDown", session.bytesDown())
              .put("packetsUp", session.packetsUp())
              .put("packetsDown", session.packetsDown()));
    }
    JsonObject json = new JsonObject().put("sessions", list);
    page.next().ifPresent(next -> json.put("next", next));
    return json;
  }

  /** Who changed what, and what came of it. */
  private static void audit(
      HttpServerRequest request, String action, String outcome, String... pairs) {
    var event =
        AUDIT
            .atInfo()
            .addKeyValue("event", "audit")
            .addKeyValue("action", action)
            .addKeyValue("outcome", outcome.toLowerCase(Locale.ROOT))
            .addKeyValue("from", request.remoteAddress().hostAddress());
    for (int i = 0; i < pairs.length; i += 2) {
      event = event.addKeyValue(pairs[i], pairs[i + 1]);
    }
    event.log("");
  }
}
