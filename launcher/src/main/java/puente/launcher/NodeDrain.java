package puente.launcher;

import com.sun.management.OperatingSystemMXBean;
import io.vertx.core.Context;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import puente.launcher.NodeState.Corner;
import puente.launcher.NodeState.Door;
import puente.launcher.NodeState.Load;
import puente.launcher.NodeState.Phase;
import puente.net.EventLoops;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.CloseReason;
import puente.turn.Counters;
import puente.turn.Counters.Direction;
import puente.turn.Counters.Leg;
import puente.turn.Counters.PortState;
import puente.turn.Redirection;
import puente.turn.relay.ForwardLink;
import puente.turn.relay.Partner;
import puente.turn.relay.TurnNode;

/**
 * Sends new clients elsewhere when this node leaves or is full, and tells the others once a second
 * how it is doing. Everything happens on the control loop.
 */
final class NodeDrain {
  private static final long TICK_MS = 1000;

  /** Of the newest look at the processors: one busy second does not send everybody elsewhere. */
  private static final double PROCESSOR_WEIGHT = 0.3;

  private final Context control;
  private final TurnNode turn;
  private final Cluster cluster;
  private final @Nullable ForwardLink link;
  private List<Door> doors;
  private List<Corner> corners;
  private final Drain drain = new Drain();
  private final AlternateWatch alternates;
  private final List<CompletableFuture<Void>> waiting = new ArrayList<>();
  private final OperatingSystemMXBean system =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private final long timer;

  private Config config;
  private Redirection redirection = Redirection.NONE;
  private int allocations;
  private long bytes;
  private long bytesAtNanos = System.nanoTime();
  private double processor;
  private List<Partner> partners = List.of();
  private boolean ending;
  private Consumer<Phase> listener = any -> {};
  private volatile Phase phase = Phase.SERVING;
  private volatile Optional<Drain.Plan> plan = Optional.empty();
  private volatile NodeState own;

  /**
   * @param link the way between nodes; null where there is none
   */
  NodeDrain(
      Config config, EventLoops loops, TurnNode turn, Cluster cluster, @Nullable ForwardLink link) {
    this.link = link;
    this.config = config;
    this.control = loops.control();
    this.turn = turn;
    this.cluster = cluster;
    doors = NodeDoors.of(config, turn.endpoints());
    corners = NodeConfig.corners(config);
    own = NodeState.serving(cluster.nodeId());
    alternates = new AlternateWatch(loops, this::choose);
    choose(NodeDoors.configured(config, turn.endpoints()));
    cluster.onChange(nodes -> control.runOnContext(go -> choose()));
    timer = loops.vertx().setPeriodic(TICK_MS, tick -> control.runOnContext(go -> tick()));
    control.runOnContext(
        go -> {
          listAlternates();
          changed();
        });
  }

  /** The timer, for whoever stops the loops it is on. */
  void stopTicking(EventLoops loops) {
    loops.vertx().cancelTimer(timer);
    control.runOnContext(go -> alternates.stop());
  }

  // ---- from anywhere

  Phase phase() {
    return phase;
  }

  Optional<Drain.Plan> plan() {
    return plan;
  }

  NodeState own() {
    return own;
  }

  /** The servers outside the cluster that clients may be sent to. */
  AlternateWatch alternates() {
    return alternates;
  }

  /** Runs on the control loop whenever the phase has changed. */
  void onPhase(Consumer<Phase> newListener) {
    control.runOnContext(go -> listener = newListener);
  }

  void reload(Config newConfig) {
    control.runOnContext(
        go -> {
          config = newConfig;
          doors = NodeDoors.of(config, turn.endpoints());
          corners = NodeConfig.corners(config);
          listAlternates();
          choose();
        });
  }

  void stopping() {
    control.runOnContext(
        go -> {
          drain.stopping();
          changed();
        });
  }

  /** Leaves because of a signal; done when the process may stop, at once if no drain was wished. */
  CompletionStage<Void> leave() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    control.runOnContext(
        go -> {
          boolean wished =
              config.isGiven(DrainSettings.DEADLINE)
                  || config.isGiven(DrainSettings.MIN_ALLOCATIONS);
          if (drain.phase() == Phase.DRAINING || wished && drain.phase() == Phase.SERVING) {
            waiting.add(done);
            if (drain.phase() == Phase.SERVING) {
              start(Optional.empty(), Optional.empty(), "SIGTERM");
            }
          } else {
            done.complete(null);
          }
        });
    return done;
  }

  // ---- on the control loop

  /** Starts to drain, or goes on by another plan; answers whether it was not too late. */
  boolean start(Optional<Duration> deadline, Optional<Integer> minAllocations, String reason) {
    long now = System.currentTimeMillis();
    long limit = deadline.orElseGet(() -> config.value(DrainSettings.DEADLINE)).toMillis();
    int min = minAllocations.orElseGet(() -> config.value(DrainSettings.MIN_ALLOCATIONS));
    Drain.Plan newPlan = new Drain.Plan(reason, now, now + limit, min);
    if (!drain.start(newPlan)) {
      return false;
    }
    Events.info(
        "draining",
        "reason",
        reason,
        "deadline",
        Instant.ofEpochMilli(newPlan.deadlineMs()),
        "until",
        min,
        "allocations",
        allocations);
    changed();
    tick();
    return true;
  }

  /** Takes new allocations again; answers whether it was not too late. */
  boolean undo() {
    boolean was = drain.phase() != Phase.SERVING;
    if (!drain.undo()) {
      return false;
    }
    if (was) {
      Events.info("serving", "why", "undrained");
      changed();
    }
    return true;
  }

  private void tick() {
    turn.sessions()
        .count()
        .whenComplete(
            (count, failure) ->
                control.runOnContext(
                    go -> {
                      if (failure == null) {
                        look(count);
                      }
                    }));
  }

  private void look(int count) {
    allocations = count;
    switch (drain.look(count, System.currentTimeMillis())) {
      case NOTHING -> {
        reclaimIdle();
        publish();
      }
      case END_ALL -> endAll();
      case TELL -> {
        Events.info("drained", "allocations", count);
        changed();
        waiting.forEach(done -> done.complete(null));
        waiting.clear();
      }
    }
  }

  private void endAll() {
    end(
        () -> turn.sessions().closeAll(CloseReason.DRAIN),
        ended -> {
          Events.warn("drain-deadline", "ended", ended);
          tick();
        });
  }

  /** Whoever has relayed nothing since the drain began, and for as long as was configured. */
  private void reclaimIdle() {
    long idleMs = config.value(DrainSettings.RECLAIM_IDLE).toMillis();
    long since = System.currentTimeMillis() - idleMs;
    boolean due =
        idleMs > 0
            && drain.phase() == Phase.DRAINING
            && drain.plan().filter(of -> of.sinceMs() <= since).isPresent();
    if (due) {
      end(
          () -> turn.sessions().closeIdle(since, CloseReason.DRAIN),
          ended -> {
            if (ended > 0) {
              Events.info("drain-reclaimed", "ended", ended);
            }
          });
    }
  }

  private void end(Supplier<CompletionStage<Integer>> work, IntConsumer told) {
    if (ending) {
      return;
    }
    ending = true;
    work.get()
        .whenComplete(
            (ended, failure) ->
                control.runOnContext(
                    go -> {
                      ending = false;
                      told.accept(ended == null ? 0 : ended);
                    }));
  }

  private void changed() {
    phase = drain.phase();
    plan = drain.plan();
    listener.accept(phase);
    choose();
    publish();
  }

  private void listAlternates() {
    alternates.list(NodeDoors.configured(config, turn.endpoints()), config);
  }

  private void choose() {
    choose(alternates.usable());
  }

  private void choose(List<Redirection.Target> configured) {
    meetOthers();
    Redirection chosen =
        Elsewhere.choose(cluster.nodeId(), drain.phase(), configured, cluster.nodes());
    if (!chosen.equals(redirection)) {
      redirection = chosen;
      var unused = turn.redirect(chosen);
    }
  }

  /** Tells the link where the other nodes are. */
  private void meetOthers() {
    ForwardLink own = link;
    if (own != null) {
      own.peers(
          cluster.nodes().stream()
              .filter(node -> node.alive() && !node.id().equals(cluster.nodeId()))
              .flatMap(node -> node.forward().stream())
              .toList());
      List<Partner> found = Partners.of(cluster.nodeId(), corners, cluster.nodes());
      if (!found.equals(partners)) {
        partners = found;
        var unused = turn.discoverWith(found);
      }
    }
  }

  private void publish() {
    Optional<TransportAddress> forward = Optional.ofNullable(link).map(ForwardLink::local);
    NodeState.More more =
        new NodeState.More(
            drain.plan(),
            corners,
            config.find(DrainSettings.NODE_DOMAIN),
            HttpSettings.signalingUrl(config));
    NodeState state =
        new NodeState(cluster.nodeId(), true, drain.phase(), doors, load(), forward, more);
    own = state;
    cluster.publish(state);
  }

  private Load load() {
    long places = 0;
    long relayed = 0;
    for (Counters shard : turn.counters()) {
      places += shard.ports(PortState.LIMIT);
      for (Transport transport : Transport.values()) {
        relayed += shard.relayBytes(Leg.CLIENT, Direction.OUT, transport);
        relayed += shard.relayBytes(Leg.PEER, Direction.OUT, transport);
      }
    }
    for (Setting<Integer> limit : List.of(Settings.TOTAL_QUOTA, Settings.REALM_QUOTA)) {
      int quota = config.value(limit);
      places = quota > 0 ? Math.min(quota, places) : places;
    }
    int most = (int) Math.min(Integer.MAX_VALUE, places);
    long now = System.nanoTime();
    long perSecond = (long) ((relayed - bytes) * 1e9 / Math.max(1, now - bytesAtNanos));
    bytes = relayed;
    bytesAtNanos = now;
    processor += (Math.max(0, system.getCpuLoad()) - processor) * PROCESSOR_WEIGHT;
    return new Load(allocations, most, perSecond, processor);
  }
}
