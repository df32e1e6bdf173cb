package puente.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import puente.admin.NodeView.DrainOrder;
import puente.admin.NodeView.Outcome;
import puente.launcher.NodeState.Phase;
import puente.net.EventLoops;

/**
 * Orders to drain and to serve again, for whichever node they are: one for another node is passed
 * on to it, and one that another node passes on is carried out here. Asked on the control loop.
 */
final class NodeOrders {
  private static final String SUBJECT = "drain";
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** The new state of another node is awaited so often, and so long after each other. */
  private static final int LOOKS_MAX = 100;

  private static final long LOOK_MS = 20;

  private final Cluster cluster;
  private final NodeDrain drain;
  private final EventLoops loops;

  NodeOrders(Cluster cluster, NodeDrain drain, EventLoops loops) {
    this.cluster = cluster;
    this.drain = drain;
    this.loops = loops;
    cluster.messages().answer(SUBJECT, this::answer);
  }

  CompletionStage<Outcome> drain(String node, DrainOrder order) {
    if (node.equals(cluster.nodeId())) {
      return CompletableFuture.completedStage(start(order));
    }
    JsonObject words = new JsonObject().put("drain", true).put("reason", order.reason());
    order.deadline().ifPresent(time -> words.put("deadlineMs", time.toMillis()));
    order.minAllocations().ifPresent(count -> words.put("minAllocations", count));
    return passOn(node, words, phase -> phase != Phase.SERVING);
  }

  CompletionStage<Outcome> undrain(String node) {
    return node.equals(cluster.nodeId())
        ? CompletableFuture.completedStage(undo())
        : passOn(node, new JsonObject().put("drain", false), phase -> phase == Phase.SERVING);
  }

  private Outcome start(DrainOrder order) {
    return outcome(drain.start(order.deadline(), order.minAllocations(), order.reason()));
  }

  private Outcome undo() {
    return outcome(drain.undo());
  }

  private static Outcome outcome(boolean inTime) {
    return inTime ? Outcome.DONE : Outcome.TOO_LATE;
  }

  /** Asks the node itself; done when this node has seen what became of it. */
  private CompletionStage<Outcome> passOn(String node, JsonObject order, Predicate<Phase> wanted) {
    Optional<NodeState> known = stateOf(node);
    if (known.isEmpty()) {
      return CompletableFuture.completedStage(Outcome.UNKNOWN);
    }
    return cluster
        .messages()
        .ask(node, SUBJECT, order.encode().getBytes(UTF_8), PATIENCE)
        .handle((answer, failure) -> failure == null ? outcome(answer) : unreachable(node, failure))
        .thenCompose(
            outcome ->
                outcome == Outcome.DONE
                    ? seen(() -> stateOf(node).filter(now -> wanted.test(now.phase())).isPresent())
                    : CompletableFuture.completedStage(outcome));
  }

  private static Outcome outcome(byte[] answer) {
    return outcome(new String(answer, UTF_8).equals(Outcome.DONE.name()));
  }

  private static Outcome unreachable(String node, Throwable why) {
    Events.warn("order-not-passed-on", "node", node, "reason", String.valueOf(why.getMessage()));
    return Outcome.UNREACHABLE;
  }

  private Optional<NodeState> stateOf(String node) {
    return cluster.nodes().stream().filter(other -> other.id().equals(node)).findFirst();
  }

  private CompletionStage<Outcome> seen(BooleanSupplier condition) {
    CompletableFuture<Outcome> seen = new CompletableFuture<>();
    loops.control().runOnContext(go -> look(condition, LOOKS_MAX, seen));
    return seen;
  }

  private void look(BooleanSupplier condition, int left, CompletableFuture<Outcome> seen) {
    if (left == 0 || condition.getAsBoolean()) {
      seen.complete(Outcome.DONE);
    } else {
      loops.vertx().setTimer(LOOK_MS, again -> look(condition, left - 1, seen));
    }
  }

  // ---- on the node that is meant

  private CompletionStage<byte[]> answer(String from, byte[] body) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    loops
        .control()
        .runOnContext(
            go -> {
              try {
                answer.complete(
                    carryOut(from, new JsonObject(new String(body, UTF_8))).getBytes(UTF_8));
              } catch (DecodeException | ClassCastException foreign) {
                answer.completeExceptionally(new IllegalArgumentException("no order", foreign));
              }
            });
    return answer;
  }

  private String carryOut(String from, JsonObject order) {
    boolean drains = order.getBoolean("drain", false);
    Events.info("order", "from", from, "drain", drains);
    if (!drains) {
      return undo().name();
    }
    return start(
            new DrainOrder(
                Optional.ofNullable(order.getLong("deadlineMs")).map(Duration::ofMillis),
                Optional.ofNullable(order.getInteger("minAllocations")),
                order.getString("reason", "")))
        .name();
  }
}
