package puente.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * Many clients and their peers, on one thread: each sends a numbered packet each way at a steady
 * pace, refreshes as clients do, and keeps its sockets throughout.
 */
final class Load implements AutoCloseable {

  /** Packets of a flow that may still be on their way when losses are counted. */
  private static final Duration IN_FLIGHT = Duration.ofMillis(400);

  private static final int SOCKET_BUFFER = 1 << 20;

  private final Namespace clients;
  private final Namespace peers;
  private final InetSocketAddress clientIp;
  private final InetSocketAddress peerIp;
  private final long paceNanos;
  private final Tally tally = new Tally();
  private final List<Flow> flows = new ArrayList<>();
  private final Queue<Runnable> orders = new ConcurrentLinkedQueue<>();
  private final Selector selector;
  private final Thread loop;
  private Map<String, Integer> tallyAtBegin = Map.of();
  private long latestRoundNanos;
  private long longestRoundNanos;
  private volatile boolean closed;

  /**
   * @param clientIp where clients' sockets are, in their namespace; port 0
   */
  Load(
      Namespace clients,
      InetSocketAddress clientIp,
      Namespace peers,
      InetSocketAddress peerIp,
      Duration pace) {
    this.clients = clients;
    this.peers = peers;
    this.clientIp = clientIp;
    this.peerIp = peerIp;
    paceNanos = pace.toNanos();
    try {
      selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    loop = Thread.ofPlatform().daemon().name("chaos load").start(this::run);
  }

  // ---- for other threads

  /** More clients, which take turns with the accounts. */
  List<Flow> add(int count, boolean talks, List<Flow.Account> accounts) {
    List<DatagramChannel> ours = clients.run(() -> open(count, clientIp));
    List<DatagramChannel> theirs = peers.run(() -> open(talks ? count : 0, peerIp));
    return ask(
        () -> {
          List<Flow> added = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            Flow.Account account = accounts.get(i % accounts.size());
            DatagramChannel peer = talks ? theirs.get(i) : unused();
            Flow flow = new Flow(connected(ours.get(i), account), peer, account, talks, tally);
            register(ours.get(i), now -> flow.readClient(buffer, now));
            if (talks) {
              register(peer, now -> flow.readPeer(buffer, now));
            }
            added.add(flow);
          }
          flows.addAll(added);
          return added;
        });
  }

  private static DatagramChannel unused() {
    try {
      return DatagramChannel.open(StandardProtocolFamily.INET);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<DatagramChannel> open(int count, InetSocketAddress ip) throws IOException {
    List<DatagramChannel> opened = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      DatagramChannel channel = DatagramChannel.open(family(ip));
      channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER);
      channel.bind(ip);
      channel.configureBlocking(false);
      opened.add(channel);
    }
    return opened;
  }

  private static StandardProtocolFamily family(InetSocketAddress ip) {
    return ip.getAddress() instanceof Inet6Address
        ? StandardProtocolFamily.INET6
        : StandardProtocolFamily.INET;
  }

  private static DatagramChannel connected(DatagramChannel channel, Flow.Account account) {
    try {
      return channel.connect(account.server());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void register(DatagramChannel channel, Reading reading) {
    try {
      channel.register(selector, SelectionKey.OP_READ, reading);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Reading {
    void read(long now);
  }

  /** Everything is counted from now on. */
  void begin() {
    ask(
        () -> {
          long now = System.nanoTime();
          flows.forEach(flow -> begin(flow, now));
          tallyAtBegin = tally.all();
          longestRoundNanos = 0;
          return now;
        });
  }

  private static void begin(Flow flow, long now) {
    flow.up.begin(now);
    flow.down.begin(now);
  }

  /** From now on it is looked for the first packets of these, both ways. */
  void mark(Predicate<Flow> which) {
    ask(
        () -> {
          long now = System.nanoTime();
          flows.stream()
              .filter(which)
              .forEach(
                  flow -> {
                    flow.up.mark(now);
                    flow.down.mark(now);
                  });
          return now;
        });
  }

  /** Whether it became so in time, looked at by the loop's thread. */
  boolean await(Duration patience, Predicate<Flow> which, Predicate<Flow> condition) {
    long end = System.nanoTime() + patience.toNanos();
    while (System.nanoTime() < end) {
      if (ask(() -> flows.stream().filter(which).allMatch(condition))) {
        return true;
      }
      LockSupport.parkNanos(20_000_000);
    }
    return false;
  }

  int count(Predicate<Flow> which) {
    return ask(() -> (int) flows.stream().filter(which).count());
  }

  /** Lets it run. */
  static void runFor(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }

  /** How many of these are granted a Refresh and carry data both ways since the last mark. */
  int alive(Predicate<Flow> which, Duration patience) {
    List<Flow> asked = ask(() -> flows.stream().filter(which).filter(Flow::ready).toList());
    AtomicInteger granted = new AtomicInteger();
    AtomicInteger answered = new AtomicInteger();
    ask(
        () -> {
          for (Flow flow : asked) {
            flow.refresh(
                Flow.LIFETIME_SECONDS,
                yes -> {
                  answered.incrementAndGet();
                  if (yes && flow.up.flowsSinceMark() && flow.down.flowsSinceMark()) {
                    granted.incrementAndGet();
                  }
                });
          }
          return true;
        });
    long end = System.nanoTime() + patience.toNanos();
    while (answered.get() < asked.size() && System.nanoTime() < end) {
      LockSupport.parkNanos(10_000_000);
    }
    return granted.get();
  }

  /** The figures of these flows since the beginning. */
  Figures figures(Predicate<Flow> which) {
    runFor(IN_FLIGHT);
    return ask(
        () -> {
          long now = System.nanoTime();
          List<Flow> of = flows.stream().filter(which).filter(Flow::ready).toList();
          return new Figures(
              gaps(
                  of,
                  flow ->
                      Math.max(flow.up.longestNanos(now), flow.down.longestNanos(now)) / 1_000_000),
              gaps(of, flow -> flow.up.lost() + flow.down.lost()),
              of.stream().mapToLong(flow -> flow.up.twice() + flow.down.twice()).sum(),
              of.stream()
                  .mapToLong(flow -> flow.up.sentSinceBegin() + flow.down.sentSinceBegin())
                  .sum());
        });
  }

  /** From the last mark until each of these flowed both ways. */
  Gaps sinceMarkMs(Predicate<Flow> which) {
    return ask(
        () -> {
          long now = System.nanoTime();
          return gaps(
              flows.stream().filter(which).filter(Flow::ready).toList(),
              flow ->
                  Math.max(flow.up.sinceMarkNanos(now), flow.down.sinceMarkNanos(now)) / 1_000_000);
        });
  }

  private static Gaps gaps(List<Flow> flows, ToLongFunction<Flow> figure) {
    return Gaps.of(flows.stream().mapToLong(figure).toArray());
  }

  /**
   * What became of some flows.
   *
   * @param silenceMs the longest silence of each, the worse of both ways
   * @param lost packets of each, both ways together
   * @param twice packets that came in more than once, of all
   * @param sent packets of all
   */
  record Figures(Gaps silenceMs, Gaps lost, long twice, long sent) {}

  /** What was told besides data since the beginning. */
  Map<String, Integer> told() {
    return ask(() -> tally.since(tallyAtBegin));
  }

  /** How long the load itself once stood still: gaps below that say nothing of the server. */
  long stallMs() {
    return ask(() -> longestRoundNanos / 1_000_000);
  }

  /** Ends these allocations, so that their place is free; true when each was granted. */
  boolean end(Predicate<Flow> which, Duration patience) {
    List<Flow> ending = ask(() -> flows.stream().filter(which).filter(Flow::ready).toList());
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger granted = new AtomicInteger();
    ask(
        () -> {
          for (Flow flow : ending) {
            flow.refresh(
                0,
                yes -> {
                  answered.incrementAndGet();
                  if (yes) {
                    granted.incrementAndGet();
                  }
                });
          }
          return true;
        });
    long end = System.nanoTime() + patience.toNanos();
    while (answered.get() < ending.size() && System.nanoTime() < end) {
      LockSupport.parkNanos(10_000_000);
    }
    return granted.get() == ending.size();
  }

  /** Forgets these without a word to their servers. */
  void drop(Predicate<Flow> which) {
    ask(
        () -> {
          flows.stream().filter(which).forEach(Flow::close);
          return flows.removeIf(which);
        });
  }

  <T> T map(Function<List<Flow>, T> question) {
    return ask(() -> question.apply(List.copyOf(flows)));
  }

  private <T> T ask(Supplier<T> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    orders.add(
        () -> {
          try {
            answer.complete(question.get());
          } catch (RuntimeException | Error failure) {
            answer.completeExceptionally(failure);
          }
        });
    selector.wakeup();
    return answer.join();
  }

  // ---- the loop

  private final ByteBuffer buffer = ByteBuffer.allocate(4096);

  private void run() {
    latestRoundNanos = System.nanoTime();
    while (!closed) {
      try {
        selector.select(key -> ((Reading) key.attachment()).read(System.nanoTime()), 1);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      for (Runnable order = orders.poll(); order != null; order = orders.poll()) {
        order.run();
      }
      long now = System.nanoTime();
      longestRoundNanos = Math.max(longestRoundNanos, now - latestRoundNanos);
      latestRoundNanos = now;
      for (Flow flow : flows) {
        flow.onTime(now, paceNanos);
      }
    }
    flows.forEach(Flow::close);
  }

  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    try {
      loop.join();
      selector.close();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
