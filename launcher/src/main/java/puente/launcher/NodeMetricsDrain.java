package puente.launcher;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import puente.launcher.NodeState.Phase;

/** How far this node is on its way out. */
final class NodeMetricsDrain {
  private NodeMetricsDrain() {}

  static void bind(MeterRegistry registry, NodeDrain drain) {
    for (Phase phase : Phase.values()) {
      Gauge.builder("puente.node.state", () -> drain.phase() == phase ? 1 : 0)
          .description("1 for the state that the node is in")
          .tag("state", NodeMetrics.text(phase))
          .register(registry);
    }
    Gauge.builder(
            "puente.drain.remaining.allocations",
            () -> drain.plan().isEmpty() ? 0 : drain.own().load().allocations())
        .description("Allocations left on a node that drains; 0 on one that serves")
        .register(registry);
    Gauge.builder(
            "puente.drain.deadline.timestamp.seconds",
            () -> drain.plan().map(plan -> plan.deadlineMs() / 1000.0).orElse(0.0))
        .description("When what is left is ended, since the epoch; 0 on a node that serves")
        .register(registry);
  }
}
