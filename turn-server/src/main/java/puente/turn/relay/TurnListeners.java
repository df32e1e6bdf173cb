package puente.turn.relay;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.net.BindFailure;
import puente.net.DescriptorHolder;
import puente.net.DtlsClients;
import puente.net.EventLoops;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.relay.TurnNode.Listen;
import puente.turn.relay.TurnNode.Options;
import puente.turn.store.Snapshot;

/**
 * What clients reach a node by, and how that changes while it serves. A datagram socket that is
 * taken out goes on for the allocations that have come by it, as those of TCP go on by their
 * connections, all for a while. For one thread at a time; what is open anybody may ask.
 */
final class TurnListeners {
  private static final Logger LOG = LoggerFactory.getLogger("puente.turn");

  /** The numbers of DTLS have one bit more. */
  private static final int NUMBERS_MAX = DtlsClients.NUMBER;

  private static final int LOOK_MS = 1000;

  /** As long as a drain may take by default. */
  private static final int LEFT_MS = 3_600_000;

  /** What may fail. */
  private interface Work {
    void run() throws BindFailure;
  }

  /** What was asked for, and what it became: port 0 is any. */
  private record Door(Listen wish, Endpoint endpoint) {
    boolean isStream() {
      return wish.transport().isStream();
    }
  }

  private final EventLoops loops;
  private final List<Shard> shards;
  private final Options options;
  private final StreamPorts streams;
  private final Sessions sessions;
  private final List<Door> retired = new CopyOnWriteArrayList<>();

  /** Where all changes are made, one after the other; it has no thread before the first. */
  private final ScheduledThreadPoolExecutor desk =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("puente-listeners").factory());

  private int numbers;
  private volatile List<Door> open = List.of();

  /**
   * @param shards all of them; they may come later
   */
  TurnListeners(
      EventLoops loops,
      List<Shard> shards,
      Options options,
      StreamPorts streams,
      Sessions sessions) {
    this.loops = loops;
    this.shards = shards;
    this.options = options;
    this.streams = streams;
    this.sessions = sessions;
  }

  /** Datagrams first, then streams, each in the order asked for. */
  List<Endpoint> endpoints() {
    return open.stream().map(Door::endpoint).toList();
  }

  List<TransportAddress> addresses() {
    return Stream.concat(open.stream(), retired.stream())
        .map(door -> door.endpoint.local())
        .distinct()
        .toList();
  }

  boolean isDatagramPort(int port) {
    return Stream.concat(open.stream(), retired.stream())
        .anyMatch(door -> !door.isStream() && door.endpoint.local().port() == port);
  }

  // ---- at the start

  /**
   * Finds the datagram ports, which each shard then opens by {@link #openOn}.
   *
   * @param left what a former process left: where it had taken a listener out, its clients go on
   */
  void find(List<Snapshot> left) throws BindFailure {
    List<Door> doors = new ArrayList<>();
    for (Listen listen : options.listen()) {
      if (!listen.transport().isStream()) {
        doors.add(find(listen, doors));
      }
    }
    open = List.copyOf(doors);
    if (options.has(Transport.UDP)) {
      Set<TransportAddress> known = Set.copyOf(addresses());
      Set<TransportAddress> missed = new HashSet<>();
      for (Snapshot snapshot : left) {
        TransportAddress server = snapshot.key().server();
        if (snapshot.key().transport() == Transport.UDP && !known.contains(server)) {
          missed.add(server);
        }
      }
      for (TransportAddress server : missed) {
        findLeft(new Listen(Transport.UDP, server));
      }
    }
  }

  /** Only where the socket is open yet: nobody else can have the port then. */
  private void findLeft(Listen listen) throws BindFailure {
    TransportAddress local = listen.local();
    if (loops.holder().has(DescriptorHolder.listenerKey(local, 0))) {
      retired.add(new Door(listen, new Endpoint(number(listen), Transport.UDP, local)));
    }
  }

  /** On the shard's loop. */
  void openOn(Shard shard) throws BindFailure {
    for (Door door : open) {
      openOn(shard, door.endpoint);
    }
    for (Door door : retired) {
      openOn(shard, door.endpoint);
      shard.doors.retire(door.endpoint.number(), true);
    }
  }

  /** What a former process had taken out has its time anew. */
  void watchLeft() {
    for (Door door : retired) {
      say("listener-retired", door);
      look(door, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LEFT_MS));
    }
  }

  void openStreams() throws BindFailure {
    for (Listen listen : options.listen()) {
      if (listen.transport().isStream()) {
        List<Door> more = new ArrayList<>(open);
        more.add(new Door(listen, streams.open(listen, options, number(listen))));
        open = List.copyOf(more);
      }
    }
  }

  private Door find(Listen listen, List<Door> others) throws BindFailure {
    TransportAddress wanted = listen.local();
    // What a former process of ours left would itself be in the way.
    boolean left = loops.holder().has(DescriptorHolder.listenerKey(wanted, 0));
    List<Endpoint> taken = others.stream().map(Door::endpoint).toList();
    TransportAddress local = left ? wanted : PortProbe.datagrams(wanted, taken);
    return new Door(listen, new Endpoint(number(listen), listen.transport(), local));
  }

  private int number(Listen listen) throws BindFailure {
    if (numbers == NUMBERS_MAX) {
      throw new BindFailure(
          listen.local(), BindFailure.Cause.OTHER, " (too many changes since the start: restart)");
    }
    return numbers++;
  }

  /** Where there are plain clients, they are served on the sockets of DTLS as well (RFC 7983). */
  private void openOn(Shard shard, Endpoint endpoint) throws BindFailure {
    shard.listen(endpoint, options.has(Transport.UDP));
  }

  // ---- while it serves

  /**
   * From now on these: what is new is opened, and nothing has changed if one of them cannot be;
   * what is not among them any more serves nobody new.
   *
   * @param patienceMs after which the allocations that are left on the latter are ended
   */
  void change(List<Listen> wanted, long patienceMs) throws BindFailure {
    TurnNode.await(run(desk, () -> changeNow(wanted, patienceMs)));
  }

  private void changeNow(List<Listen> wanted, long patienceMs) throws BindFailure {
    List<Door> before = open;
    List<Door> opened = new ArrayList<>();
    List<Door> back = new ArrayList<>();
    List<Door> after = new ArrayList<>();
    try {
      for (Listen listen : inOrder(wanted)) {
        Door door = among(before, listen);
        if (door == null && !listen.transport().isStream()) {
          door = among(retired, listen);
          if (door != null) {
            back.add(door);
          }
        }
        if (door == null) {
          door = open(listen, before);
          opened.add(door);
        }
        after.add(door);
      }
    } catch (BindFailure refused) {
      opened.forEach(door -> close(door, after));
      throw refused;
    }
    open = List.copyOf(after);
    back.forEach(this::takeBack);
    opened.forEach(
        door -> {
          // Connections of an earlier one are its own now.
          retired.removeIf(earlier -> earlier.wish.equals(door.wish));
          say("listener-opened", door);
        });
    before.stream().filter(door -> !after.contains(door)).forEach(door -> end(door, patienceMs));
  }

  private static List<Listen> inOrder(List<Listen> wanted) {
    List<Listen> all =
        new ArrayList<>(wanted.stream().filter(one -> !one.transport().isStream()).toList());
    wanted.stream().filter(one -> one.transport().isStream()).forEach(all::add);
    return all.stream().distinct().toList();
  }

  private static @Nullable Door among(List<Door> doors, Listen listen) {
    return doors.stream().filter(door -> door.wish.equals(listen)).findFirst().orElse(null);
  }

  private Door open(Listen listen, List<Door> others) throws BindFailure {
    if (listen.transport().isStream()) {
      return new Door(listen, streams.open(listen, options, number(listen)));
    }
    List<Door> all = new ArrayList<>(others);
    all.addAll(retired);
    for (Door other : all) {
      if (!other.isStream() && other.endpoint.local().equals(listen.local())) {
        throw new BindFailure(
            listen.local(),
            BindFailure.Cause.OTHER,
            " (it served " + other.wish.transport() + " so far: that takes a restart)");
      }
    }
    Door door = find(listen, all);
    try {
      TurnNode.await(onShards(shard -> openOn(shard, door.endpoint)));
      return door;
    } catch (BindFailure refused) {
      closeSockets(door);
      throw refused;
    }
  }

  /** Undoes what was opened just now, on which nobody can have an allocation yet. */
  private void close(Door door, List<Door> others) {
    if (door.isStream()) {
      closePort(door, others);
    } else {
      closeSockets(door);
    }
  }

  /** Unless somebody else is served on the same port; answers whether nobody is. */
  private boolean closePort(Door door, List<Door> others) {
    TransportAddress local = door.endpoint.local();
    boolean isShared =
        others.stream()
            .anyMatch(
                other ->
                    !other.equals(door)
                        && other.isStream()
                        && other.endpoint.local().equals(local));
    if (!isShared) {
      streams.close(local);
    }
    return !isShared;
  }

  private void closeSockets(Door door) {
    onShards(shard -> shard.doors.close(door.endpoint.number())).join();
  }

  private void takeBack(Door door) {
    retired.remove(door);
    onShards(shard -> shard.doors.retire(door.endpoint.number(), false)).join();
    say("listener-taken-back", door);
  }

  private void end(Door door, long patienceMs) {
    if (!door.isStream()) {
      onShards(shard -> shard.doors.retire(door.endpoint.number(), true)).join();
    } else if (!closePort(door, open)) {
      // Its clients are those of the other one now.
      say("listener-closed", door);
      return;
    }
    retired.add(door);
    say("listener-retired", door);
    look(door, System.nanoTime() + patienceMs * 1_000_000);
  }

  /**
   * Is done with it once no allocation is left, on all shards at once: they share its clients among
   * them.
   */
  private void look(Door door, long endNanos) {
    desk.schedule(
        () ->
            sessions
                .countAt(door.endpoint.number())
                .thenAcceptAsync(left -> onCount(door, left, endNanos), desk),
        LOOK_MS,
        TimeUnit.MILLISECONDS);
  }

  private void onCount(Door door, int left, long endNanos) {
    if (!retired.contains(door)) {
      return;
    }
    if (left == 0) {
      finish(door);
      return;
    }
    if (System.nanoTime() - endNanos > 0) {
      var unused = sessions.closeAt(door.endpoint.number());
    }
    look(door, endNanos);
  }

  private void finish(Door door) {
    retired.remove(door);
    if (door.isStream()) {
      streams.closeConnections(door.endpoint.number());
    } else {
      closeSockets(door);
    }
    say("listener-closed", door);
  }

  void shutdown() {
    desk.shutdownNow();
  }

  private CompletableFuture<Void> onShards(TurnNode.Opening work) {
    return CompletableFuture.allOf(
        shards.stream()
            .map(shard -> run(shard.loop().eventLoop(), () -> work.open(shard)))
            .toArray(CompletableFuture<?>[]::new));
  }

  private static CompletableFuture<Void> run(Executor where, Work work) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            work.run();
          } catch (BindFailure refused) {
            throw new CompletionException(refused);
          }
        },
        where);
  }

  private static void say(String event, Door door) {
    LOG.info(
        "event={} transport={} address={}",
        event,
        door.wish.transport().name().toLowerCase(Locale.ROOT),
        door.endpoint.local());
  }
}
