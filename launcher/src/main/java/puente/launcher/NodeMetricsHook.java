package puente.launcher;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import puente.metrics.Metric;

/** What came of bringing dead nodes' addresses here. */
final class NodeMetricsHook {
  private NodeMetricsHook() {}

  static void bind(MeterRegistry registry, TakeoverHook hook) {
    for (TakeoverHook.Fact fact : TakeoverHook.Fact.values()) {
      NodeMeters.counter(Metric.TAKEOVER_HOOK, hook, one -> one.count(fact))
          .tag("result", fact.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
  }
}
