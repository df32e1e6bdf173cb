package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import puente.turn.store.LocalStore;
import puente.turn.store.Snapshot;

/** Nodes of a cluster on the addresses 127.0.0.1 to 127.0.0.4 of this machine. */
final class ClusterLab {
  static final String SECRET = "the secret of this test";

  private final List<HazelcastCluster> running = new ArrayList<>();
  private final int port = freePort();
  private final Map<HazelcastCluster, Heirloom> heirs = new ConcurrentHashMap<>();

  int port() {
    return port;
  }

  HazelcastCluster node(int number, @Nullable String secret, LocalStore.Quotas quotas) {
    return node(number, secret, quotas, List.of());
  }

  /**
   * @param fromJournal what it goes on with from its own disk
   */
  HazelcastCluster node(
      int number, @Nullable String secret, LocalStore.Quotas quotas, List<Snapshot> fromJournal) {
    List<ClusterMember> others =
        List.of(1, 2, 3, 4).stream()
            .map(n -> new ClusterMember(InetAddress.ofLiteral("127.0.0." + n), OptionalInt.empty()))
            .toList();
    return node(config(number, others, Optional.empty(), secret), quotas, fromJournal);
  }

  /** One that was told nothing of the others but a name. */
  HazelcastCluster nodeByName(int number, String name) {
    ClusterConfig config = config(number, List.of(), Optional.of(name), SECRET);
    return node(config, LocalStore.Quotas.NONE, List.of());
  }

  private ClusterConfig config(
      int number, List<ClusterMember> others, Optional<String> name, @Nullable String secret) {
    return new ClusterConfig(
        "n" + number,
        "test",
        InetAddress.ofLiteral("127.0.0." + number),
        port,
        others,
        name,
        Optional.ofNullable(secret),
        Duration.ofSeconds(4),
        3600);
  }

  private HazelcastCluster node(
      ClusterConfig config, LocalStore.Quotas quotas, List<Snapshot> fromJournal) {
    HazelcastCluster node = new HazelcastCluster(config, new LocalStore(quotas));
    Heirloom heir = new Heirloom(config.nodeId());
    node.heir(heir, fromJournal);
    if (!fromJournal.isEmpty()) {
      node.sink().save(fromJournal, List.of());
    }
    heirs.put(node, heir);
    running.add(node);
    node.join();
    return node;
  }

  Heirloom heirOf(HazelcastCluster node) {
    return Objects.requireNonNull(heirs.get(node));
  }

  /**
   * So many nodes that see each other, and have a copy of each other's records: until then, what a
   * node that dies has written may be lost.
   */
  List<HazelcastCluster> nodes(int count, LocalStore.Quotas quotas) {
    List<HazelcastCluster> nodes = new ArrayList<>();
    for (int number = 1; number <= count; number++) {
      HazelcastCluster node = node(number, SECRET, quotas);
      nodes.add(node);
      // The others join it at once, rather than found clusters of their own and merge later.
      until(() -> node.isRunning(), 40);
    }
    until(() -> nodes.stream().allMatch(node -> alive(node) == count), 40);
    until(() -> nodes.stream().allMatch(HazelcastCluster::areAllSafe), 40);
    return nodes;
  }

  void stop() {
    running.forEach(HazelcastCluster::terminate);
  }

  static long alive(HazelcastCluster cluster) {
    return cluster.nodes().stream().filter(NodeState::alive).count();
  }

  static void until(BooleanSupplier condition, int seconds) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "not within " + seconds + " s");
      LockSupport.parkNanos(2_000_000);
    }
  }

  static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException stop) {
      throw new IllegalStateException(stop);
    }
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException none) {
      throw new IllegalStateException(none);
    }
  }
}
