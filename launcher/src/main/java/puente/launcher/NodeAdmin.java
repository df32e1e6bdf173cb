package puente.launcher;

import io.vertx.core.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import puente.admin.AdminServer;
import puente.admin.AdminStartFailure;
import puente.admin.NodeView;
import puente.net.EventLoops;
import puente.turn.Counters;
import puente.turn.Counters.PortState;
import puente.turn.relay.TurnNode;

/** What the admin server sees of this node, and the admin server itself. */
final class NodeAdmin implements NodeView {
  /** A loop that has not come round for so long will not by itself. */
  private static final long STUCK_MS = 10_000;

  private final TurnNode turn;
  private final NodeMetrics metrics;
  private volatile boolean isStopping;
  private @Nullable AdminServer server;

  private NodeAdmin(TurnNode turn, NodeMetrics metrics) {
    this.turn = turn;
    this.metrics = metrics;
  }

  /** Opens the admin port on the control loop. */
  static NodeAdmin start(
      Config config, StateDirectory state, EventLoops loops, TurnNode turn, NodeMetrics metrics)
      throws StartFailure {
    NodeAdmin admin = new NodeAdmin(turn, metrics);
    InetAddress address = config.value(Settings.ADMIN_IP);
    AdminServer.Options options =
        new AdminServer.Options(
            address, config.value(Settings.ADMIN_PORT), token(config, state, address));
    try {
      admin.server =
          AdminServer.start(loops.vertx(), loops.control(), options, admin)
              .toCompletableFuture()
              .join();
      return admin;
    } catch (CompletionException failure) {
      if (failure.getCause() instanceof AdminStartFailure refused) {
        StartFailure.Kind kind =
            switch (refused.reason()) {
              case NO_TOKEN -> StartFailure.Kind.CONFIGURATION;
              case IN_USE, NO_SUCH_ADDRESS -> StartFailure.Kind.PORT;
              case DENIED -> StartFailure.Kind.PERMISSION;
              case OTHER -> StartFailure.Kind.OTHER;
            };
        throw new StartFailure(kind, String.valueOf(refused.getMessage()), refused);
      }
      throw failure;
    }
  }

  /** Beyond loopback there is always a token: the configured one, else one made once. */
  private static @Nullable String token(Config config, StateDirectory state, InetAddress address)
      throws StartFailure {
    String configured = config.find(Settings.ADMIN_TOKEN).orElse(null);
    if (configured != null || address.isLoopbackAddress()) {
      return configured;
    }
    return state.secret("admin-token");
  }

  InetSocketAddress address(Config config) {
    AdminServer running = server;
    int port = running == null ? 0 : running.port();
    return new InetSocketAddress(config.value(Settings.ADMIN_IP), port);
  }

  /** From now on this node says that it is not ready. */
  void stopping() {
    isStopping = true;
  }

  CompletionStage<Void> stop() {
    metrics.close();
    AdminServer running = server;
    return running == null ? Future.<Void>succeededFuture().toCompletionStage() : running.close();
  }

  @Override
  public List<Check> liveness() {
    long silence = metrics.longestSilenceMs();
    return List.of(
        new Check("event loops", silence < STUCK_MS, "longest silence " + silence + " ms"));
  }

  @Override
  public List<Check> readiness() {
    int listening = turn.endpoints().size();
    long used = ports(PortState.USED) + ports(PortState.RESERVED);
    long limit = ports(PortState.LIMIT);
    return List.of(
        new Check("listeners", listening > 0, listening + " open"),
        new Check("stopping", !isStopping, isStopping ? "stopping" : "no"),
        new Check("relay ports", used < limit, used + " of " + limit + " in use"),
        liveness().getFirst());
  }

  @Override
  public Exposition metrics(MetricNames names, boolean openMetrics) {
    return metrics.read(names, openMetrics);
  }

  private long ports(PortState state) {
    long sum = 0;
    for (Counters shard : turn.counters()) {
      sum += shard.ports(state);
    }
    return sum;
  }
}
