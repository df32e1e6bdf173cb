package puente.launcher;

import io.micrometer.core.instrument.MeterRegistry;
import puente.launcher.NodeState.Phase;
import puente.metrics.Metric;

/** How far this node is on its way out. */
final class NodeMetricsDrain {
  private NodeMetricsDrain() {}

  static void bind(MeterRegistry registry, NodeDrain drain) {
    for (Phase phase : Phase.values()) {
      NodeMeters.gauge(Metric.NODE_STATE, () -> drain.phase() == phase ? 1 : 0)
          .tag("state", NodeMetrics.text(phase))
          .register(registry);
    }
    NodeMeters.gauge(
            Metric.DRAIN_REMAINING,
            () -> drain.plan().isEmpty() ? 0 : drain.own().load().allocations())
        .register(registry);
    NodeMeters.gauge(
            Metric.DRAIN_DEADLINE,
            () -> drain.plan().map(plan -> plan.deadlineMs() / 1000.0).orElse(0.0))
        .register(registry);
    NodeMeters.counter(Metric.ALTERNATES_OUT, drain.alternates(), AlternateWatch::allOut)
        .register(registry);
  }
}
