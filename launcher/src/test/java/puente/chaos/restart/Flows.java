package puente.chaos.restart;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import puente.chaos.restart.Flow.Way;
import puente.stun.Integrity;
import puente.stun.Method;

/**
 * Many flows at once, each sending a packet in either direction at its pace, evenly spread over
 * time. One thread does everything, the caller's, while it is in one of these methods.
 */
final class Flows implements AutoCloseable {

  /** A packet of each direction in this time: 20 a second, which a busy machine can do, too. */
  static final int PACE_MS = 50;

  private static final long RETRY_NANOS = Duration.ofMillis(500).toNanos();
  private static final long PATIENCE_NANOS = Duration.ofSeconds(40).toNanos();

  private final List<Flow> flows = new ArrayList<>();
  private final List<Way> ways;
  private final long paceNanos;
  private final Selector selector = Selector.open();
  private final ByteBuffer buffer = ByteBuffer.allocate(2048);
  private boolean sends;
  private long nextNanos;
  private int next;
  private long turnNanos;
  private long ownLagNanos;

  /**
   * Makes the allocations and starts nothing yet.
   *
   * @param paceMs between two packets of a direction
   */
  Flows(InetSocketAddress server, int count, int paceMs) throws IOException {
    paceNanos = paceMs * 1_000_000L;
    Integrity integrity = new Integrity();
    for (int i = 0; i < count; i++) {
      flows.add(new Flow(server, server.getAddress(), selector, integrity));
    }
    ways = flows.stream().flatMap(flow -> Stream.of(flow.toPeer, flow.toClient)).toList();
    exchange(Method.ALLOCATE);
    flows.forEach(Flow::learnNonce);
    exchange(Method.ALLOCATE);
    for (Flow flow : flows) {
      flow.connectPeer();
    }
    exchange(Method.CHANNEL_BIND);
    demand("bound a channel");
  }

  private void demand(String deed) {
    long failed = flows.stream().filter(flow -> !flow.succeeded()).count();
    if (failed > 0) {
      throw new AssertionError(failed + " of " + flows.size() + " have not " + deed);
    }
  }

  int size() {
    return flows.size();
  }

  /** How many are answered a Refresh with the credentials and the nonce that they have. */
  int refreshed() throws IOException {
    exchange(Method.REFRESH);
    return (int) flows.stream().filter(Flow::succeeded).count();
  }

  private void exchange(Method method) throws IOException {
    flows.forEach(flow -> flow.ask(method));
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (System.nanoTime() < deadline && waiting().findAny().isPresent()) {
      long retry = System.nanoTime() + RETRY_NANOS;
      until(() -> System.nanoTime() > retry || waiting().findAny().isEmpty());
      waiting().forEach(Flow::askAgain);
    }
  }

  private Stream<Flow> waiting() {
    return flows.stream().filter(flow -> flow.answer == null);
  }

  /** From now on packets are sent. */
  void start() {
    sends = true;
    nextNanos = System.nanoTime();
    turnNanos = nextNanos;
  }

  /** Sends no more, and takes what is still under way. */
  void stop() throws IOException {
    sends = false;
    run(Duration.ofMillis(500));
  }

  /** Counts from here. */
  void mark() {
    ways.forEach(Way::mark);
    flows.forEach(flow -> flow.icmp = 0);
    ownLagNanos = 0;
  }

  void each(Consumer<Way> consumer) {
    ways.forEach(consumer);
  }

  /** Whether each direction has had a packet since then. */
  boolean allArrivedSince(long nanos) {
    return ways.stream().allMatch(way -> way.arrivedSince(nanos));
  }

  Outcome outcome(String name, int after) {
    return new Outcome(
        name,
        flows.size(),
        after,
        ways.stream().mapToLong(Way::gapMs).toArray(),
        ways.stream().mapToInt(Way::lost).toArray(),
        ways.stream().mapToInt(Way::twice).sum(),
        flows.stream().mapToInt(flow -> flow.icmp).sum(),
        ownLagNanos / 1_000_000);
  }

  void run(Duration time) throws IOException {
    long end = System.nanoTime() + time.toNanos();
    until(() -> System.nanoTime() > end);
  }

  /** Goes on until the condition holds; false if it does not in time. */
  boolean until(BooleanSupplier condition) throws IOException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    turnNanos = System.nanoTime();
    while (!condition.getAsBoolean()) {
      long now = System.nanoTime();
      if (now > deadline) {
        return false;
      }
      ownLagNanos = Math.max(ownLagNanos, now - turnNanos);
      turnNanos = now;
      send(now);
      selector.select(
          key -> {
            if (key.attachment() instanceof Flow flow) {
              flow.read((DatagramChannel) key.channel(), buffer);
            }
          },
          1);
    }
    return true;
  }

  private void send(long now) {
    if (!sends) {
      return;
    }
    long step = paceNanos / ways.size();
    // Who was away for longer than a round does not make up for it.
    nextNanos = Math.max(nextNanos, now - paceNanos);
    while (nextNanos <= now) {
      ways.get(next).send();
      next = (next + 1) % ways.size();
      nextNanos += step;
    }
  }

  @Override
  public void close() throws IOException {
    for (Flow flow : flows) {
      flow.close();
    }
    selector.close();
  }
}
