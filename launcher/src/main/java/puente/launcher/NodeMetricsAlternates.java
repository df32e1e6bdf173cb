package puente.launcher;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.function.ToDoubleFunction;
import puente.launcher.Alternates.Standing;
import puente.metrics.Metric;

/** The servers outside the cluster that clients are sent to; a reload may name others. */
final class NodeMetricsAlternates {
  private static final double NANOS = 1e9;

  private final String node;
  private final AlternateWatch watch;

  private NodeMetricsAlternates(String node, AlternateWatch watch) {
    this.node = node;
    this.watch = watch;
  }

  static void register(PrometheusRegistry registry, String node, AlternateWatch watch) {
    NodeMetricsAlternates metrics = new NodeMetricsAlternates(node, watch);
    registry.register(() -> metrics.gauge(Metric.ALTERNATE_UP, one -> one.isIn() ? 1 : 0));
    registry.register(
        () ->
            metrics.gauge(
                Metric.ALTERNATE_ROUND_TRIP,
                one -> one.answered() == 0 ? Double.NaN : one.roundTripNanos() / NANOS));
    registry.register(metrics::checks);
  }

  /** Without those that have no value. */
  private GaugeSnapshot gauge(Metric metric, ToDoubleFunction<Standing> value) {
    GaugeSnapshot.Builder gauge =
        GaugeSnapshot.builder().name(metric.exposed()).help(metric.help());
    for (Standing one : watch.standings()) {
      double now = value.applyAsDouble(one);
      if (!Double.isNaN(now)) {
        gauge.dataPoint(GaugeDataPointSnapshot.builder().labels(labels(one)).value(now).build());
      }
    }
    return gauge.build();
  }

  private CounterSnapshot checks() {
    CounterSnapshot.Builder checks = NodeMetricsCollectors.counter(Metric.ALTERNATE_CHECKS);
    for (Standing one : watch.standings()) {
      checks.dataPoint(count(one, "answered", one.answered()));
      checks.dataPoint(count(one, "failed", one.failed()));
    }
    return checks.build();
  }

  private CounterDataPointSnapshot count(Standing one, String result, long count) {
    return CounterDataPointSnapshot.builder()
        .labels(labels(one).merge(Labels.of("result", result)))
        .value(count)
        .build();
  }

  private Labels labels(Standing one) {
    return Labels.of(
        "node",
        node,
        "server",
        one.target().address().toString(),
        "transport",
        NodeMetrics.text(one.target().transport()));
  }
}
