package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.ZoneOffset;
import puente.admin.access.Role;
import puente.plan.BadInput;
import puente.plan.Plan;

/** The capacity planner. It computes only, so whoever may look may ask. */
final class CapacityRoutes {

  /** Years of daily history are asked about at once. */
  private static final int PLAN_BODY_MAX = 65_536;

  /** Each takes a processor for a while. */
  private static final int PLANS_MAX = 2;

  private final CapacityPlans capacity;
  private int plans;

  CapacityRoutes(CapacityPlans capacity) {
    this.capacity = capacity;
  }

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
    String request = call.body().toString(StandardCharsets.UTF_8);
    plans++;
    return Vertx.currentContext()
        .executeBlocking(() -> answer(request, today), false)
        .onComplete(done -> plans--)
        .recover(
            wrong ->
                wrong instanceof BadInput
                    ? Future.succeededFuture(
                        Answer.problem(400, String.valueOf(wrong.getMessage())))
                    : Future.failedFuture(wrong));
  }

  /** On another thread: to read years of days and to write them takes a while as well. */
  private Answer answer(String request, LocalDate today) {
    Plan plan = capacity.plan(CapacityPlans.object("request", request), today);
    return Answer.json(200, CapacityPlans.document(plan));
  }
}
