package puente.launcher;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import puente.metrics.Metric;
import puente.net.DatagramCounters;
import puente.stun.Transport;
import puente.turn.Counters;

/**
 * The metrics that Micrometer cannot make: histograms that the shards fill themselves, counters
 * whose label values turn up while running, and a name with "created" at its end, which Micrometer
 * takes away.
 */
final class NodeMetricsCollectors {

  /** Rules with a count of their own; the rest are counted together, so that series stay few. */
  private static final int RULES_MAX = 256;

  private static final String OTHER_RULES = "other";

  private final NodeMetrics.Sources sources;
  private final NodeMetricsLag lag;
  private volatile JsonArray expected = new JsonArray();

  NodeMetricsCollectors(NodeMetrics.Sources sources, NodeMetricsLag lag) {
    this.sources = sources;
    this.lag = lag;
  }

  /** What the next scrapes say of when resources run out. */
  void expect(JsonArray forecast) {
    expected = forecast;
  }

  /** Dates that are not known are not there: no trend, or too short a history. */
  private GaugeSnapshot exhaustion() {
    GaugeSnapshot.Builder dates =
        GaugeSnapshot.builder().name(Metric.EXHAUSTION.exposed()).help(Metric.EXHAUSTION.help());
    for (Object each : expected) {
      JsonObject one = (JsonObject) each;
      for (String percentile : List.of("p10", "p50", "p90")) {
        if (one.getValue(percentile) instanceof String date) {
          String share = "0." + percentile.charAt(1);
          dates.dataPoint(
              GaugeSnapshot.GaugeDataPointSnapshot.builder()
                  .labels(
                      Labels.of(
                          "node",
                          sources.node(),
                          "quantile",
                          share,
                          "resource",
                          one.getString("resource", "")))
                  .value(LocalDate.parse(date).toEpochDay() * 86_400.0)
                  .build());
        }
      }
    }
    return dates.build();
  }

  void register(PrometheusRegistry registry) {
    registry.register(this::exhaustion);
    registry.register(
        () ->
            histogram(
                Metric.ALLOCATION_DURATION,
                asDoubles(Counters.DURATION_SECONDS),
                sum(Counters::durations),
                1));
    registry.register(
        () ->
            histogram(
                Metric.ALLOCATION_BYTES,
                asDoubles(Counters.ALLOCATION_BYTES),
                sum(Counters::volumes),
                1));
    registry.register(
        () ->
            histogram(
                Metric.LOOP_LAG,
                NodeMetricsLag.BOUNDS_SECONDS,
                lag.observed(),
                NodeMetricsLag.UNITS_PER_SECOND));
    registry.register(this::relayLatency);
    registry.register(this::allocationsCreated);
    registry.register(this::peersDenied);
  }

  private HistogramSnapshot relayLatency() {
    double[] bounds =
        Arrays.stream(DatagramCounters.bounds()).mapToDouble(nanos -> nanos / 1e9).toArray();
    return histogram(Metric.RELAY_LATENCY, bounds, sources.relayNanos(), 1e9);
  }

  /**
   * @param cells a count for each bound, one for the rest, then the sum
   * @param unitsPerOne what the sum is divided by
   */
  private HistogramSnapshot histogram(
      Metric metric, double[] bounds, long[] cells, double unitsPerOne) {
    double[] upper = new double[bounds.length + 1];
    long[] counts = new long[bounds.length + 1];
    System.arraycopy(bounds, 0, upper, 0, bounds.length);
    System.arraycopy(cells, 0, counts, 0, counts.length);
    upper[bounds.length] = Double.POSITIVE_INFINITY;
    return HistogramSnapshot.builder()
        .name(metric.exposed())
        .help(metric.help())
        .dataPoint(
            HistogramSnapshot.HistogramDataPointSnapshot.builder()
                .labels(Labels.of("node", sources.node()))
                .classicHistogramBuckets(ClassicHistogramBuckets.of(upper, counts))
                .sum(cells[cells.length - 1] / unitsPerOne)
                .build())
        .build();
  }

  private CounterSnapshot allocationsCreated() {
    CounterSnapshot.Builder created = counter(Metric.ALLOCATIONS_CREATED);
    for (Transport transport : Transport.values()) {
      long count = sources.sum(shard -> shard.created(transport));
      created.dataPoint(sample("transport", NodeMetrics.text(transport), count));
    }
    return created.build();
  }

  private CounterSnapshot peersDenied() {
    Map<String, Long> deniedByRule = new TreeMap<>();
    for (Counters shard : sources.shards()) {
      shard
          .peersDenied()
          .forEach(
              (rule, count) -> {
                boolean known = deniedByRule.containsKey(rule) || deniedByRule.size() < RULES_MAX;
                deniedByRule.merge(known ? rule : OTHER_RULES, count, Long::sum);
              });
    }
    CounterSnapshot.Builder denied = counter(Metric.PEER_DENIED);
    deniedByRule.forEach((rule, count) -> denied.dataPoint(sample("rule", rule, count)));
    return denied.build();
  }

  /** Its name is without the ending, which the exposition adds. */
  static CounterSnapshot.Builder counter(Metric metric) {
    String exposed = metric.exposed();
    String name = exposed.substring(0, exposed.length() - "_total".length());
    return CounterSnapshot.builder().name(name).help(metric.help());
  }

  private CounterSnapshot.CounterDataPointSnapshot sample(String label, String value, long count) {
    return CounterSnapshot.CounterDataPointSnapshot.builder()
        .labels(Labels.of("node", sources.node(), label, value))
        .value(count)
        .build();
  }

  private long[] sum(Function<Counters, long[]> cells) {
    long[] sum = new long[0];
    for (Counters shard : sources.shards()) {
      long[] one = cells.apply(shard);
      sum = sum.length == 0 ? new long[one.length] : sum;
      for (int i = 0; i < one.length; i++) {
        sum[i] += one[i];
      }
    }
    return sum;
  }

  private static double[] asDoubles(long[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
