package puente.launcher;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How late event loops are. Each loop is asked a few times a second to come by; what lies between
 * two visits is not seen, so short delays are sampled and long ones certain to be noticed.
 */
final class NodeMetricsLag implements AutoCloseable {

  /** Often enough for a scrape every 15 s to have 60 samples, too seldom to be felt. */
  static final long BEAT_MS = 250;

  static final double[] BOUNDS_SECONDS = {
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 10
  };

  /** The sum of what was observed is in nanoseconds. */
  static final double UNITS_PER_SECOND = 1e9;

  private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);
  private static final long BEAT_NANOS = BEAT_MS * 1_000_000;

  private final List<Loop> loops;
  private volatile boolean closed;

  NodeMetricsLag(List<? extends ScheduledExecutorService> executors) {
    loops = executors.stream().map(Loop::new).toList();
    loops.forEach(Loop::next);
  }

  /** A count for each bound, one for the rest, and the sum in nanoseconds: of all loops. */
  long[] observed() {
    long[] sum = new long[BOUNDS_SECONDS.length + 2];
    for (Loop loop : loops) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += (long) CELL.getOpaque(loop.cells, i);
      }
    }
    return sum;
  }

  /** For how long the slowest loop has been away by now; 0 if all come by in time. */
  long longestSilenceMs() {
    long now = System.nanoTime();
    long lateNanos = loops.stream().mapToLong(loop -> now - loop.due).max().orElse(0);
    return Math.max(0, lateNanos / 1_000_000);
  }

  /** The latest that one of the loops came round since the last call. */
  long takeWorstNanos() {
    return loops.stream().mapToLong(loop -> loop.worst.getAndSet(0)).max().orElse(0);
  }

  @Override
  public void close() {
    closed = true;
  }

  /** Cells are written by the loop alone. */
  private final class Loop implements Runnable {
    private final ScheduledExecutorService executor;
    private final long[] cells = new long[BOUNDS_SECONDS.length + 2];
    private final AtomicLong worst = new AtomicLong();
    private volatile long due;

    Loop(ScheduledExecutorService executor) {
      this.executor = executor;
    }

    void next() {
      due = System.nanoTime() + BEAT_NANOS;
      executor.schedule(this, BEAT_MS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void run() {
      long late = Math.max(0, System.nanoTime() - due);
      int bucket = 0;
      while (bucket < BOUNDS_SECONDS.length && late > BOUNDS_SECONDS[bucket] * UNITS_PER_SECOND) {
        bucket++;
      }
      worst.accumulateAndGet(late, Math::max);
      add(bucket, 1);
      add(cells.length - 1, late);
      if (!closed) {
        next();
      }
    }

    private void add(int cell, long change) {
      CELL.setOpaque(cells, cell, cells[cell] + change);
    }
  }
}
