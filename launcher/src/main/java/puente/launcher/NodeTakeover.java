package puente.launcher;

import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.slf4j.event.Level;
import puente.net.Addresses;
import puente.stun.TransportAddress;
import puente.turn.RelayAddress;
import puente.turn.relay.TurnNode;
import puente.turn.store.Snapshot;

/**
 * Goes on with what is left on this machine's relayed addresses, when a node is lost, when such an
 * address comes to this machine, and when somebody asks. On a thread of its own: it waits for the
 * other nodes.
 */
final class NodeTakeover implements Heir, AutoCloseable {

  /** How often it is looked whether an address has come or gone. */
  private static final long WATCH_MS = 100;

  /** After a death, a record may be found late, when partitions have moved. */
  private static final long[] LOOK_AGAIN_MS = {1000, 5000};

  private static final long RETRY_MS = 500;

  private final Cluster cluster;
  private final TurnNode turn;
  private final Predicate<InetAddress> isHere;
  private final Set<TransportAddress> configured;
  private final AtomicBoolean waiting = new AtomicBoolean();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("puente-takeover").factory());
  private volatile Set<TransportAddress> relays;
  private volatile Set<TransportAddress> arrived = Set.of();

  /**
   * @param isHere whether this machine has an address now
   */
  NodeTakeover(
      Cluster cluster, TurnNode turn, List<RelayAddress> addresses, Predicate<InetAddress> isHere) {
    this.cluster = cluster;
    this.turn = turn;
    this.isHere = isHere;
    Set<TransportAddress> all = new HashSet<>();
    addresses.forEach(address -> all.add(address.local()));
    configured = Set.copyOf(all);
    relays = present();
    tellAbsent();
  }

  /** From now on it looks whether addresses come and go. */
  void start() {
    thread.scheduleWithFixedDelay(this::watch, WATCH_MS, WATCH_MS, TimeUnit.MILLISECONDS);
  }

  @Override
  public boolean canServe(Snapshot record) {
    return turn.couldServe(record)
        && isOnThisMachine(record.key().server())
        && (HazelcastClusterInheritance.isOn(record, relays) || hasJustCome(record));
  }

  /** A client's packet may be here before it was looked whether its address is. */
  private boolean hasJustCome(Snapshot record) {
    return !record.relays().isEmpty()
        && record.relays().stream().allMatch(relay -> isOnThisMachine(relay.local()));
  }

  private boolean isOnThisMachine(TransportAddress address) {
    return isHere.test(Addresses.of(address).getAddress());
  }

  @Override
  public Set<TransportAddress> relays() {
    return relays;
  }

  @Override
  public Set<TransportAddress> arrived() {
    return arrived;
  }

  @Override
  public void look(String why) {
    lookOnce(why);
    for (long later : LOOK_AGAIN_MS) {
      soon(() -> inherit(why), later);
    }
  }

  /** Many reasons at the same time are one. */
  private void lookOnce(String why) {
    if (waiting.compareAndSet(false, true)) {
      soon(
          () -> {
            waiting.set(false);
            inherit(why);
          },
          0);
    }
  }

  @Override
  public CompletionStage<Void> goOn(List<Snapshot> records) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    soon(
        () -> {
          restore(records);
          done.complete(null);
        },
        0);
    return done;
  }

  @Override
  public void letGo(Snapshot claimed) {
    Events.limited(
        "taken-over", Level.INFO, "taken-over", "by", claimed.node(), "epoch", claimed.epoch());
    turn.letGo(claimed);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  // ---- on its thread

  private void inherit(String why) {
    long since = System.nanoTime();
    try {
      List<Snapshot> taken = cluster.inherit();
      if (!taken.isEmpty()) {
        restore(taken);
        long ms = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since);
        Events.info("inherited", "why", why, "allocations", taken.size(), "ms", ms);
      }
    } catch (RuntimeException unreachable) {
      Events.limited(
          "inherit",
          Level.WARN,
          "inherit",
          "warning",
          "what other nodes have left cannot be read now; trying again",
          "reason",
          String.valueOf(unreachable.getMessage()));
      soon(() -> lookOnce(why), RETRY_MS);
    }
  }

  private void restore(List<Snapshot> records) {
    turn.restore(records).toCompletableFuture().join();
  }

  private void watch() {
    try {
      Set<TransportAddress> now = present();
      Set<TransportAddress> before = relays;
      if (!now.equals(before)) {
        moved(before, now);
      }
    } catch (RuntimeException defect) {
      Events.limited(
          "watch", Level.ERROR, "defect", "where", "watch", "reason", String.valueOf(defect));
    }
  }

  private void moved(Set<TransportAddress> before, Set<TransportAddress> now) {
    Set<TransportAddress> newcomers = new HashSet<>(now);
    newcomers.removeAll(before);
    Set<TransportAddress> gone = new HashSet<>(before);
    gone.removeAll(now);
    Set<TransportAddress> all = new HashSet<>(arrived);
    all.addAll(newcomers);
    all.retainAll(now);
    relays = now;
    arrived = Set.copyOf(all);
    tellAbsent();
    gone.forEach(
        address ->
            Events.warn(
                "relay-address-gone", "address", address.ip(), "meaning", "nothing new is on it"));
    newcomers.forEach(address -> Events.info("relay-address-arrived", "address", address.ip()));
    if (!newcomers.isEmpty()) {
      look("address");
    }
  }

  private Set<TransportAddress> present() {
    Set<TransportAddress> here = new HashSet<>();
    for (TransportAddress address : configured) {
      if (isOnThisMachine(address)) {
        here.add(address);
      }
    }
    return Set.copyOf(here);
  }

  private void tellAbsent() {
    Set<TransportAddress> absent = new HashSet<>(configured);
    absent.removeAll(relays);
    turn.absent(absent);
  }

  private void soon(Runnable work, long delayMs) {
    try {
      thread.schedule(work, delayMs, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closed) {
      // This node stops.
    }
  }
}
