package puente.metrics;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What is made of the table: the page of metrics, the rules, the dashboards. */
public final class MetricFiles {

  public static final List<Dashboard> DASHBOARDS =
      List.of(
          OverviewDashboard.dashboard(),
          NodeDashboard.dashboard(),
          SecurityDashboard.dashboard(),
          SignalingDashboard.dashboard());

  private static final String INTRODUCTION =
      """
      # Metrics

      This page is made from the table in the source, as are the rules and the dashboards: `./puente docs`.

      `GET /metrics` on the admin port has them for Prometheus, with `?compat=coturn` by coturn's names. Each
      carries the label `node`, too; no label holds a user, an address or a port. Numbers are read when
      Prometheus asks: bytes and packets count as they go. Besides there are Micrometer's for the JVM and the
      process (`jvm_*`, `process_*`, `system_*`).

      | file | |
      |---|---|
      | `deploy/prometheus/puente.rules.yml` | recordings and alerts; `puente metrics --rules` prints it |
      | `deploy/grafana/dashboards/` | dashboards for Grafana; `puente metrics --dashboard NAME` prints one |

      """;

  private MetricFiles() {}

  /** Every file, by its path in a checkout. */
  public static Map<String, String> all() {
    Map<String, String> files = new LinkedHashMap<>();
    files.put("docs/METRICS.md", page());
    files.put("deploy/prometheus/puente.rules.yml", Rules.yaml());
    // A chart holds all that it needs.
    files.put("deploy/helm/puente/files/puente.rules.yml", Rules.yaml());
    for (Dashboard dashboard : DASHBOARDS) {
      files.put("deploy/grafana/dashboards/" + dashboard.name() + ".json", dashboard.file());
    }
    return files;
  }

  /** The page of all metrics and alerts. */
  public static String page() {
    StringBuilder page = new StringBuilder(INTRODUCTION);
    page.append("| metric | kind | labels | |\n|---|---|---|---|\n");
    for (Metric metric : Metric.values()) {
      page.append("| `").append(metric.exposed()).append("` | ").append(kind(metric));
      page.append(" | ").append(String.join(", ", metric.labels())).append(" | ");
      page.append(metric.help()).append(" |\n");
    }
    page.append(
        "\n## Alerts\n\n| alert | severity | when | for | what to do |\n|---|---|---|---|---|\n");
    for (Rule.Alert alert : Rules.ALERTS) {
      page.append("| `").append(alert.name()).append("` | ").append(lower(alert.severity()));
      page.append(" | `").append(alert.expression().replace("|", "\\|")).append("` | ");
      page.append(alert.lasting()).append(" | ").append(alert.advice()).append(" |\n");
    }
    return page.toString();
  }

  private static String kind(Metric metric) {
    return metric.kind() == Metric.Kind.TIMER ? "histogram" : lower(metric.kind());
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
