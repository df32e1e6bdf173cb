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
  volatile Outcome outcome = Outcome.DONE;

  @Override
  public List<NodeInfo> nodes() {
    return List.of(
        new NodeInfo("one", true, true, "serving", 3, 100, 5, 0.25, Optional.empty()),
        new NodeInfo("two/b", false, false, "draining", 0, 0, 0, 0, Optional.empty()));
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
  public CompletionStage<SessionPage> sessions(SessionQuery query) {
    orders.add("sessions " + query);
    if (query.cursor().isPresent()) {
      throw new IllegalArgumentException("cursor: not one of ours.");
    }
    SessionInfo session =
        new SessionInfo(
            "abc", "ana", "udp", "192.0.2.7:1", "h", List.of("r"), 0, 600_000, 1, 1, 1, 1, 1, 1);
    return CompletableFuture.completedStage(new SessionPage(List.of(session), Optional.of("n")));
  }

  @Override
  public CompletionStage<Boolean> closeSession(String id) {
    orders.add("close " + id);
    return CompletableFuture.completedStage(id.equals("abc"));
  }
}
