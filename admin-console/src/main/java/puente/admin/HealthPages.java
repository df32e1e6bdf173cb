package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import puente.admin.NodeView.Check;

/** {@code /healthz} and {@code /readyz}, for those who start processes and those who send clients. */
final class HealthPages {

  private final NodeView view;

  HealthPages(NodeView view) {
    this.view = view;
  }

  Future<Answer> live(HttpServerRequest request, boolean trusted) {
    return Future.succeededFuture(answer(view.liveness(), trusted, "alive", "stuck"));
  }

  Future<Answer> ready(HttpServerRequest request, boolean trusted) {
    return Future.succeededFuture(answer(view.readiness(), trusted, "ready", "not ready"));
  }

  private static Answer answer(List<Check> checks, boolean details, String good, String bad) {
    List<Check> failed = checks.stream().filter(check -> !check.passed()).toList();
    JsonObject body = new JsonObject().put("status", failed.isEmpty() ? good : bad);
    if (details) {
      if (!failed.isEmpty()) {
        body.put("reason", failed.getFirst().name() + ": " + failed.getFirst().detail());
      }
      JsonArray list = new JsonArray();
      checks.forEach(check -> list.add(json(check)));
      body.put("checks", list);
    }
    return Answer.json(failed.isEmpty() ? 200 : 503, body);
  }

  private static JsonObject json(Check check) {
    return new JsonObject()
        .put("name", check.name())
        .put("status", check.passed() ? "pass" : "fail")
        .put("detail", check.detail());
  }
}
