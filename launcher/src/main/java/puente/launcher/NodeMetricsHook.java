package puente.launcher;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;

/** What came of bringing dead nodes' addresses here. */
final class NodeMetricsHook {
  private NodeMetricsHook() {}

  static void bind(MeterRegistry registry, TakeoverHook hook) {
    for (TakeoverHook.Fact fact : TakeoverHook.Fact.values()) {
      FunctionCounter.builder("puente.takeover.hook", hook, one -> one.count(fact))
          .tag("result", fact.name().toLowerCase(Locale.ROOT))
          .description("Addresses of dead nodes that this node was to bring here")
          .register(registry);
    }
  }
}
