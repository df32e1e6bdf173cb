package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Two people talking through the relay while something else happens: relay to relay, one over UDP
 * and one over a stream, numbered messages both ways, each of which must arrive once and intact.
 */
final class Call implements AutoCloseable {

  static final int CHANNEL = 0x4001;
  private static final int MAGIC = 0x50554e54;

  /** Few enough messages under way that no socket buffer between the two can overflow. */
  private static final int WINDOW = 16;

  private static final long PACE_NANOS = 500_000;
  private static final long REFRESH_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Side caller;
  private final Side callee;
  private final Thread talking;
  private volatile boolean over;

  Call(ServerProcess server) throws IOException {
    this(TurnClient.udp(server), TurnClient.tcp(server));
  }

  Call(TurnClient one, TurnClient other) {
    caller = new Side(one, 1);
    callee = new Side(other, 2);
    var callerRelay = one.allocate();
    var calleeRelay = other.allocate();
    Runnable bind =
        () -> {
          one.bind(CHANNEL, calleeRelay);
          other.bind(CHANNEL, callerRelay);
        };
    bind.run();
    caller.other = callee;
    callee.other = caller;
    talking = Thread.ofPlatform().name("call").start(() -> talk(bind));
  }

  /** Permissions last 300 seconds, so a long call refreshes them (RFC 8656 §9). */
  private void talk(Runnable bind) {
    long refreshAt = System.nanoTime() + REFRESH_NANOS;
    while (!over) {
      caller.sendNext();
      callee.sendNext();
      if (System.nanoTime() > refreshAt) {
        bind.run();
        refreshAt = System.nanoTime() + REFRESH_NANOS;
      }
      java.util.concurrent.locks.LockSupport.parkNanos(PACE_NANOS);
    }
  }

  /** Waits until this many more messages of the caller have arrived. */
  void carries(int messages) {
    int goal = callee.received.get() + messages;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (callee.received.get() < goal) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the call stalled: " + state());
      }
      java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
    }
  }

  /** Ends the call; what was sent must have arrived. */
  void assertNothingLost() {
    over = true;
    try {
      talking.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    caller.drain();
    callee.drain();
    assertEquals(caller.sent.get(), callee.received.get(), state());
    assertEquals(callee.sent.get(), caller.received.get(), state());
    assertEquals(0, caller.corrupt.get() + callee.corrupt.get(), state());
  }

  String state() {
    return "call: sent %d, arrived %d; sent %d, arrived %d; corrupt %d, %d; twice %d, %d"
        .formatted(
            caller.sent.get(),
            callee.received.get(),
            callee.sent.get(),
            caller.received.get(),
            caller.corrupt.get(),
            callee.corrupt.get(),
            caller.twice.get(),
            callee.twice.get());
  }

  @Override
  public void close() {
    over = true;
    caller.client.close();
    callee.client.close();
  }

  private static final class Side {
    final TurnClient client;
    final int number;
    final AtomicInteger sent = new AtomicInteger();
    final AtomicInteger received = new AtomicInteger();
    final AtomicInteger corrupt = new AtomicInteger();
    final AtomicInteger twice = new AtomicInteger();
    final Semaphore window = new Semaphore(WINDOW);
    private final BitSet seen = new BitSet();
    Side other = this;

    Side(TurnClient client, int number) {
      this.client = client;
      this.number = number;
      client.onData(this::accept);
    }

    void sendNext() {
      try {
        // A lost message never frees its place; after a second its loss is for the count to tell.
        window.tryAcquire(1, TimeUnit.SECONDS);
        client.sendChannel(CHANNEL, message(number, sent.getAndIncrement()));
      } catch (IOException | InterruptedException e) {
        throw new AssertionError("the call broke", e);
      }
    }

    /** Foreign payloads, which a fuzzed client may aim at us, do not count. */
    private void accept(byte[] payload) {
      if (payload.length < 12 || ByteBuffer.wrap(payload).getInt() != MAGIC) {
        return;
      }
      int sender = ByteBuffer.wrap(payload).getInt(4);
      int serial = ByteBuffer.wrap(payload).getInt(8);
      if (!java.util.Arrays.equals(payload, message(sender, serial)) || sender == number) {
        corrupt.incrementAndGet();
      } else if (seen.get(serial)) {
        twice.incrementAndGet();
      } else {
        seen.set(serial);
        received.incrementAndGet();
        other.window.release();
      }
    }

    void drain() {
      try {
        window.tryAcquire(WINDOW, 5, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private static byte[] message(int sender, int serial) {
      var random = new Random(serial * 31L + sender);
      var payload = new byte[12 + random.nextInt(1_100)];
      random.nextBytes(payload);
      ByteBuffer.wrap(payload).putInt(MAGIC).putInt(sender).putInt(serial);
      return payload;
    }
  }
}
