package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.ZoneOffset;
import puente.admin.access.Role;
import puente.plan.BadInput;

/** The capacity planner. It computes only, so whoever may look may ask. */
final class CapacityRoutes {

  /** Years of daily history are asked about at once. */
  private static final int PLAN_BODY_MAX = 65_536;

  /** Each takes a processor for a while. */
  private static final int PLANS_MAX = 2;

  private final CapacityPlans capacity = CapacityPlans.withKnownPrices();
  private int plans;

  void addTo(ApiTable table) {
    table.add(
        "capacity/plan",
        new ApiTable.Route(HttpMethod.POST, Role.VIEWER, PLAN_BODY_MAX, this::plan));
  }

  private Future<Answer> plan(Call call) {
    if (plans >= PLANS_MAX) {
      return Future.succeededFuture(
          Answer.problem(503, "Too many plans at once.").with("Retry-After", "1"));
    }
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    JsonObject request =
        CapacityPlans.object("request", call.body().toString(StandardCharsets.UTF_8));
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
}
