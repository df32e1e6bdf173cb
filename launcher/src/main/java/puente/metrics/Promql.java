package puente.metrics;

import java.util.Locale;
import puente.metrics.Panel.Query;

/** Questions to Prometheus about the nodes that are chosen above a dashboard. */
final class Promql {

  /** As long as Grafana finds right for the width of the picture and the interval of scraping. */
  private static final String TIME = "[$__rate_interval]";

  private Promql() {}

  /** The series of this name. */
  static String of(String series, String... conditions) {
    String more = conditions.length == 0 ? "" : "," + String.join(",", conditions);
    return series + "{job=~\"$job\",node=~\"$node\"" + more + "}";
  }

  static String of(Metric metric, String... conditions) {
    return of(metric.exposed(), conditions);
  }

  /** How fast a counter grows. */
  static String rate(Metric counter, String... conditions) {
    return "rate(" + of(counter.exposed(), conditions) + TIME + ")";
  }

  static String sum(String of) {
    return "sum(" + of + ")";
  }

  static String sumBy(String labels, String of) {
    return "sum by (" + labels + ") (" + of + ")";
  }

  /** One line. */
  static Query line(String expression, String legend) {
    return new Query(expression, legend);
  }

  /** A line for each value of the labels; those at zero are left out. */
  static Query linesBy(String labels, Metric counter, String... conditions) {
    String legend = "{{" + labels.replace(", ", "}} {{") + "}}";
    return new Query(sumBy(labels, rate(counter, conditions)) + " > 0", legend);
  }

  /** The time that this share of all stays below. */
  static Query quantile(double share, Metric histogram) {
    String buckets = "rate(" + of(histogram.exposed() + "_bucket") + TIME + ")";
    return new Query(
        "histogram_quantile(" + share + ", " + sumBy("le", buckets) + ")",
        String.format(Locale.ROOT, "p%.0f", 100 * share));
  }

  /** What the observed are on average. */
  static String mean(Metric histogram) {
    String name = histogram.exposed();
    return sum("rate(" + of(name + "_sum") + TIME + ")")
        + " / "
        + sum("rate(" + of(name + "_count") + TIME + ")");
  }
}
