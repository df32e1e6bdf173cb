package puente.launcher;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import puente.metrics.Metric;

/** Begins meters with the name and the words of the table. */
final class NodeMeters {
  private NodeMeters() {}

  static <T> Gauge.Builder<T> gauge(Metric metric, T of, ToDoubleFunction<T> value) {
    return Gauge.builder(metric.meter(), of, value).description(metric.help());
  }

  static Gauge.Builder<Supplier<Number>> gauge(Metric metric, Supplier<Number> value) {
    return Gauge.builder(metric.meter(), value).description(metric.help());
  }

  static <T> FunctionCounter.Builder<T> counter(Metric metric, T of, ToDoubleFunction<T> value) {
    return FunctionCounter.builder(metric.meter(), of, value).description(metric.help());
  }

  static Timer.Builder timer(Metric metric) {
    return Timer.builder(metric.meter()).description(metric.help());
  }
}
