package puente.launcher;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import puente.plan.BadInput;
import puente.plan.Usl;

/**
 * What a series of loads says of how the server scales: the Universal Scalability Law, fitted to
 * what came through.
 *
 * @param refusal why there is no fit; empty if there is one
 */
record LoadCapacity(List<Step> steps, List<Usl.Point> points, Usl fit, String refusal) {
  /** Of the peak, what one should count on. */
  private static final double SAFE_SHARE = 0.8;

  /**
   * One load of the series.
   *
   * @param throughput that came through, a second
   * @param isKept whether all thresholds held
   */
  record Step(int load, double throughput, double lostPercent, double p99Ms, boolean isKept) {}

  static LoadCapacity of(List<Step> steps) {
    double one = steps.getFirst().load;
    List<Usl.Point> points =
        steps.stream().map(step -> new Usl.Point(step.load / one, step.throughput)).toList();
    try {
      return new LoadCapacity(steps, points, Usl.fit(points), "");
    } catch (BadInput wrong) {
      return new LoadCapacity(steps, points, new Usl(0, 0, 0), String.valueOf(wrong.getMessage()));
    }
  }

  void addTo(LoadReport report) {
    JsonArray all = new JsonArray();
    for (Step step : steps) {
      report.line(
          String.format(
              Locale.ROOT,
              "load %,10d: %,12.0f/s came through, %6.3f %% lost, p99 %.2f ms%s",
              step.load,
              step.throughput,
              step.lostPercent,
              step.p99Ms,
              step.isKept ? "" : "   threshold broken"));
      all.add(
          new JsonObject()
              .put("load", step.load)
              .put("throughput", step.throughput)
              .put("lost", step.lostPercent)
              .put("p99", step.p99Ms)
              .put("kept", step.isKept));
    }
    JsonObject capacity = new JsonObject().put("steps", all);
    if (refusal.isEmpty()) {
      addFit(report, capacity);
    } else {
      report.line("no fit: " + refusal);
      capacity.put("refusal", refusal);
    }
    report.also("capacity", capacity);
  }

  private void addFit(LoadReport report, JsonObject capacity) {
    double peak = fit.peakThroughput();
    double kept = steps.stream().filter(Step::isKept).mapToDouble(Step::throughput).max().orElse(0);
    double safe = Math.min(kept, SAFE_SHARE * peak);
    boolean isSeen = Double.isFinite(peak);
    report.line(
        String.format(
            Locale.ROOT,
            "scalability: α=%.4f β=%.2e γ=%.0f R²=%.4f  peak %s · safe %,.0f/s",
            fit.alpha(),
            fit.beta(),
            fit.gamma(),
            fit.rSquared(),
            isSeen ? String.format(Locale.ROOT, "%,.0f/s", peak) : "beyond what was tried",
            safe));
    List<String> doubts = fit.doubts(points);
    doubts.forEach(doubt -> report.line("doubt about the fit: " + doubt));
    capacity
        .put("alpha", fit.alpha())
        .put("beta", fit.beta())
        .put("gamma", fit.gamma())
        .put("rSquared", fit.rSquared())
        .put("peak", isSeen ? peak : null)
        .put("safe", safe)
        .put("doubts", new JsonArray(List.copyOf(doubts)));
  }
}
