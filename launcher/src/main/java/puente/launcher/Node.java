package puente.launcher;

import io.vertx.core.json.JsonArray;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.net.DatagramCounters;
import puente.net.EventLoops;
import puente.turn.CloseReason;
import puente.turn.TurnConfig;
import puente.turn.relay.ForwardLink;
import puente.turn.relay.SessionFilter;
import puente.turn.relay.TurnNode;
import puente.turn.store.LocalStore;
import puente.turn.store.Snapshot;

/** The running server of one process: what the configuration says, wired together. */
final class Node implements NodeControl {
  private static final Logger LOG = LoggerFactory.getLogger("puente");

  /** Timers wait at most so long; what is later is looked at again. */
  private static final long SECRET_WAIT_MS_MAX = 24 * 60 * 60 * 1000L;

  private final Config config;
  private final NodeRevocations revoked;
  private final StateDirectory state;
  private final @Nullable NodeTls tls;
  private final NodeCertificates certificates;
  private final LocalStore store;
  private final NodeFleet fleet;
  private final NodeUsers users;
  private final Cluster cluster;
  private final EventLoops loops;
  private final NodeJournal journal;
  private final TurnNode turn;
  private final NodeListening ports;
  private final @Nullable ForwardLink link;
  private final @Nullable NodeTakeover takeover;
  private final NodeDrain drain;
  private final @Nullable TakeoverHook hook;
  private final NodeLive live;
  private final NodeAdmin admin;
  private final NodeSignaling signaling;
  private volatile Config given;
  private volatile Config current;
  private final NodeAddedPeers addedPeers;
  private volatile AddedAccess added;
  private volatile boolean isUp;

  /**
   * Starts everything.
   *
   * @param ahead what was made just before, if it was
   * @throws StartFailure in one clear line; nothing is left running then
   */
  Node(NodePreparation parts, StateDirectory state, @Nullable NodeOutset ahead)
      throws StartFailure {
    given = parts.given();
    added = parts.added();
    config = parts.config();
    current = config;
    this.state = state;
    tls = parts.tls();
    certificates = new NodeCertificates(tls, config, state);
    store = parts.store();
    fleet = parts.fleet();
    users = parts.users();
    cluster = parts.cluster();
    cluster.shareRates(fleet::claimants);
    loops = parts.loops();
    revoked = revocations();
    addedPeers = new NodeAddedPeers(config, cluster);
    NodeOutset outset = ahead == null ? outset(parts) : ahead;
    journal = outset.journal();
    turn = outset.turn();
    ports = new NodeListening(config, state, turn, parts.own());
    try {
      journal.take();
      journal.restore(turn);
      if (parts.isOld()) {
        certificates.reload(config);
      }
      // At once: from the first client on, those who are to go elsewhere are sent there.
      link = link(ClusterConfig.of(config), turn);
      takeover = takeover(parts.turnConfig());
      drain = new NodeDrain(config, loops, turn, cluster, link);
      hook = takeover == null ? null : hook(takeover);
      // Clients in clear are served by now.
      NodeTls.prepare(tls);
      turn.awaitAll();
      NodeMetrics metrics = metrics(drain, hook);
      NodeOrders orders = new NodeOrders(cluster, drain, loops);
      live = new NodeLive(config, state, loops, new NodeLive.Parts(turn, metrics, cluster, drain));
      live.peers(parts.turnConfig().peers());
      signaling =
          NodeSignaling.start(config, state, loops, tls, ports.open(), cluster, revoked::revoke);
      metrics.bind(signaling);
      signaling.rendezvous().ifPresent(desk -> turn.admit(new NodeRendezvous(desk)));
      live.bind(signaling);
      drain.onPhase(signaling::onPhase);
      // Last: "ready" means that every port is open.
      NodeAdmin.Parts seen = new NodeAdmin.Parts(turn, metrics, cluster, drain, orders, live);
      admin = NodeAdmin.start(config, state, loops, seen, this);
    } catch (BindFailure refused) {
      letGo();
      throw StartFailure.of(refused);
    } catch (StartFailure | RuntimeException failure) {
      letGo();
      throw failure;
    }
    loops.holder().releaseRest();
    logStarted(parts.turnConfig());
    if (takeover != null) {
      takeover.start();
    }
    cluster.join();
    isUp = true;
    takeLatest();
    addedPeers.begin(cluster, () -> added, this::onWorker, this::hear);
    // What the former process was told last, while this one waited for its turn.
    refuse(revoked.names());
    awaitNextEnd();
    users.watch(this::takeOverAgain, turn::doubtUsers);
    certificates.watch();
  }

  private void letGo() {
    users.close();
    loops.close().toCompletableFuture().join();
    journal.close();
  }

  private void logStarted(TurnConfig turnConfig) {
    LOG.info(
        "event=started shards={} udp=\"{}\" realm=\"{}\"",
        loops.shards().size(),
        turn.datagramDescription(),
        turnConfig.realm());
  }

  private void onWorker(Runnable work) {
    var unused = loops.vertx().executeBlocking(Executors.callable(work), false);
  }

  /** What operators added in the former process, while this one waited for its turn. */
  private void takeLatest() throws StartFailure {
    AddedAccess latest = AddedAccess.read(state);
    if (!latest.equals(added)) {
      added = latest;
      takeOver(over(added, given));
    }
  }

  /** What holds when operators and the user database have added what they have. */
  private Config over(AddedAccess more, Config newlyGiven) throws StartFailure {
    return users.over(more.over(newlyGiven, state, Instant.now()));
  }

  /** Goes on with what other nodes have left, where there are others. */
  private @Nullable NodeTakeover takeover(TurnConfig turnConfig) throws StartFailure {
    List<Snapshot> left = journal.takeLeft();
    if (ClusterConfig.of(config).isEmpty()) {
      return null;
    }
    NodeTakeover heir =
        new NodeTakeover(cluster, turn, turnConfig.relayAddresses(), NodeAddresses::isHere);
    cluster.heir(heir, left);
    return heir;
  }

  private TakeoverHook hook(NodeTakeover heir) throws StartFailure {
    return new TakeoverHook(config, state, cluster, NodeAddresses::isHere, heir::look).start();
  }

  private NodeRevocations revocations() throws StartFailure {
    try {
      Revoked known = Revoked.read(config, state);
      known.compact();
      return new NodeRevocations(cluster, known, this::refuse);
    } catch (StartFailure failure) {
      loops.close().toCompletableFuture().join();
      throw failure;
    }
  }

  private NodeOutset outset(NodePreparation parts) throws StartFailure {
    try {
      return NodeOutset.of(parts, state);
    } catch (BindFailure refused) {
      loops.close().toCompletableFuture().join();
      throw StartFailure.of(refused);
    } catch (StartFailure failure) {
      loops.close().toCompletableFuture().join();
      throw failure;
    }
  }

  private NodeMetrics metrics(NodeDrain leaving, @Nullable TakeoverHook moving) {
    NodeMetrics metrics = new NodeMetrics(metricSources());
    metrics.bind(new NodeMetricsCluster(cluster, link, journal));
    if (moving != null) {
      metrics.bind(moving);
    }
    metrics.bind(leaving);
    metrics.bind(users);
    metrics.bindEgressLimit(() -> 2 * current.value(Settings.BPS_CAPACITY));
    return metrics;
  }

  private NodeMetrics.Sources metricSources() {
    int portMin = config.value(Settings.MIN_PORT);
    int portMax = config.value(Settings.MAX_PORT);
    NodeTls certificate = tls;
    return new NodeMetrics.Sources(
        cluster.nodeId(),
        config.value(Settings.REALM),
        turn.counters(),
        turn.datagramCounters(),
        turn.streamCounters()::value,
        loops.shards().stream().map(EventLoops.Loop::eventLoop).toList(),
        port -> port >= portMin && port <= portMax || turn.isDatagramPort(port),
        certificate == null ? Map.of() : Map.of("tls", certificate::expiresEpochSeconds));
  }

  /** Every open port. */
  @Override
  public List<Listening> listening() {
    List<Listening> all = new ArrayList<>(ports.open());
    all.addAll(signaling.listening(config));
    all.add(new Listening("admin", admin.address(config)));
    return all;
  }

  long received() {
    return DatagramCounters.sum(turn.datagramCounters(), DatagramCounters.Fact.RECEIVED);
  }

  /**
   * Takes over what can change while running.
   *
   * @throws StartFailure if the new configuration is wrong; the old one stays in force
   */
  @Override
  public synchronized Optional<String> reload(Config newlyGiven) throws StartFailure {
    Config next = over(added, newlyGiven);
    check(next, new NodeConfig(next, state, revoked.names()));
    certificates.check(next);
    NodeAddresses.tryAdded(current, next);
    Optional<String> refused = ports.change(next);
    takeOver(next);
    given = newlyGiven;
    LOG.info("event=reloaded");
    List<String> waiting = ReloadRules.waiting(config, current);
    if (!waiting.isEmpty()) {
      LOG.warn("event=restart-needed settings=\"{}\"", String.join(" ", waiting));
    }
    return refused;
  }

  private TurnConfig check(Config newConfig, NodeConfig parts) throws StartFailure {
    if (!isUp) {
      throw StartFailure.configuration("the node is starting; try again");
    }
    ReloadRules.check(config, newConfig);
    return parts.turn(ports.own());
  }

  private void takeOver(Config wanted) throws StartFailure {
    Config newConfig = ports.inForce(wanted);
    NodeConfig parts = new NodeConfig(newConfig, state, revoked.names());
    TurnConfig turnConfig = check(newConfig, parts);
    certificates.reload(newConfig);
    store.quotas(parts.quotas(), users.quotasByRealm(newConfig, parts.quotas()));
    users.reconfigure(newConfig);
    turn.reconfigure(inForce(turnConfig, newConfig), parts.streams());
    turn.dtlsHandshakes(newConfig.value(ProtocolSettings.MAX_DTLS_HANDSHAKES));
    live.peers(turnConfig.peers());
    signaling.reload(newConfig, loops, ports.open());
    current = newConfig;
    drain.reload(newConfig);
  }

  /** The same with what is shared with others, and with who else knows users. */
  private TurnConfig inForce(TurnConfig turnConfig, Config newConfig) {
    return users.apply(fleet.apply(turnConfig, newConfig), newConfig, revoked.names());
  }

  /** It is in the file before it is in force, and taken out again if it cannot be. */
  @Override
  public synchronized void apply(AddedAccess base, AddedAccess next) throws StartFailure {
    AddedAccess before = added;
    put(AddedEntries.changed(before, base, next, Instant.now()));
    addedPeers.tell(before, added);
  }

  /** What operators added on another node. */
  private synchronized void hear(JsonArray told) {
    try {
      AddedAccess merged = AddedEntries.merged(added, told, Instant.now());
      if (!merged.equals(added)) {
        put(merged);
        Events.info("turn-access-heard", "entries", told.size());
      }
    } catch (StartFailure refused) {
      Events.limited(
          "turn-access-refused", Level.WARN, "turn-access-refused", "reason", refused.line());
    }
  }

  private void put(AddedAccess next) throws StartFailure {
    Config newConfig = over(next, given);
    ReloadRules.check(config, newConfig);
    keep(next);
    try {
      takeOver(newConfig);
    } catch (StartFailure | RuntimeException refused) {
      keep(added);
      throw refused;
    }
    added = next;
    awaitNextEnd();
  }

  private void keep(AddedAccess kept) throws StartFailure {
    try {
      AddedAccess.file(state).write(kept.json());
    } catch (IOException full) {
      throw new StartFailure(
          StartFailure.Kind.OTHER, "the state directory cannot be written: " + full, full);
    }
  }

  /** A secret that has ended is good for nothing from then on, though nobody reloads. */
  private void awaitNextEnd() {
    Instant now = Instant.now();
    added
        .nextEnd(now)
        .map(end -> Math.min(Duration.between(now, end).toMillis() + 1, SECRET_WAIT_MS_MAX))
        .ifPresent(
            ms ->
                loops
                    .vertx()
                    .setTimer(
                        ms,
                        due ->
                            loops
                                .vertx()
                                .executeBlocking(
                                    () -> {
                                      endSecrets();
                                      return true;
                                    })));
  }

  private synchronized void endSecrets() {
    takeOverAgain();
    awaitNextEnd();
  }

  /** Nobody has reloaded, but what lies over the configuration is not what it was. */
  private synchronized void takeOverAgain() {
    try {
      takeOver(over(added, given));
    } catch (StartFailure refused) {
      LOG.error("event=not-taken-over reason=\"{}\"", refused.line());
    }
  }

  @Override
  public void revoke(String username) {
    revoked.revoke(username);
  }

  /** Refuses usernames from now on, and ends what they have allocated. */
  private synchronized void refuse(Set<String> usernames) {
    if (usernames.isEmpty()) {
      return;
    }
    NodeConfig parts = new NodeConfig(current, state, revoked.names());
    try {
      turn.reconfigure(inForce(parts.turn(ports.own()), current), parts.streams());
      for (String username : usernames) {
        // A star would mean others, too; such a name is only refused.
        if (!username.contains("*")) {
          turn.sessions().closeAll(SessionFilter.ANY.withUser(username), CloseReason.ADMIN);
        }
      }
      signaling.revoke(usernames);
      LOG.info("event=credentials-revoked count={}", usernames.size());
    } catch (StartFailure impossible) {
      LOG.error("event=defect where=revoke meaning=\"please report\"", impossible);
    }
  }

  @Override
  public Config given() {
    return given;
  }

  @Override
  public Config effective() {
    return current;
  }

  @Override
  public Config started() {
    return config;
  }

  @Override
  public AddedAccess added() {
    return added;
  }

  @Override
  public StateDirectory state() {
    return state;
  }

  @Override
  public Optional<NodeTls> tls() {
    return Optional.ofNullable(tls);
  }

  /** The way between nodes, on the UDP port of the cluster's number; only with a secret. */
  private static @Nullable ForwardLink link(Optional<ClusterConfig> given, TurnNode turn)
      throws BindFailure {
    ClusterConfig cluster = given.orElse(null);
    String secret = cluster == null ? null : cluster.secret().orElse(null);
    return cluster == null || secret == null
        ? null
        : turn.forward(Addresses.of(cluster.ip(), cluster.port()), secret);
  }

  /** Lets existing allocations end first, where that was configured. */
  CompletionStage<Void> drain() {
    return drain.leave();
  }

  /** Lets another process go on: the sockets that it goes on with are left last. */
  CompletionStage<Void> leave() {
    admin.stopping();
    certificates.close();
    return signaling
        .stop()
        .thenCompose(stopped -> admin.stop())
        .thenAcceptAsync(stopped -> turn.leave(), Node::aside)
        .thenRun(users::close)
        .thenRun(journal::close);
  }

  /** Stops in order: not ready, no HTTP, no listeners, no member, no admin port, no loops. */
  CompletionStage<Void> stop() {
    admin.stopping();
    certificates.close();
    drain.stopping();
    drain.stopTicking(loops);
    if (takeover != null) {
      takeover.close();
    }
    if (hook != null) {
      hook.close();
    }
    return signaling
        .stop()
        .thenComposeAsync(stopped -> turn.stop(), Node::aside)
        .thenRun(journal::close)
        .thenCompose(stopped -> cluster.leave())
        .thenCompose(left -> admin.stop())
        .thenCompose(stopped -> loops.close())
        .thenRun(users::close);
  }

  /** What waits for loops must not run on one, as what follows the end of an HTTP server would. */
  private static void aside(Runnable step) {
    Thread.ofPlatform().daemon().name("stop").start(step);
  }
}
