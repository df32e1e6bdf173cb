package puente.launcher;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import puente.metrics.Metric;
import puente.users.AccountDesk;

/** Who else knows users, whether they answer, and what they were asked. */
final class NodeMetricsUsers {
  private NodeMetricsUsers() {}

  static void bind(MeterRegistry registry, NodeUsers users) {
    for (AccountDesk.Fact fact : AccountDesk.Fact.values()) {
      NodeMeters.counter(Metric.USER_LOOKUPS, users, one -> one.desk().count(fact))
          .tag("result", fact.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
    NodeMeters.gauge(Metric.USER_SOURCES, users, NodeUsers::reachable)
        .tag("state", "answers")
        .register(registry);
    NodeMeters.gauge(Metric.USER_SOURCES, users, one -> one.known() - one.reachable())
        .tag("state", "silent")
        .register(registry);
  }
}
