package puente.launcher;

import io.vertx.core.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import puente.admin.AdminServer;
import puente.admin.AdminStartFailure;
import puente.admin.LiveView;
import puente.admin.NodeView;
import puente.launcher.NodeState.Phase;
import puente.net.EventLoops;
import puente.supervisor.HealthCheck;
import puente.turn.Counters;
import puente.turn.Counters.PortState;
import puente.turn.relay.TurnNode;

/** What the admin server sees of this node, and the admin server itself. */
final class NodeAdmin implements NodeView {
  /** A loop that has not come round for so long will not by itself. */
  private static final long STUCK_MS = 10_000;

  /** What it looks at. */
  record Parts(
      TurnNode turn,
      NodeMetrics metrics,
      Cluster cluster,
      NodeDrain drain,
      NodeOrders orders,
      NodeLive live) {}

  private final TurnNode turn;
  private final NodeMetrics metrics;
  private final Cluster cluster;
  private final NodeDrain drain;
  private final NodeOrders orders;
  private final NodeLive live;
  private volatile boolean isStopping;
  private @Nullable AdminServer server;

  private NodeAdmin(Parts parts) {
    turn = parts.turn;
    metrics = parts.metrics;
    cluster = parts.cluster;
    drain = parts.drain;
    orders = parts.orders;
    live = parts.live;
  }

  /** Opens the admin port on the control loop. */
  static NodeAdmin start(
      Config config, StateDirectory state, EventLoops loops, Parts parts, NodeControl control)
      throws StartFailure {
    NodeAdmin admin = new NodeAdmin(parts);
    InetAddress address = config.value(Settings.ADMIN_IP);
    AdminServer.Options options =
        new AdminServer.Options(
            address,
            config.value(Settings.ADMIN_PORT),
            token(config, state, address),
            state.directory(),
            new AdminServer.Identity(
                ClusterConfig.nodeId(config),
                config.value(ClusterSettings.CLUSTER_NAME),
                VersionCommand.version()),
            OidcSettings.options(config));
    try {
      admin.server =
          AdminServer.start(
                  loops.vertx(), loops.control(), options, admin, orders(control, parts.cluster()))
              .toCompletableFuture()
              .join();
      state.note(HealthCheck.FILE, reachable(address) + " " + admin.server.port() + "\n");
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

  /** An address by which this machine reaches itself. */
  private static String reachable(InetAddress address) {
    return address.isAnyLocalAddress() ? "localhost" : address.getHostAddress();
  }

  private static AdminServer.Orders orders(NodeControl control, Cluster cluster) {
    NodeProbe probe = new NodeProbe(cluster, control::effective, control::listening);
    return new AdminServer.Orders(
        new NodeOperations(control, probe),
        new NodeAccess(control),
        Logging.RING,
        NodeAccessPeers.of(control.effective(), cluster));
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
    live.stop();
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
        draining(),
        new Check("stopping", !isStopping, isStopping ? "stopping" : "no"),
        new Check("relay ports", used < limit, used + " of " + limit + " in use"),
        liveness().getFirst());
  }

  @Override
  public Exposition metrics(MetricNames names, boolean openMetrics) {
    return metrics.read(names, openMetrics);
  }

  private Check draining() {
    Phase phase = drain.phase();
    boolean serving = phase == Phase.SERVING;
    String detail =
        drain.plan().map(plan -> name(phase) + ", reason " + plan.reason()).orElse(name(phase));
    return new Check("draining", serving || phase == Phase.STOPPING, serving ? "no" : detail);
  }

  private static String name(Phase phase) {
    return phase.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public List<NodeInfo> nodes() {
    NodeState own = drain.own();
    return Stream.concat(
            Stream.of(own), cluster.nodes().stream().filter(node -> !node.id().equals(own.id())))
        .sorted(Comparator.comparing(NodeState::id))
        .map(this::info)
        .toList();
  }

  private NodeInfo info(NodeState node) {
    boolean own = node.id().equals(cluster.nodeId());
    Optional<DrainInfo> plan =
        (own ? drain.plan() : node.more().plan())
            .map(
                of ->
                    new DrainInfo(of.reason(), of.sinceMs(), of.deadlineMs(), of.minAllocations()));
    return new NodeInfo(
        node.id(),
        own,
        node.alive(),
        name(node.phase()),
        node.load().allocations(),
        node.load().allocationsMax(),
        node.load().bytesPerSecond(),
        node.load().processor(),
        plan);
  }

  @Override
  public CompletionStage<Outcome> drain(String node, DrainOrder order) {
    return orders.drain(node, order);
  }

  @Override
  public CompletionStage<Outcome> undrain(String node) {
    return orders.undrain(node);
  }

  @Override
  public LiveView live() {
    return live;
  }

  private long ports(PortState state) {
    long sum = 0;
    for (Counters shard : turn.counters()) {
      sum += shard.ports(state);
    }
    return sum;
  }
}
