package puente.admin;

import java.util.List;

/** A node as a test wants it. */
final class FakeNode implements NodeView {

  volatile List<Check> liveness = List.of(new Check("event loops", true, "all answer"));
  volatile List<Check> readiness =
      List.of(
          new Check("udp listener", true, "1 listens"),
          new Check("relay ports", true, "100 % free"));
  volatile boolean broken;

  @Override
  public List<Check> liveness() {
    return liveness;
  }

  @Override
  public List<Check> readiness() {
    if (broken) {
      throw new IllegalStateException("secret inside");
    }
    return readiness;
  }

  @Override
  public Exposition metrics(MetricNames names, boolean openMetrics) {
    return openMetrics
        ? new Exposition("application/openmetrics-text; version=1.0.0", names + " open\n# EOF\n")
        : new Exposition("text/plain; version=0.0.4", names + " plain\n");
  }
}
