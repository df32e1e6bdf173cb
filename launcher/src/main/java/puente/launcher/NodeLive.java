package puente.launcher;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import puente.admin.AlertRules;
import puente.admin.Alerts;
import puente.admin.EventLog;
import puente.admin.LiveView;
import puente.net.EventLoops;
import puente.series.History;
import puente.signal.RoomView;
import puente.signal.SignalingServer;
import puente.story.Stories;
import puente.top.Talkers;
import puente.turn.CloseReason;
import puente.turn.PeerPolicy;
import puente.turn.relay.SessionKey;
import puente.turn.relay.TurnNode;

/** What moves on this node, for the admin server: gathered and asked for on the control loop. */
final class NodeLive implements LiveView {

  private static final String SUBJECT = "admin";
  private static final long TICK_MS = 1000;

  /** The kernel and the JVM walk through all sockets for it, or through the heap. */
  private static final long ROUND_MS = 10_000;

  /** What it looks at. */
  record Parts(TurnNode turn, NodeMetrics metrics, Cluster cluster, NodeDrain drain) {}

  private final Map<String, LongSupplier> expiry;

  private final Parts parts;
  private final Vertx vertx;
  private final NodeStories stories;
  private final NodeFigures figures;
  private final NodeFacts facts;
  private final History history;
  private final EventLog events;
  private final Alerts alerts;
  private final NodeEvents watch;
  private final TicketRefusals tickets = new TicketRefusals();
  private final String realm;
  private final NodeBans bans;
  private final NodeHistory histories;
  private final Optional<OldSpace> oldSpace = OldSpace.ofProcess();
  private final long timer;
  private final long roundTimer;
  private volatile @Nullable SignalingServer signaling;
  private volatile long kernelDrops;
  private volatile PeerPolicy peers = PeerPolicy.SAFE;

  NodeLive(Config config, StateDirectory state, EventLoops loops, Parts parts) {
    this.parts = parts;
    vertx = loops.vertx();
    expiry = parts.metrics.certificateExpiry();
    realm = config.value(Settings.REALM);
    Context control = loops.control();
    stories = new NodeStories(control, realm);
    histories =
        new NodeHistory(
            vertx, state, parts.cluster, work -> control.runOnContext(go -> work.run()));
    history = histories.own();
    events = new EventLog(parts.cluster.nodeId());
    alerts = new Alerts(events);
    watch = new NodeEvents(events, alerts, parts.cluster.nodeId());
    figures =
        new NodeFigures(
            new NodeFigures.Sources(
                parts.turn.counters(),
                () -> RelayTimes.sum(parts.turn.datagramCounters()),
                parts.metrics::takeWorstLagNanos,
                () -> kernelDrops,
                () -> Optional.ofNullable(signaling),
                () -> parts.drain.own().load().allocationsMax()));
    facts = new NodeFacts(config, parts, history);
    bans = new NodeBans(parts.turn.sessions(), state, parts.cluster, vertx);
    // Before the first packet after a restart: whoever was banned still is.
    bans.load();
    parts
        .cluster
        .messages()
        .listen(NodeBans.SUBJECT, (from, body) -> control.runOnContext(go -> bans.hear(body)));
    parts.turn.observe(stories);
    timer = vertx.setPeriodic(TICK_MS, tick -> control.runOnContext(go -> tick()));
    roundTimer = vertx.setPeriodic(ROUND_MS, tick -> lookRound());
    parts.cluster.onChange(nodes -> control.runOnContext(go -> changed(nodes)));
    control.runOnContext(go -> watch.started());
  }

  private void changed(List<NodeState> nodes) {
    watch.look(nodes);
    bans.look(nodes);
    histories.look(nodes);
  }

  private void tick() {
    bans.tick(System.currentTimeMillis());
    tickets.look(parts.turn.counters());
    long second = System.currentTimeMillis() / 1000;
    float[] values = figures.take();
    history.record(second, values);
    judge(values);
    figures.remember(second);
    watch.phase(parts.drain.phase(), parts.drain.plan());
    watch.alternates(parts.drain.alternates().standings());
  }

  private void judge(float[] values) {
    long now = System.currentTimeMillis();
    AlertRules.judge(
        alerts, node(), values, facts.facts().getDouble("egressBytesPerSecondMax", 0.0), now);
    expiry.values().stream()
        .mapToLong(LongSupplier::getAsLong)
        .min()
        .ifPresent(end -> AlertRules.certificate(alerts, node(), end, now));
    double overdue =
        parts
            .drain
            .plan()
            .filter(plan -> parts.drain.own().load().allocations() > plan.minAllocations())
            .map(plan -> (now - plan.deadlineMs()) / 1000.0)
            .orElse(0.0);
    alerts.judge(AlertRules.DRAIN_OVERDUE, node(), overdue, now);
    alerts.judge(AlertRules.UNSAFE, node(), parts.cluster.isSafe() ? 0 : 1, now);
  }

  private void lookRound() {
    vertx
        .executeBlocking(
            () -> {
              oldSpace.ifPresent(OldSpace::look);
              facts.countDescriptors();
              return parts.metrics.kernelDrops();
            },
            false)
        .onSuccess(drops -> kernelDrops = drops);
  }

  void bind(NodeSignaling gateway) {
    signaling = gateway.signaling().orElse(null);
  }

  void stop() {
    vertx.cancelTimer(timer);
    vertx.cancelTimer(roundTimer);
    histories.stop();
  }

  @Override
  public String node() {
    return parts.cluster.nodeId();
  }

  @Override
  public History history() {
    return history;
  }

  @Override
  public Map<String, History> historyOfOthers() {
    return histories.others();
  }

  @Override
  public Map<String, Long> totals() {
    return figures.totals();
  }

  @Override
  public Map<String, Long> lastHour() {
    return figures.lastHour();
  }

  @Override
  public JsonObject facts() {
    return facts.facts();
  }

  @Override
  public JsonObject detail() {
    return facts.detail();
  }

  @Override
  public CompletionStage<JsonObject> ports() {
    return facts.ports();
  }

  @Override
  public Stories<?, ?> stories() {
    return stories.stories;
  }

  @Override
  public Talkers talkers() {
    return stories.talkers;
  }

  @Override
  public EventLog events() {
    return events;
  }

  @Override
  public void expect(JsonArray forecast) {
    parts.metrics.expect(forecast);
  }

  @Override
  public Alerts alerts() {
    return alerts;
  }

  // ---- sessions

  @Override
  public CompletionStage<SessionPage> sessions(SessionQuery query) {
    return NodeSessions.page(parts.turn.sessions(), query, realm);
  }

  @Override
  public CompletionStage<Optional<SessionDetail>> session(String id) {
    return SessionKey.parse(id)
        .map(key -> NodeSessions.detail(parts.turn.sessions(), key, realm))
        .orElseGet(() -> CompletableFuture.completedStage(Optional.empty()));
  }

  @Override
  public CompletionStage<Boolean> closeSession(String id) {
    return SessionKey.parse(id)
        .map(key -> parts.turn.sessions().close(key, CloseReason.ADMIN))
        .orElseGet(() -> CompletableFuture.completedStage(false));
  }

  @Override
  public CompletionStage<Integer> closeSessions(SessionFilter filter) {
    return parts.turn.sessions().closeAll(NodeSessions.filter(filter), CloseReason.ADMIN);
  }

  // ---- bans

  @Override
  public List<Ban> bans() {
    return bans.bans();
  }

  @Override
  public Map<String, Long> banHits() {
    return bans.hits(parts.turn.counters());
  }

  @Override
  public CompletionStage<Integer> ban(Ban ban) {
    return bans.add(ban);
  }

  @Override
  public boolean liftBan(String id) {
    return bans.lift(id);
  }

  // ---- peers

  /** What is in force from now on. */
  void peers(PeerPolicy policy) {
    peers = policy;
  }

  @Override
  public List<PeerRule> peerRules() {
    return NodePeers.rules(peers, NodePeers.hits(parts.turn));
  }

  @Override
  public PeerVerdict judgePeer(String peer) {
    return NodePeers.judge(peers, peer);
  }

  // ---- signaling

  @Override
  public List<RoomInfo> rooms() {
    SignalingServer running = signaling;
    return running == null ? List.of() : running.directory().stream().map(NodeLive::info).toList();
  }

  private static RoomInfo info(RoomView room) {
    return new RoomInfo(
        room.name(),
        room.members().stream()
            .map(
                member ->
                    // The TURN credentials that a peer gets are in the name of the peer.
                    new Member(member.id(), member.source(), member.id(), member.isConnected()))
            .toList());
  }

  @Override
  public Map<String, Long> signaling() {
    Map<String, Long> counts = new TreeMap<>();
    SignalingServer running = signaling;
    if (running != null) {
      counts.put("connections.puente", (long) running.connections());
      counts.put("peers", (long) running.peers());
      counts.put("rooms", (long) running.rooms());
      running
          .events()
          .forEach((event, count) -> counts.put(event.name().toLowerCase(Locale.ROOT), count));
    }
    return counts;
  }

  // ---- the other nodes

  @Override
  public Others others() {
    return new Others() {
      @Override
      public Set<String> alive() {
        Set<String> alive = new HashSet<>();
        for (NodeState node : parts.cluster.nodes()) {
          if (node.alive() && !node.id().equals(node())) {
            alive.add(node.id());
          }
        }
        return alive;
      }

      @Override
      public CompletionStage<byte[]> ask(String node, byte[] question, Duration patience) {
        return parts.cluster.messages().ask(node, SUBJECT, question, patience);
      }

      @Override
      public void answer(Function<byte[], CompletionStage<byte[]>> answerer) {
        parts.cluster.messages().answer(SUBJECT, (from, body) -> answerer.apply(body));
      }
    };
  }
}
