package puente.launcher;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import puente.launcher.TakeoverRules.Majority;
import puente.launcher.TakeoverRules.Word;
import puente.net.Addresses;

/**
 * Brings the addresses of a dead node to this machine by calling the operator's program, when this
 * node is the one to do so. The allocations follow by themselves once an address is here. On a
 * thread of its own, which waits for that program.
 */
final class TakeoverHook implements AutoCloseable {
  /** What has become of an address of a dead node, as far as this node is concerned. */
  enum Fact {
    DONE,
    FAILED,
    /** This node sees fewer than half of the others: it may be the one that is cut off. */
    MINORITY
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

  private final Config config;
  private final Cluster cluster;
  private final Optional<Path> hook;
  private final Path log;
  private final Set<InetAddress> possible;
  private final int port;
  private final Map<String, Word> wordByNode = new ConcurrentHashMap<>();
  private final Map<String, Watched> watchedByAddress = new HashMap<>();
  private final Map<Fact, LongAdder> counts =
      Map.of(
          Fact.DONE, new LongAdder(),
          Fact.FAILED, new LongAdder(),
          Fact.MINORITY, new LongAdder());
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("puente-takeover-hook").factory());
  private long toldNanos;
  private volatile boolean closed;

  private TakeoverHook(Config config, StateDirectory state, Cluster cluster) {
    this.config = config;
    this.cluster = cluster;
    hook = config.find(TakeoverSettings.HOOK);
    log = state.directory().resolve("takeover-hook.log");
    port = config.value(Settings.LISTENING_PORT);
    possible = new HashSet<>(NodeAddresses.listening(config));
    NodeAddresses.relay(config)
        .forEach(relay -> possible.add(Addresses.of(relay.local()).getAddress()));
    possible.removeIf(InetAddress::isLoopbackAddress);
  }

  /**
   * Starts looking after the others' addresses; nodes without a hook tell theirs.
   *
   * @throws StartFailure if the hook cannot be called
   */
  static TakeoverHook start(Config config, StateDirectory state, Cluster cluster)
      throws StartFailure {
    TakeoverHook started = new TakeoverHook(config, state, cluster);
    Path program = started.hook.orElse(null);
    if (program != null && !Files.isExecutable(program)) {
      throw StartFailure.configuration("takeover-hook: " + program + " is no program");
    }
    cluster
        .messages()
        .listen(
            SUBJECT, (from, body) -> Word.decode(body).ifPresent(word -> started.on(from, word)));
    cluster.onChange(nodes -> started.soon());
    started.thread.scheduleWithFixedDelay(started::look, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
    return started;
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
    long now = System.nanoTime();
    if (now - toldNanos < Duration.ofMillis(TELL_MS).toNanos() && toldNanos != 0) {
      return;
    }
    toldNanos = now;
    Set<String> present = new TreeSet<>();
    Set<String> all = new TreeSet<>();
    for (InetAddress ip : possible) {
      all.add(ip.getHostAddress());
      if (NodeAddresses.isHere(ip)) {
        present.add(ip.getHostAddress());
      }
    }
    Word own = new Word(hook.isPresent(), present, all);
    wordByNode.put(cluster.nodeId(), own);
    wordByNode.keySet().retainAll(nodes.stream().map(NodeState::id).toList());
    for (NodeState node : nodes) {
      if (node.alive() && !node.id().equals(cluster.nodeId())) {
        cluster.messages().tell(node.id(), SUBJECT, own.encode());
      }
    }
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
    Path program = hook.orElseThrow();
    long since = System.nanoTime();
    Events.warn("takeover", "node", node, "address", address, "hook", program);
    try {
      ProcessBuilder builder = new ProcessBuilder(program.toString(), node, address);
      builder.environment().put("PUENTE_NODE", cluster.nodeId());
      builder.environment().put("PUENTE_MAJORITY", majority == Majority.YES ? "yes" : "half");
      builder
          .redirectErrorStream(true)
          .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
      finish(builder.start(), node, address, since);
    } catch (IOException refused) {
      count(Fact.FAILED, Level.ERROR, node, address, String.valueOf(refused.getMessage()));
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    }
  }

  private void finish(Process running, String node, String address, long since)
      throws InterruptedException {
    Duration limit = config.value(TakeoverSettings.HOOK_TIMEOUT);
    try {
      if (!running.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        count(Fact.FAILED, Level.ERROR, node, address, "longer than takeover-hook-timeout");
      } else if (running.exitValue() == 0) {
        toldNanos = 0;
        long ms = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since);
        count(Fact.DONE, Level.WARN, node, address, "done in " + ms + " ms");
      } else {
        String why = "exit code " + running.exitValue() + ", see " + log;
        count(Fact.FAILED, Level.ERROR, node, address, why);
      }
    } finally {
      running.descendants().forEach(ProcessHandle::destroyForcibly);
      running.destroyForcibly();
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
