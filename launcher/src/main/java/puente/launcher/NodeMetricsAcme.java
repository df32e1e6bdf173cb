package puente.launcher;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import puente.metrics.Metric;

/** What came of ordering certificates; zeros where none are ordered. */
final class NodeMetricsAcme {
  private NodeMetricsAcme() {}

  static void bind(MeterRegistry registry, NodeSignaling signaling) {
    for (NodeAcme.Fact fact : NodeAcme.Fact.values()) {
      NodeMeters.counter(
              Metric.ACME_ORDERS,
              signaling,
              one -> one.acme().map(orders -> orders.count(fact)).orElse(0L))
          .tag("result", fact.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
  }
}
