package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Predicate;
import puente.admin.AdminServer.Identity;
import puente.admin.AuditTrail.Change;
import puente.admin.access.Role;
import puente.admin.records.LogRing;

/** Configuration, certificates, log levels, threads, checks: of this node. Used on one loop only. */
final class OperationsRoutes {

  private static final int CONFIG_BODY_MAX = 80_000;
  private static final int CONFIG_TEXT_MAX = 65_536;
  private static final int SECONDS_MAX = 86_400;
  private static final int WAITING_MAX = 8;
  private static final int BUNDLE_LINES = 1000;

  private record Raised(String before, long timer, Instant until) {}

  private final OperationsView view;
  private final NodeView node;
  private final LogRing logs;
  private final AuditTrail trail;
  private final Identity identity;
  private final Vertx vertx;
  private final WorkerExecutor worker;
  private final Map<String, Raised> raisedByComponent = new HashMap<>();
  private int waiting;

  OperationsRoutes(NodeView node, AdminServer.Orders orders, AuditTrail trail, Identity identity) {
    this.node = node;
    view = orders.operations();
    logs = orders.logs();
    this.trail = trail;
    this.identity = identity;
    vertx = Vertx.currentContext().owner();
    worker = vertx.createSharedWorkerExecutor("puente-operations", 1);
  }

  void addTo(ApiTable table) {
    table.add(
        "config/validate",
        new ApiTable.Route(HttpMethod.POST, Role.OPERATOR, CONFIG_BODY_MAX, this::validate));
    table.post("config/reload", Role.OPERATOR, this::reload);
    table.get("diagnostics", this::diagnostics);
    table.add(
        "diagnostics/probe", new ApiTable.Route(HttpMethod.POST, Role.OPERATOR, 0, this::probe));
    table.get("nodes/{node}/threads", Role.OPERATOR, call -> here(call, this::threads));
    table.post("nodes/{node}/log-level", Role.OPERATOR, call -> here(call, this::setLogLevel));
    table.post("nodes/{node}/support-bundle", Role.OPERATOR, call -> here(call, this::bundle));
  }

  Future<Void> close() {
    return worker.close();
  }

  /** These are this process's own business. */
  private Future<Answer> here(Call call, ApiTable.Work work) {
    String id = call.name("node");
    Predicate<NodeView.NodeInfo> meant = info -> info.id().equals(id);
    if (id.equals("self") || node.nodes().stream().anyMatch(meant.and(NodeView.NodeInfo::own))) {
      return work.answer(call);
    }
    return Future.succeededFuture(
        node.nodes().stream().anyMatch(meant)
            ? Answer.problem(409, "That is another node: its own admin port answers this.")
            : Answer.problem(404, "There is no such node."));
  }

  private <T> Future<Answer> work(Callable<T> work, Function<T, Answer> then) {
    return waiting >= WAITING_MAX ? Future.succeededFuture(busy()) : work(work).map(then);
  }

  private static Answer busy() {
    return Answer.problem(503, "Others ask the same; try again.").with("Retry-After", "1");
  }

  private <T> Future<T> work(Callable<T> work) {
    if (waiting >= WAITING_MAX) {
      return Future.failedFuture("others ask the same");
    }
    waiting++;
    return worker.executeBlocking(work, false).onComplete(done -> waiting--);
  }

  // ---- configuration

  Future<JsonObject> config() {
    return work(view::configuration).map(config -> OperationsJson.of(config, identity));
  }

  private Future<Answer> validate(Call call) {
    JsonObject words = call.words("text");
    Optional<String> text = Call.text(words, "text", 0, CONFIG_TEXT_MAX);
    return work(() -> view.validate(text), found -> Answer.json(200, OperationsJson.of(found)));
  }

  private Future<Answer> reload(Call call) {
    String reason = Call.reason(call.words("reason"));
    return work(
            view::reload,
            reloaded -> {
              trail.note(call, Change.done("reload", "", reason));
              JsonObject body = new JsonObject().put("waiting", new JsonArray(reloaded.waiting()));
              reloaded.refused().ifPresent(why -> body.put("refused", why));
              return Answer.json(200, body);
            })
        .onFailure(refused -> trail.note(call, Change.of("reload", "", reason, "refused")));
  }

  // ---- the process

  Future<JsonObject> certs() {
    return work(view::certificates).map(list -> OperationsJson.of(list, Instant.now()));
  }

  private Future<Answer> diagnostics(Call call) {
    call.allowParameters();
    JsonArray checks = checks();
    return work(
        view::findings,
        findings -> {
          findings.forEach(finding -> checks.add(OperationsJson.of(finding)));
          return Answer.json(
              200,
              new JsonObject()
                  .put("node", identity.node())
                  .put("asOf", Instant.now().toString())
                  .put("checks", checks));
        });
  }

  private Future<Answer> probe(Call call) {
    call.allowParameters();
    return work(view::probe, probes -> Answer.json(200, OperationsJson.of(probes, identity)));
  }

  private JsonArray checks() {
    JsonArray checks = new JsonArray();
    node.readiness().forEach(check -> checks.add(OperationsJson.of(check)));
    return checks;
  }

  private Future<Answer> threads(Call call) {
    call.allowParameters();
    return work(
        ThreadDump::take,
        threads ->
            Answer.json(
                200,
                new JsonObject()
                    .put("asOf", Instant.now().toString())
                    .put("node", identity.node())
                    .put("threads", threads)));
  }

  private Future<Answer> setLogLevel(Call call) {
    JsonObject words = call.words("component", "level", "seconds", "reason");
    String level = Call.neededText(words, "level", 1, 10);
    if (LogRing.Level.ofWord(level).isEmpty()) {
      throw new IllegalArgumentException("level: error, warn, info, debug or trace.");
    }
    String component = Call.text(words, "component", 1, 100).orElse("puente");
    if (!component.matches("puente(\\.[A-Za-z0-9._-]+)?")) {
      throw new IllegalArgumentException("component: puente, or a part such as puente.turn.");
    }
    Optional<Integer> seconds = Call.number(words, "seconds", 1, SECONDS_MAX);
    String reason = Call.reason(words);
    return work(
        () -> {
          String before = view.logLevels().getOrDefault(component, "");
          view.setLogLevel(component, level);
          return before;
        },
        before -> {
          Raised former = raisedByComponent.remove(component);
          if (former != null) {
            vertx.cancelTimer(former.timer);
          }
          String back = former == null ? before : former.before;
          seconds.ifPresent(some -> lowerLater(component, back, Duration.ofSeconds(some)));
          trail.note(call, Change.done("log-level", component, reason).from(before, level));
          return Answer.json(200, levels());
        });
  }

  private void lowerLater(String component, String back, Duration after) {
    long timer =
        vertx.setTimer(
            after.toMillis(),
            due -> {
              raisedByComponent.remove(component);
              view.setLogLevel(component, back);
            });
    raisedByComponent.put(component, new Raised(back, timer, Instant.now().plus(after)));
  }

  private JsonObject levels() {
    JsonArray levels = new JsonArray();
    view.logLevels()
        .forEach(
            (component, level) -> {
              JsonObject one = new JsonObject().put("component", component).put("level", level);
              Raised raised = raisedByComponent.get(component);
              levels.add(raised == null ? one : one.put("until", raised.until.toString()));
            });
    return new JsonObject().put("levels", levels);
  }

  private Future<Answer> bundle(Call call) {
    JsonArray checks = checks();
    JsonArray nodes = new JsonArray();
    node.nodes().forEach(one -> nodes.add(NodeRoutes.json(one)));
    JsonArray lines = new JsonArray();
    logs.newest(line -> true, 0, BUNDLE_LINES)
        .lines()
        .forEach(line -> lines.add(LogRoutes.json(line)));
    trail.note(call, Change.done("support-bundle", identity.node(), ""));
    return work(
        () -> {
          view.findings().forEach(finding -> checks.add(OperationsJson.of(finding)));
          JsonObject config = OperationsJson.of(view.configuration(), identity);
          return new JsonObject()
              .put("asOf", Instant.now().toString())
              .put("node", identity.node())
              .put("version", identity.version())
              .put("checks", checks)
              .put("nodes", nodes)
              .put("config", config.getJsonArray("settings"))
              .put("threads", ThreadDump.take())
              .put("logs", lines);
        },
        body ->
            Answer.json(200, body)
                .with("Content-Disposition", "attachment; filename=\"puente-support.json\""));
  }
}
