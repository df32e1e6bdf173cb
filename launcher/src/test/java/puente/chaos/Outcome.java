package puente.chaos;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a scenario has shown: figures, and what is not as it must be. For one thread. */
final class Outcome {

  private final String scenario;
  private final Map<String, String> facts = new LinkedHashMap<>();
  private final Map<String, Integer> told = new TreeMap<>();
  private final List<String> failures = new ArrayList<>();
  private int before;
  private int after;
  private Load.@Nullable Figures hit;
  private Load.@Nullable Figures spared;
  private @Nullable Gaps back;
  private @Nullable Integer quotaError;
  private int servedTwice;
  private long stallMs;
  private long tookMs;

  Outcome(String scenario) {
    this.scenario = scenario;
  }

  void allocations(int there, int left) {
    before = there;
    after = left;
    expect(left == there, "%d of %d allocations are left", left, there);
  }

  /**
   * What became of the flows.
   *
   * @param touched those of the nodes to which something was done
   * @param others those of the other nodes; null if there are none
   */
  void flows(Load.Figures touched, Load.@Nullable Figures others, Load load) {
    hit = touched;
    spared = others;
    told.putAll(load.told());
    stallMs = load.stallMs();
  }

  Load.Figures hit() {
    if (hit == null) {
      throw new IllegalStateException("nothing was measured");
    }
    return hit;
  }

  Load.@Nullable Figures spared() {
    return spared;
  }

  int icmp() {
    return told.getOrDefault("icmp at client", 0) + told.getOrDefault("icmp at peer", 0);
  }

  /** From the start command, or the like, until each flow was back. */
  void back(Gaps ms) {
    back = ms;
  }

  Gaps back() {
    return back == null ? Gaps.of() : back;
  }

  void servedTwice(int clients) {
    servedTwice = clients;
    expect(clients == 0, "%d allocations are served twice", clients);
  }

  /** Allocations granted beyond a quota, or below it that should have been. */
  void quotaError(int error, int allowed) {
    quotaError = error;
    expect(error <= allowed, "the quota is exceeded by %d", error);
  }

  void fact(String name, Object value) {
    facts.put(name, String.valueOf(value));
  }

  /** A figure of the project's goals: a busy machine may miss it without an error of the server's. */
  void goal(String what, long ms, long goalMs) {
    facts.put(what + ", goal " + goalMs + " ms", ms + (ms <= goalMs ? " (met)" : " (MISSED)"));
  }

  /** What is not so makes the scenario fail. */
  void expect(boolean holds, String otherwise, Object... values) {
    if (!holds) {
      failures.add(String.format(Locale.ROOT, otherwise, values));
    }
  }

  void took(long ms) {
    tookMs = ms;
  }

  List<String> failures() {
    return List.copyOf(failures);
  }

  boolean passed() {
    return failures.isEmpty();
  }

  // ---- for people

  static String head() {
    return "%-14s %9s  %-22s %-22s %-12s %5s %6s %6s  %s%n"
        .formatted(
            "scenario",
            "alloc.",
            "gap ms p50/p99/max",
            "back ms p50/p99/max",
            "lost p50/max",
            "icmp",
            "quota",
            "twice",
            "");
  }

  String row() {
    return "%-14s %9s  %-22s %-22s %-12s %5s %6s %6s  %s%n"
        .formatted(
            scenario,
            before + "/" + after,
            hit == null ? "-" : three(hit.silenceMs()),
            back == null ? "-" : three(back),
            hit == null ? "-" : hit.lost().percentile(0.5) + "/" + hit.lost().max(),
            hit == null ? "-" : "" + icmp(),
            quotaError == null ? "-" : "%+d".formatted(quotaError),
            "" + servedTwice,
            passed() ? "ok" : "FAILED");
  }

  static String markdownHead() {
    return """
        | scenario | allocations | gap ms p50 / p99 / max | back ms p50 / p99 / max \
        | lost per flow p50 / max | icmp | quota | twice |
        |---|---|---|---|---|---|---|---|
        """;
  }

  /** The same as a row of docs/CHAOS.md. */
  String markdownRow(String form) {
    return "| `%s`, %s%s | %s | %s | %s | %s | %s | %s | %d |%n"
        .formatted(
            scenario,
            form,
            passed() ? "" : ", **failed**",
            before + " / " + after,
            hit == null ? "" : three(hit.silenceMs()),
            back == null ? "" : three(back),
            hit == null ? "" : hit.lost().percentile(0.5) + " / " + hit.lost().max(),
            hit == null ? "" : "" + icmp(),
            quotaError == null ? "" : "%+d".formatted(quotaError),
            servedTwice);
  }

  private static String three(Gaps gaps) {
    return gaps.percentile(0.5) + " / " + gaps.percentile(0.99) + " / " + gaps.max();
  }

  /** Beneath the table: the histogram, what else is known, and what is wrong. */
  String details() {
    StringBuilder text = new StringBuilder(scenario).append(" (").append(tookMs / 1000);
    text.append(" s)\n");
    if (hit != null) {
      text.append("  longest silence of each flow of the nodes concerned\n");
      text.append(hit.silenceMs().histogram());
    }
    if (spared != null) {
      text.append("  of the other nodes: gap ").append(three(spared.silenceMs()));
      text.append(" ms, lost per flow ").append(spared.lost().percentile(0.5));
      text.append("/").append(spared.lost().max()).append('\n');
    }
    told.forEach((what, count) -> text.append("  %s: %d%n".formatted(what, count)));
    facts.forEach((name, value) -> text.append("  %s: %s%n".formatted(name, value)));
    if (stallMs > 100) {
      text.append("  the load itself stood still for %d ms%n".formatted(stallMs));
    }
    failures.forEach(failure -> text.append("  FAILED: ").append(failure).append('\n'));
    return text.toString();
  }

  // ---- for programs

  JsonObject json() {
    JsonObject json =
        new JsonObject()
            .put("scenario", scenario)
            .put("passed", passed())
            .put("ms", tookMs)
            .put("before", before)
            .put("after", after)
            .put("servedTwice", servedTwice)
            .put("quotaError", quotaError)
            .put("loadStallMs", stallMs)
            .put("told", new JsonObject(new LinkedHashMap<>(told)))
            .put("facts", new JsonObject(new LinkedHashMap<>(facts)))
            .put("failures", new JsonArray(failures));
    if (hit != null) {
      json.put("touched", json(hit));
    }
    if (spared != null) {
      json.put("others", json(spared));
    }
    if (back != null) {
      json.put("backMs", json(back));
    }
    return json;
  }

  private static JsonObject json(Load.Figures figures) {
    return new JsonObject()
        .put("gapMs", json(figures.silenceMs()))
        .put("lostPerFlow", json(figures.lost()))
        .put("sent", figures.sent())
        .put("twice", figures.twice());
  }

  private static JsonObject json(Gaps gaps) {
    return new JsonObject()
        .put("flows", gaps.sorted().length)
        .put("p50", gaps.percentile(0.5))
        .put("p99", gaps.percentile(0.99))
        .put("max", gaps.max())
        .put("sum", gaps.sum());
  }
}
