package puente.launcher;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** What a load measured, as text and as JSON: the same figures under the same names. */
final class LoadReport {
  private static final int SCHEMA_VERSION = 1;
  private static final double NANOS_PER_MS = 1e6;
  private static final String[] PERCENTILE_NAMES = {"p50", "p90", "p99", "p999", "p9999"};
  private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};

  private final String kind;
  private final List<LoadThreshold> limits;
  private final Map<String, Double> measured = new LinkedHashMap<>();
  private final Map<String, Histogram> stages = new LinkedHashMap<>();
  private final List<String> lines = new ArrayList<>();
  private final JsonObject more = new JsonObject();

  LoadReport(String kind, List<LoadThreshold> limits) {
    this.kind = kind;
    this.limits = limits;
  }

  LoadReport put(String name, double value) {
    measured.put(name, value);
    return this;
  }

  /** The percentiles of a latency, in milliseconds, under {@code p50} and so on. */
  LoadReport putPercentiles(Histogram nanos) {
    if (nanos.getTotalCount() > 0) {
      measured.put("mean", nanos.getMean() / NANOS_PER_MS);
      for (int i = 0; i < PERCENTILES.length; i++) {
        double value = nanos.getValueAtPercentile(PERCENTILES[i]) / NANOS_PER_MS;
        measured.put(PERCENTILE_NAMES[i], value);
      }
      measured.put("max", nanos.getMaxValue() / NANOS_PER_MS);
    }
    return this;
  }

  /** A step on the way, with its times. */
  LoadReport stage(String name, Histogram nanos) {
    if (nanos.getTotalCount() > 0) {
      stages.put(name, nanos);
    }
    return this;
  }

  /** A line of text under the figures. */
  LoadReport line(String line) {
    lines.add(line);
    return this;
  }

  /** Something that only JSON says, or says otherwise. */
  LoadReport also(String name, Object value) {
    more.put(name, value);
    return this;
  }

  double value(String name) {
    return measured.getOrDefault(name, 0.0);
  }

  boolean isKept() {
    return limits.stream().allMatch(limit -> limit.isKept(measured));
  }

  String text() {
    StringBuilder text = new StringBuilder("puente load " + kind + "\n");
    if (!limits.isEmpty()) {
      text.append("\nTHRESHOLDS\n");
      limits.forEach(limit -> text.append("  ").append(limit.verdict(measured)).append('\n'));
      text.append("\nMEASURED\n");
    }
    measured.forEach((name, value) -> text.append(line(name, value)).append('\n'));
    if (!stages.isEmpty()) {
      text.append(
          String.format(
              "%n%-24s %10s %9s %9s %9s %9s%n", "STEPS", "count", "p50", "p90", "p99", "max"));
      stages.forEach((name, nanos) -> text.append(row(name, nanos)));
    }
    if (!lines.isEmpty()) {
      text.append('\n');
      lines.forEach(line -> text.append(line).append('\n'));
    }
    return text.toString();
  }

  /** What is counted has no decimals; the others stand below each other by their points. */
  private static String line(String name, double value) {
    String unit = unit(name);
    boolean isCount = unit.isEmpty() && value == Math.rint(value);
    String form = isCount ? "  %-24s %,10.0f" : "  %-24s %,14.3f %s";
    return String.format(Locale.ROOT, form, name, value, unit).stripTrailing();
  }

  private static String row(String name, Histogram nanos) {
    return String.format(
        Locale.ROOT,
        "  %-22s %10d %7.2fms %7.2fms %7.2fms %7.2fms%n",
        name,
        nanos.getTotalCount(),
        nanos.getValueAtPercentile(50) / NANOS_PER_MS,
        nanos.getValueAtPercentile(90) / NANOS_PER_MS,
        nanos.getValueAtPercentile(99) / NANOS_PER_MS,
        nanos.getMaxValue() / NANOS_PER_MS);
  }

  private static String unit(String name) {
    return switch (name) {
      case "mean", "p50", "p90", "p99", "p999", "p9999", "max", "jitter_p99", "jitter_mean" -> "ms";
      case "lost", "alloc_success", "generator_busy", "generator_late" -> "%";
      case "session" -> "kB a session";
      case "resident_mb" -> "MB";
      case "server_cpu_ns" -> "ns for each";
      case "sent_per_second", "received_per_second" -> "/s";
      case "goodput_mbps" -> "Mbit/s";
      default -> "";
    };
  }

  String json(String trouble) {
    JsonObject kept = new JsonObject();
    limits.forEach(limit -> kept.put(limit.text(), limit.isKept(measured)));
    JsonObject values = new JsonObject();
    measured.forEach(values::put);
    JsonObject steps = new JsonObject();
    stages.forEach((name, nanos) -> steps.put(name.replace(' ', '_'), percentiles(nanos)));
    JsonObject json =
        new JsonObject()
            .put("schemaVersion", SCHEMA_VERSION)
            .put("kind", kind)
            .put("measured", values)
            .put("thresholds", kept)
            .put("trouble", trouble);
    if (!steps.isEmpty()) {
      json.put("steps", steps);
    }
    if (!lines.isEmpty()) {
      json.put("notes", new JsonArray(List.copyOf(lines)));
    }
    return json.mergeIn(more).encodePrettily() + "\n";
  }

  private static JsonObject percentiles(Histogram nanos) {
    JsonObject all = new JsonObject().put("count", nanos.getTotalCount());
    for (int i = 0; i < PERCENTILES.length; i++) {
      all.put(
          PERCENTILE_NAMES[i] + "_ms", nanos.getValueAtPercentile(PERCENTILES[i]) / NANOS_PER_MS);
    }
    return all.put("max_ms", nanos.getMaxValue() / NANOS_PER_MS);
  }
}
