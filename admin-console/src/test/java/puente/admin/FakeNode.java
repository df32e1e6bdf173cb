package puente.admin;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

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

  final List<String> orders = new CopyOnWriteArrayList<>();
  final FakeLive live = new FakeLive(orders);
  volatile Outcome outcome = Outcome.DONE;

  volatile List<NodeInfo> nodes =
      List.of(
          new NodeInfo("one", true, true, "serving", 3, 100, 5, 0.25, Optional.empty()),
          new NodeInfo("two/b", false, false, "draining", 0, 0, 0, 0, Optional.empty()));

  @Override
  public List<NodeInfo> nodes() {
    return nodes;
  }

  @Override
  public CompletionStage<Outcome> drain(String node, DrainOrder order) {
    orders.add("drain " + node + " " + order);
    return CompletableFuture.completedStage(outcome);
  }

  @Override
  public CompletionStage<Outcome> undrain(String node) {
    orders.add("undrain " + node);
    return CompletableFuture.completedStage(outcome);
  }

  @Override
  public LiveView live() {
    return live;
  }
}
