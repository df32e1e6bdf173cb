package puente.admin;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.LocalDate;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import puente.plan.Forecast;
import puente.plan.PlanField;
import puente.plan.Planner;

/** When which resource runs out, and what a plan can start from. For the control loop. */
final class ForecastRoutes {

  /** Days are what it is made of: an hour changes little. */
  private static final long FRESH_MS = 3_600_000;

  private static final int HORIZON_DAYS = 180;
  private static final int HORIZON_DAYS_MAX = 730;
  private static final int ACTUAL_DAYS = 90;
  private static final String RUNS_OUT = "runs-out";
  private static final int SOON_DAYS = 7;

  private static final Map<String, Double> TARGETS =
      new TreeMap<>(Map.of("ports", 0.85, "egress", 0.8, "processor", 0.7, "memory", 0.85));

  private static final Map<String, String> UNITS =
      Map.of("ports", "ports", "egress", "b/s", "processor", "processors", "memory", "bytes");

  private final NodeView view;
  private final Context context;
  private final LiveRoutes pages;
  private final CapacityPlans capacity;
  private JsonArray known = new JsonArray();
  private long knownAtMs;
  private boolean busy;

  ForecastRoutes(NodeView view, Context context, LiveRoutes pages, CapacityPlans capacity) {
    this.view = view;
    this.context = context;
    this.pages = pages;
    this.capacity = capacity;
  }

  void addTo(ApiTable table) {
    table.get("capacity/forecast", this::forecast);
    table.get("capacity/inputs", call -> inputs());
  }

  /** Keeps what the overview says up to date; a few milliseconds of another thread. */
  void tick(long nowMs) {
    if (!busy && (knownAtMs == 0 || nowMs - knownAtMs > FRESH_MS)) {
      busy = true;
      knownAtMs = nowMs;
      var unused =
          compute(TARGETS.keySet(), HORIZON_DAYS)
              .onComplete(
                  done -> {
                    busy = false;
                    if (done.succeeded()) {
                      known = done.result();
                      pages.forecast(known);
                      view.live().expect(known);
                      warn(nowMs);
                    }
                  });
    }
  }

  /** Of what runs out within a week. */
  private void warn(long nowMs) {
    Alerts alerts = view.live().alerts();
    for (Object each : known) {
      JsonObject one = (JsonObject) each;
      String resource = one.getString("resource");
      String key = Alerts.key(RUNS_OUT, resource);
      String date = one.getString("p50");
      alerts.end(key, nowMs);
      if (date != null && LocalDate.parse(date).isBefore(measured().today().plusDays(SOON_DAYS))) {
        alerts.raise(
            new Alert(
                key,
                "warning",
                "",
                "At this rate " + resource + " reach their target on " + date,
                "The planner says how many nodes are missing",
                "#/capacity",
                nowMs,
                0));
      }
    }
  }

  private Measured measured() {
    LiveView live = view.live();
    return new Measured(
        live.history(), live.historyOfOthers().values(), System.currentTimeMillis() / 1000);
  }

  private Future<Answer> forecast(Call call) {
    call.allowParameters("resource", "horizonDays");
    Optional<String> resource = call.parameter("resource");
    if (resource.isPresent() && !TARGETS.containsKey(resource.get())) {
      throw new IllegalArgumentException("resource: " + String.join(", ", TARGETS.keySet()) + ".");
    }
    int horizon = (int) call.number("horizonDays", HORIZON_DAYS, 1, HORIZON_DAYS_MAX);
    Set<String> wanted = resource.map(Set::of).orElse(TARGETS.keySet());
    return compute(wanted, horizon)
        .map(
            list -> {
              JsonObject json = new JsonObject().put("forecast", list);
              boolean none =
                  list.stream().allMatch(one -> ((JsonObject) one).getValue("model") == null);
              if (none) {
                json.put(
                    "collecting", "A forecast takes seven whole days of history at the least.");
              }
              return Answer.json(200, json);
            });
  }

  /** One resource as it was, and what it may become. */
  private record Asked(String resource, TreeMap<LocalDate, Double> daily, double limit) {}

  private Future<JsonArray> compute(Set<String> resources, int horizon) {
    Measured measured = measured();
    double egress = view.live().facts().getDouble("egressBytesPerSecondMax", 0.0);
    return onAnotherThread(
        () -> {
          JsonArray list = new JsonArray();
          for (String resource : resources) {
            list.add(json(asked(resource, measured, egress), measured.today(), horizon));
          }
          return list;
        });
  }

  private static Asked asked(String resource, Measured measured, double egress) {
    TreeMap<LocalDate, Double> daily = measured.daily(resource);
    double limit = measured.limit(resource, TARGETS.getOrDefault(resource, 1.0), egress);
    if (resource.equals("egress")) {
      daily.replaceAll((day, value) -> 8 * value);
      limit *= 8;
    }
    return new Asked(resource, daily, limit);
  }

  /** Years of hours, weeks of minutes: the loop has to answer others meanwhile. */
  private <T> Future<T> onAnotherThread(Callable<T> work) {
    return context.owner().executeBlocking(work, false);
  }

  private JsonObject json(Asked asked, LocalDate today, int horizon) {
    double[] days = asked.daily.values().stream().mapToDouble(Double::doubleValue).toArray();
    boolean isLimited = asked.limit > 0 && !Double.isNaN(asked.limit);
    double limit = isLimited ? asked.limit : Double.MAX_VALUE;
    Forecast forecast =
        capacity.forecast(
            new Forecast.Question(asked.resource, today, days, limit, horizon, Planner.SEED));
    JsonArray series = new JsonArray();
    asked
        .daily
        .tailMap(today.minusDays(ACTUAL_DAYS))
        .forEach(
            (day, value) ->
                series.add(new JsonObject().put("t", day.toString()).put("actual", value)));
    for (Forecast.Day day : forecast.series()) {
      series.add(
          new JsonObject()
              .put("t", day.date().toString())
              .put("mean", day.mean())
              .put("lo", day.low())
              .put("hi", day.high()));
    }
    String why =
        isLimited || days.length < 7
            ? forecast.reason()
            : "the limit is not known: set bps-capacity";
    return new JsonObject()
        .put("resource", asked.resource)
        .put("unit", UNITS.get(asked.resource))
        .put("limit", isLimited ? (Object) asked.limit : null)
        .put("now", days.length == 0 ? null : (Object) forecast.now())
        .put("model", forecast.model().isEmpty() ? null : forecast.model())
        .put("mase", Double.isFinite(forecast.mase()) ? (Object) forecast.mase() : null)
        .put("p10", text(isLimited ? forecast.p10() : null))
        .put("p50", text(isLimited ? forecast.p50() : null))
        .put("p90", text(isLimited ? forecast.p90() : null))
        .put("why", why.isEmpty() ? null : why)
        .put("explain", explain(asked, days.length))
        .put("series", series);
  }

  private static @Nullable String text(@Nullable LocalDate day) {
    return day == null ? null : day.toString();
  }

  private static JsonObject explain(Asked asked, int days) {
    return new JsonObject()
        .put("origin", days == 0 ? "none" : "measured")
        .put(
            "formula",
            "busiest hour of each day, all nodes together; carried on by the model of the least"
                + " error from rolling origins; 1000 futures drawn from its own errors")
        .put(
            "inputs",
            new JsonObject()
                .put("days", days)
                .put("target", TARGETS.get(asked.resource))
                .put("limit", Double.isNaN(asked.limit) ? null : (Object) asked.limit))
        .put("source", "history of this node and what the others have told");
  }

  // ---- inputs

  private Future<Answer> inputs() {
    long alive = view.nodes().stream().filter(NodeView.NodeInfo::alive).count();
    Measured measured = measured();
    return onAnotherThread(() -> inputs(measured, (int) alive));
  }

  private static Answer inputs(Measured measured, int nodes) {
    JsonObject request = measured.request(nodes);
    JsonObject inputs = new JsonObject();
    for (PlanField field : PlanField.values()) {
      inputs.put(field.path(), input(field, request));
    }
    double p95 = measured.egressP95();
    if (!Double.isNaN(p95)) {
      inputs.put(
          "measured.egressP95",
          new JsonObject()
              .put("value", p95)
              .put("unit", "b/s")
              .put("origin", "measured")
              .put("from", "28 days of quarter-hour means without the highest twentieth")
              .put("meaning", "what a carrier that bills the 95th percentile would bill"));
    }
    return Answer.json(200, new JsonObject().put("request", request).put("inputs", inputs));
  }

  private static JsonObject input(PlanField field, JsonObject request) {
    String[] path = field.path().split("\\.");
    JsonObject part = path.length == 2 ? request.getJsonObject(path[0]) : null;
    JsonObject given = part == null ? null : part.getJsonObject(path[1]);
    JsonObject input = new JsonObject();
    if (given != null) {
      input.mergeIn(given);
    } else {
      boolean isSet = !Double.isNaN(field.fallback());
      input.put("value", isSet ? (Object) field.fallback() : null);
      input.put("origin", isSet ? "default" : "none").put("from", null);
    }
    return input.put("unit", field.unit()).put("meaning", field.meaning());
  }
}
