package puente.launcher;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import puente.launcher.TakeoverRules.Majority;
import puente.launcher.TakeoverRules.Word;
import puente.net.Addresses;

/**
 * Brings the addresses of a dead node to this machine by calling the operator's program, when this
 * node is the one to do so. The allocations follow by themselves once an address is here. A node
 * that was only cut off still has its address when it is seen again: whoever has taken it last
 * keeps it and claims it once more, the other one's program is told to let go. On a thread of its
 * own, which waits for that program.
 */
final class TakeoverHook implements AutoCloseable {
  /** What has become of an address of a dead node, as far as this node is concerned. */
  enum Fact {
    DONE,
    FAILED,
    /** This node sees fewer than half of the others: it may be the one that is cut off. */
    MINORITY,
    /** Another node has taken it over while this one was cut off, and keeps it. */
    RELEASED,
    /** A node from which this one has taken it is back with it: the network was told again. */
    KEPT
  }

  private static final String SUBJECT = "addresses";
  private static final long LOOK_MS = 200;
  private static final long TELL_MS = 1000;
  private static final int ATTEMPTS = 3;

  /** What is remembered of other nodes; a cluster is far smaller. */
  private static final int WORDS_MAX = 1000;

  /** An address of another node that may have to be brought here, once that is dead. */
  private static final class Watched {
    final @Nullable TakeoverProbe probe;
    long silentSinceNanos = System.nanoTime();
    boolean heard;
    boolean missed;
    int attempts;
    boolean refused;

    Watched(@Nullable TakeoverProbe probe) {
      this.probe = probe;
    }

    /** Asks it, and notes whether it has answered. */
    void look(boolean nowMissed, long now) {
      if (probe != null && probe.answers()) {
        silentSinceNanos = now;
        heard = true;
      }
      // Who never answers us may have been deaf only to us: the silence begins with the death.
      if (nowMissed && !missed && !heard) {
        silentSinceNanos = now;
      }
      if (!nowMissed) {
        attempts = 0;
        refused = false;
      }
      missed = nowMissed;
    }

    void close() {
      if (probe != null) {
        probe.close();
      }
    }
  }

  /** How often this machine was asked to put an address down for a keeper, and when last. */
  private record Release(String keeper, int attempts, long nanos) {}

  private final Config config;
  private final Cluster cluster;
  private final Predicate<InetAddress> isHere;
  private final Consumer<String> heir;
  private final Optional<HookProgram> hook;
  private final Set<InetAddress> possible;
  private final int port;
  private final Map<String, Word> wordByNode = new ConcurrentHashMap<>();
  private final Map<String, Watched> watchedByAddress = new HashMap<>();
  private final TakenAddresses taken;
  private final Map<String, Release> releaseByAddress = new HashMap<>();
  private final Set<String> shared = new HashSet<>();
  private final Map<Fact, LongAdder> counts = new EnumMap<>(Fact.class);
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("puente-takeover-hook").factory());
  private long toldNanos;
  private volatile boolean closed;

  /**
   * Before it looks after anything.
   *
   * @param isHere whether this machine has an address now
   * @param heir is told, with the reason, when an address that was another's, too, is here alone
   * @throws StartFailure if the hook cannot be called
   */
  TakeoverHook(
      Config config,
      StateDirectory state,
      Cluster cluster,
      Predicate<InetAddress> isHere,
      Consumer<String> heir)
      throws StartFailure {
    this.config = config;
    this.cluster = cluster;
    this.isHere = isHere;
    this.heir = heir;
    for (Fact fact : Fact.values()) {
      counts.put(fact, new LongAdder());
    }
    taken = new TakenAddresses(state);
    Path program = config.find(TakeoverSettings.HOOK).orElse(null);
    Path log = state.directory().resolve("takeover-hook.log");
    Duration limit = config.value(TakeoverSettings.HOOK_TIMEOUT);
    hook =
        program == null
            ? Optional.empty()
            : Optional.of(new HookProgram(program, log, cluster.nodeId(), limit));
    port = config.value(Settings.LISTENING_PORT);
    possible = new HashSet<>(NodeAddresses.listening(config));
    NodeAddresses.relay(config)
        .forEach(relay -> possible.add(Addresses.of(relay.local()).getAddress()));
    possible.removeIf(InetAddress::isLoopbackAddress);
  }

  /** Starts looking after the others' addresses; nodes without a hook tell theirs. */
  TakeoverHook start() {
    cluster
        .messages()
        .listen(SUBJECT, (from, body) -> Word.decode(body).ifPresent(word -> on(from, word)));
    cluster.onChange(nodes -> soon());
    thread.scheduleWithFixedDelay(this::look, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
    return this;
  }

  long count(Fact fact) {
    LongAdder adder = counts.get(fact);
    return adder == null ? 0 : adder.sum();
  }

  @Override
  public void close() {
    closed = true;
    thread.shutdownNow();
  }

  private void on(String from, Word word) {
    if (wordByNode.size() < WORDS_MAX || wordByNode.containsKey(from)) {
      wordByNode.put(from, word);
    }
  }

  private void soon() {
    try {
      thread.execute(this::look);
    } catch (RejectedExecutionException over) {
      // This node stops.
    }
  }

  // ---- on its thread

  private void look() {
    try {
      List<NodeState> nodes = cluster.nodes();
      tell(nodes);
      Map<String, NodeState> nodeByAddress = watched(nodes);
      watchedByAddress
          .entrySet()
          .removeIf(
              entry -> {
                boolean over = !nodeByAddress.containsKey(entry.getKey());
                if (over) {
                  entry.getValue().close();
                }
                return over;
              });
      nodeByAddress.forEach((address, node) -> consider(node, address, nodes));
      settle(nodes);
    } catch (RuntimeException defect) {
      Events.limited(
          "hook",
          Level.ERROR,
          "defect",
          "where",
          "takeover-hook",
          "reason",
          String.valueOf(defect));
    }
  }

  private void tell(List<NodeState> nodes) {
    Word own = word();
    long now = System.nanoTime();
    boolean isNews = !own.equals(wordByNode.put(cluster.nodeId(), own));
    if (!isNews && now - toldNanos < Duration.ofMillis(TELL_MS).toNanos()) {
      return;
    }
    toldNanos = now;
    wordByNode.keySet().retainAll(nodes.stream().map(NodeState::id).toList());
    for (NodeState node : nodes) {
      if (node.alive() && !node.id().equals(cluster.nodeId())) {
        cluster.messages().tell(node.id(), SUBJECT, own.encode());
      }
    }
  }

  private Word word() {
    Set<String> present = new TreeSet<>();
    Set<String> all = new TreeSet<>();
    for (InetAddress ip : possible) {
      all.add(ip.getHostAddress());
      if (isHere.test(ip)) {
        present.add(ip.getHostAddress());
      }
    }
    return new Word(hook.isPresent(), present, all, taken.here(present::contains));
  }

  /**
   * Addresses of other nodes that this one could serve on: while they live, so that it is known how
   * long they have been silent when they are found dead.
   */
  private Map<String, NodeState> watched(List<NodeState> nodes) {
    Map<String, NodeState> nodeByAddress = new HashMap<>();
    Word own = wordByNode.get(cluster.nodeId());
    if (hook.isEmpty() || own == null) {
      return nodeByAddress;
    }
    wordByNode.values().forEach(word -> taken.heard(word.termByAddress()));
    for (NodeState node : nodes) {
      Word last = wordByNode.get(node.id());
      boolean other = !node.id().equals(cluster.nodeId());
      if (other && last != null && (node.alive() || TakeoverRules.isMissed(node))) {
        for (String address : last.present()) {
          if (own.possible().contains(address) && !own.present().contains(address)) {
            nodeByAddress.merge(address, node, (one, two) -> one.alive() ? one : two);
          }
        }
      }
    }
    return nodeByAddress;
  }

  private void consider(NodeState node, String address, List<NodeState> nodes) {
    Watched watched = watchedByAddress.computeIfAbsent(address, this::watch);
    long now = System.nanoTime();
    watched.look(!node.alive(), now);
    boolean silent =
        now - watched.silentSinceNanos >= config.value(TakeoverSettings.AFTER).toNanos();
    boolean ours =
        TakeoverRules.elected(address, nodes, wordByNode).equals(Optional.of(cluster.nodeId()));
    if (closed || node.alive() || !silent || !ours || watched.attempts >= ATTEMPTS) {
      return;
    }
    Majority majority = TakeoverRules.majority(nodes, cluster.doubtful());
    if (majority != Majority.NO) {
      watched.attempts++;
      watched.silentSinceNanos = now;
      call(node.id(), address, majority);
    } else if (!watched.refused) {
      watched.refused = true;
      count(Fact.MINORITY, Level.WARN, node.id(), address, "this node sees fewer than half of all");
    }
  }

  private Watched watch(String address) {
    try {
      return new Watched(
          new TakeoverProbe(new InetSocketAddress(InetAddress.getByName(address), port)));
    } catch (IOException noWay) {
      return new Watched(null);
    }
  }

  private void call(String node, String address, Majority majority) {
    call(
        HookProgram.Action.TAKE,
        node,
        address,
        majority,
        () -> {
          taken.took(address);
          return Fact.DONE;
        });
  }

  /** Addresses that are on this machine and on another one, after one of them had been cut off. */
  private void settle(List<NodeState> nodes) {
    Word own = wordByNode.get(cluster.nodeId());
    if (own == null) {
      return;
    }
    for (String address : own.present()) {
      Optional<String> keeper = TakeoverRules.keeper(address, nodes, wordByNode);
      if (keeper.isPresent() && !keeper.get().equals(cluster.nodeId())) {
        shared.remove(address);
        release(address, keeper.get());
        continue;
      }
      releaseByAddress.remove(address);
      if (keeper.isPresent() ? shared.add(address) : shared.remove(address)) {
        keep(address, keeper.isPresent());
      }
    }
    releaseByAddress.keySet().retainAll(own.present());
    shared.retainAll(own.present());
  }

  /** Puts it down, as another node keeps it. */
  private void release(String address, String keeper) {
    long now = System.nanoTime();
    Release before = releaseByAddress.get(address);
    if (before == null || !before.keeper.equals(keeper)) {
      before = new Release(keeper, 0, now);
    }
    boolean tooSoon =
        before.attempts > 0 && now - before.nanos < config.value(TakeoverSettings.AFTER).toNanos();
    if (closed || tooSoon || before.attempts >= ATTEMPTS) {
      return;
    }
    releaseByAddress.put(address, new Release(keeper, before.attempts + 1, now));
    if (hook.isEmpty()) {
      count(
          Fact.FAILED,
          Level.ERROR,
          keeper,
          address,
          "both machines have it, and here is no takeover-hook: take it from this one");
      return;
    }
    call(HookProgram.Action.RELEASE, keeper, address, Majority.YES, () -> Fact.RELEASED);
  }

  /**
   * Tells the network again where it is: the other machine has announced it, too.
   *
   * @param still whether the other one has it yet
   */
  private void keep(String address, boolean still) {
    call(HookProgram.Action.TAKE, cluster.nodeId(), address, Majority.YES, () -> Fact.KEPT);
    if (!still) {
      heir.accept("address");
    }
  }

  /** Calls the program, if there is one, and counts what has become of it. */
  private void call(
      HookProgram.Action action,
      String node,
      String address,
      Majority majority,
      Supplier<Fact> done) {
    HookProgram program = hook.orElse(null);
    if (program == null) {
      return;
    }
    long since = System.nanoTime();
    Events.warn(
        "takeover",
        "action",
        action.word(),
        "node",
        node,
        "address",
        address,
        "hook",
        program.program());
    try {
      Optional<String> failure = program.call(action, node, address, majority);
      long ms = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since);
      failure.ifPresentOrElse(
          why -> count(Fact.FAILED, Level.ERROR, node, address, why),
          () -> count(done.get(), Level.WARN, node, address, "done in " + ms + " ms"));
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    }
  }

  private void count(Fact fact, Level level, String node, String address, String how) {
    LongAdder adder = counts.get(fact);
    if (adder != null) {
      adder.increment();
    }
    String result = fact.name().toLowerCase(Locale.ROOT);
    Events.log(
        level, "takeover-hook", "result", result, "node", node, "address", address, "how", how);
  }
}
