package puente.launcher;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import puente.metrics.Dashboard;
import puente.metrics.Metric;
import puente.metrics.MetricFiles;
import puente.metrics.Rules;

/** Prints what this version measures, and what Prometheus and Grafana can make of it. */
@Command(
    name = "metrics",
    header = {
      "Print all metrics, or the files for Prometheus and Grafana that fit this version.",
      "",
      "  puente metrics",
      "  puente metrics --rules > /etc/prometheus/puente.rules.yml",
      "  puente metrics --dashboard puente-overview > overview.json",
      ""
    })
final class MetricsCommand implements Callable<Integer> {
  private final Surroundings surroundings;

  @ArgGroup private What what = new What();

  @Mixin private final HelpOption help = new HelpOption();

  /** One at most. */
  static final class What {
    @Option(names = "--json", description = "Print the table as JSON.")
    private boolean json;

    @Option(names = "--rules", description = "Print recordings and alerts for Prometheus.")
    private boolean rules;

    @Option(
        names = "--dashboard",
        paramLabel = "NAME",
        description =
            "Print a dashboard for Grafana: puente-overview, puente-node, puente-security or"
                + " puente-signaling.")
    private String dashboard = "";
  }

  MetricsCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    if (what.dashboard.isEmpty()) {
      surroundings
          .out()
          .print(what.rules ? Rules.yaml() : what.json ? Json.pretty(table()) + "\n" : text());
      return 0;
    }
    for (Dashboard one : MetricFiles.DASHBOARDS) {
      if (one.name().equals(what.dashboard)) {
        surroundings.out().print(one.file());
        return 0;
      }
    }
    surroundings
        .err()
        .println(
            "puente: no dashboard "
                + SafeText.excerpt(what.dashboard, 40)
                + "; there are "
                + String.join(", ", MetricFiles.DASHBOARDS.stream().map(Dashboard::name).toList()));
    return Puente.EXIT_USAGE;
  }

  private static String text() {
    StringBuilder text = new StringBuilder();
    for (Metric metric : Metric.values()) {
      text.append(metric.exposed());
      if (!metric.labels().isEmpty()) {
        text.append('{').append(String.join(",", metric.labels())).append('}');
      }
      text.append("\n    ").append(metric.help()).append('\n');
    }
    return text.toString();
  }

  private static List<Map<String, Object>> table() {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Metric metric : Metric.values()) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("name", metric.exposed());
      row.put("kind", NodeMetrics.text(metric.kind()));
      row.put("labels", metric.labels());
      row.put("help", metric.help());
      rows.add(row);
    }
    return rows;
  }
}
