package puente.launcher;

import com.hazelcast.cluster.Member;
import com.hazelcast.cluster.MembershipAdapter;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.config.Config;
import com.hazelcast.core.EntryAdapter;
import com.hazelcast.core.EntryEvent;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.LifecycleEvent;
import com.hazelcast.instance.impl.HazelcastInstanceFactory;
import com.hazelcast.replicatedmap.ReplicatedMap;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;
import puente.turn.store.LeasedStore;
import puente.turn.store.LocalStore;
import puente.turn.store.RateLeases;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotSink;

/**
 * Several nodes, by way of an embedded member of Hazelcast. It starts in the background when the
 * sockets serve already; until it is there, and whenever the others cannot be reached, this node
 * serves alone.
 */
final class HazelcastCluster implements Cluster {
  private static final long TICK_MS = 1000;
  private static final long RETRY_MS = 5000;

  /** An answer that came too late leaves two owners; nobody is told, so that one must look. */
  private static final int RECONCILE_TICKS = 30;

  /** How long a dead node's share of the quotas is kept for it. */
  private static final int LEASE_SECONDS = 30;

  /** How long a dead node is still told of. */
  private static final long MEMORY_MINUTES = 10;

  private final ClusterConfig config;
  private final AllocationStore store;
  private final HazelcastClusterDirectory directory;
  private final HazelcastClusterClaims claims;
  private final HazelcastClusterInheritance inheritance;
  private final ClaimCounters claimCounters = new ClaimCounters();
  private final HazelcastClusterLeases leases;
  private final HazelcastClusterRates rates;
  private final RateLeases rateLeases;
  private final HazelcastClusterMessages messages;
  private final LeasedStore quotas;
  private final @Nullable HazelcastClusterLink link;
  private final HazelcastClusterHealth health;
  private final ScheduledExecutorService worker = thread("puente-cluster");
  // What is asked of a dying node is waited for by the worker; who is a member is not.
  private final ScheduledExecutorService watcher = thread("puente-cluster-nodes");
  private final List<Consumer<List<NodeState>>> listeners = new CopyOnWriteArrayList<>();
  private volatile IntFunction<Map<String, RateLeases.Claimant>> shared = nodes -> Map.of();
  private volatile NodeState own;
  private volatile List<NodeState> nodes;
  private volatile Heir heir = Heir.NOBODY;
  private volatile @Nullable HazelcastInstance running;
  private volatile boolean leaving;
  private long ticks;
  private boolean failureLogged;

  HazelcastCluster(ClusterConfig config, LocalStore store) {
    this.config = config;
    directory = new HazelcastClusterDirectory(config.nodeId(), claimCounters);
    claims = new HazelcastClusterClaims(config.nodeId(), directory, this::isMember, claimCounters);
    inheritance = new HazelcastClusterInheritance(config.nodeId(), directory);
    leases = new HazelcastClusterLeases(config.nodeId(), config.expectedNodes());
    rates = new HazelcastClusterRates(config.nodeId(), config.expectedNodes());
    rateLeases = new RateLeases(rates);
    messages = new HazelcastClusterMessages(config.nodeId(), this::isAlive);
    quotas = new LeasedStore(store, leases);
    this.store = new ClusterStore(quotas, claims::claim);
    link = config.secret().map(HazelcastClusterLink::new).orElse(null);
    health = new HazelcastClusterHealth(link);
    own = NodeState.serving(config.nodeId());
    nodes = List.of(own);
  }

  @Override
  public void join() {
    if (link == null) {
      Events.warn(
          "cluster-insecure",
          "warning",
          "the links between nodes are in clear and open to anybody who reaches them");
    }
    worker.execute(this::tryToJoin);
  }

  private void tryToJoin() {
    if (leaving) {
      return;
    }
    HazelcastInstance instance = null;
    try {
      instance = newInstance();
      health.checkLinks();
      running = instance;
      joined(instance);
    } catch (HazelcastClusterLink.InClear open) {
      leaveOpenLinks(instance, open);
    } catch (HazelcastException | IllegalStateException failure) {
      running = null;
      if (instance != null) {
        // A member without our listeners would be taken for a node, and would hold the port.
        instance.getLifecycleService().terminate();
      }
      if (!failureLogged) {
        failureLogged = true;
        Events.warn(
            "cluster-alone",
            "reason",
            String.valueOf(failure.getMessage()),
            "meaning",
            "serving as a single node, trying again every " + RETRY_MS / 1000 + " s");
      }
      worker.schedule(this::tryToJoin, RETRY_MS, TimeUnit.MILLISECONDS);
    }
  }

  private void leaveOpenLinks(
      @Nullable HazelcastInstance instance, HazelcastClusterLink.InClear open) {
    running = null;
    leaving = true;
    health.leaveOpenLinks(instance, open);
  }

  private HazelcastInstance newInstance() {
    // Some of its classes log before they have seen its configuration.
    System.setProperty("hazelcast.logging.type", "slf4j");
    Config made = HazelcastClusterConfig.of(config);
    return link == null
        ? Hazelcast.newHazelcastInstance(made)
        : HazelcastInstanceFactory.newHazelcastInstance(made, null, link);
  }

  private void joined(HazelcastInstance instance) {
    instance.getCluster().addMembershipListener(new Membership());
    instance.getLifecycleService().addLifecycleListener(this::onLifecycle);
    states(instance)
        .addEntryListener(
            new EntryAdapter<String, byte[]>() {
              @Override
              public void onEntryEvent(EntryEvent<String, byte[]> event) {
                refreshSoon();
              }
            });
    String links = link == null ? "in clear" : "sealed";
    int members = instance.getCluster().getMembers().size();
    String node = config.nodeId();
    Events.info("cluster-started", "node", node, "members", members, "links", links);
    directory.start(instance);
    leases.start(instance);
    rates.start(instance);
    messages.start(instance);
    quotas.declare();
    health.watch(instance, config.silence(), watcher);
    tick();
    worker.scheduleWithFixedDelay(this::tick, TICK_MS, TICK_MS, TimeUnit.MILLISECONDS);
  }

  private static ReplicatedMap<String, byte[]> states(HazelcastInstance instance) {
    return instance.getReplicatedMap("nodes");
  }

  private static ScheduledExecutorService thread(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().daemon().name(name).factory());
  }

  private void refreshSoon() {
    soon(watcher, this::refresh);
  }

  private void soon(Runnable work) {
    soon(worker, work);
  }

  private static void soon(Executor thread, Runnable work) {
    try {
      thread.execute(work);
    } catch (RejectedExecutionException left) {
      // The last events of an instance that is shutting down.
    }
  }

  private void tick() {
    HazelcastInstance instance = running;
    if (instance == null || leaving) {
      return;
    }
    if (++ticks % RECONCILE_TICKS == 0) {
      directory.reconcileSoon();
    }
    try {
      health.checkLinks();
      refreshSoon();
      tell();
      quotas.tick();
      settleRates();
      health.look(instance, nodes);
    } catch (HazelcastClusterLink.InClear open) {
      leaveOpenLinks(instance, open);
    } catch (HazelcastException | IllegalStateException unreachable) {
      Events.limited(
          "cluster-tick",
          Level.WARN,
          "cluster-unreachable",
          "reason",
          String.valueOf(unreachable.getMessage()));
    }
  }

  private void tell() {
    HazelcastInstance instance = running;
    if (instance != null && !leaving) {
      states(instance)
          .put(config.nodeId(), NodeStateCodec.encode(own), MEMORY_MINUTES, TimeUnit.MINUTES);
    }
  }

  /** What a dead node held stays lent until its clients are gone or another's: it may come back. */
  private void forgetLater(String dead) {
    if (!leaving) {
      worker.schedule(() -> forget(dead), LEASE_SECONDS, TimeUnit.SECONDS);
    }
  }

  private void forget(String dead) {
    if (!isAlive(dead)) {
      leases.forget(dead);
    }
  }

  /** Who is a member, and what each has last said. */
  private void refresh() {
    HazelcastInstance instance = running;
    if (instance == null || leaving) {
      return;
    }
    Map<String, NodeState> byId = new HashMap<>();
    for (byte[] bytes : states(instance).values()) {
      NodeStateCodec.decode(bytes).ifPresent(state -> byId.put(state.id(), state));
    }
    for (Member member : instance.getCluster().getMembers()) {
      String id = HazelcastClusterConfig.nodeOf(member);
      NodeState said = byId.getOrDefault(id, NodeState.serving(id));
      byId.put(id, said.withAlive(true));
    }
    leases.nodes(instance.getCluster().getMembers().size());
    rates.nodes(instance.getCluster().getMembers().size());
    byId.put(config.nodeId(), own.withAlive(true));
    List<NodeState> sorted = new ArrayList<>(byId.values());
    sorted.sort(Comparator.comparing(NodeState::id));
    boolean changed = !sorted.equals(nodes);
    nodes = List.copyOf(sorted);
    if (changed) {
      listeners.forEach(listener -> listener.accept(nodes));
    }
  }

  private void onLifecycle(LifecycleEvent event) {
    switch (event.getState()) {
      case MERGED -> {
        Events.info("cluster-merged");
        directory.reconcileSoon();
        directory.membersChanged();
        heir.look("merged");
        soon(quotas::declare);
        soon(this::tick);
      }
      case MERGE_FAILED -> Events.warn("cluster-merge-failed");
      default -> {
        // Starting and stopping are told of where they are asked for.
      }
    }
  }

  @Override
  public String nodeId() {
    return config.nodeId();
  }

  @Override
  public List<NodeState> nodes() {
    return nodes;
  }

  @Override
  public Set<String> doubtful() {
    return health.doubtful();
  }

  @Override
  public void publish(NodeState state) {
    boolean phaseChanged = state.phase() != own.phase() || !state.doors().equals(own.doors());
    own = state.withAlive(true);
    if (phaseChanged) {
      soon(this::tick);
    }
  }

  @Override
  public void onChange(Consumer<List<NodeState>> listener) {
    listeners.add(listener);
  }

  @Override
  public SnapshotSink sink() {
    return directory;
  }

  @Override
  public CompletionStage<Optional<String>> ownerOf(AllocationKey key) {
    return directory.ownerOf(key);
  }

  @Override
  public void heir(Heir newHeir, List<Snapshot> fromJournal) {
    heir = newHeir;
    claims.heir(newHeir);
    directory.heir(newHeir, fromJournal);
  }

  @Override
  public List<Snapshot> inherit() {
    List<Snapshot> taken = inheritance.take(heir, otherMembers());
    claimCounters.add(ClaimCounters.Fact.INHERITED, taken.size());
    return taken;
  }

  @Override
  public void onWritten(LongConsumer listener) {
    directory.onWritten(listener);
  }

  @Override
  public ClaimCounters claims() {
    return claimCounters;
  }

  @Override
  public AllocationStore store() {
    return store;
  }

  /** The first time at once: until the others are there, this node has its even part. */
  @Override
  public void shareRates(IntFunction<Map<String, RateLeases.Claimant>> newRates) {
    shared = newRates;
    soon(this::settleRates);
  }

  private void settleRates() {
    rateLeases.tick(shared.apply(rates.nodes()), System.currentTimeMillis());
  }

  @Override
  public Messenger messages() {
    return messages;
  }

  private boolean isAlive(String node) {
    return nodes.stream().anyMatch(state -> state.alive() && state.id().equals(node));
  }

  /** Every node's allocations; asks the other nodes. */
  HazelcastClusterDirectory directory() {
    return directory;
  }

  /** Asks the membership service itself: what the nodes have told may be a moment old. */
  private boolean isMember(String node) {
    return otherMembers().contains(node);
  }

  private Set<String> otherMembers() {
    HazelcastInstance instance = running;
    Set<String> others = new HashSet<>();
    if (instance != null) {
      for (Member member : instance.getCluster().getMembers()) {
        if (!member.localMember()) {
          others.add(HazelcastClusterConfig.nodeOf(member));
        }
      }
    }
    return others;
  }

  @Override
  public boolean isSafe() {
    return health.isSafe();
  }

  /** The same of all nodes, asked now. */
  boolean areAllSafe() {
    HazelcastInstance instance = running;
    return instance != null && instance.getPartitionService().isClusterSafe();
  }

  @Override
  public CompletionStage<Void> leave() {
    CompletableFuture<Void> left = new CompletableFuture<>();
    leaving = true;
    directory.close();
    claims.close();
    messages.close();
    // The worker may wait for a member that has died; while it joins, it must end that first.
    Executor last = running == null ? worker : Thread.ofPlatform().daemon()::start;
    soon(
        last,
        () -> {
          HazelcastInstance instance = running;
          if (instance != null) {
            instance.shutdown();
          }
          left.complete(null);
        });
    List.of(worker, watcher).forEach(ScheduledExecutorService::shutdown);
    return left;
  }

  /** As a kill would, for tests: the sockets close, and nobody is told. */
  void terminate() {
    leaving = true;
    directory.close();
    claims.close();
    messages.close();
    List.of(worker, watcher).forEach(ScheduledExecutorService::shutdownNow);
    HazelcastInstance instance = running;
    if (instance != null) {
      instance.getLifecycleService().terminate();
    }
  }

  /** Whether the embedded member is up, alone or not. */
  boolean isRunning() {
    return running != null;
  }

  /** Links that were refused, for tests. */
  long refusedLinks() {
    return link == null ? 0 : link.refused();
  }

  private final class Membership extends MembershipAdapter {
    @Override
    public void memberAdded(MembershipEvent event) {
      String id = HazelcastClusterConfig.nodeOf(event.getMember());
      Events.info("cluster-node-joined", "node", id, "members", event.getMembers().size());
      if (id.equals(config.nodeId()) && !event.getMember().localMember()) {
        Events.warn("cluster-node-twice", "node", id, "warning", "two nodes have this node-id");
      }
      directory.membersChanged();
      refreshSoon();
    }

    @Override
    public void memberRemoved(MembershipEvent event) {
      String lost = HazelcastClusterConfig.nodeOf(event.getMember());
      Events.warn("cluster-node-lost", "node", lost, "members", event.getMembers().size());
      claims.memberLost();
      directory.membersChanged();
      directory.reconcileSoon();
      heir.look("node-lost");
      soon(quotas::declare);
      soon(() -> rates.forget(lost));
      refreshSoon();
      forgetLater(lost);
    }
  }
}
