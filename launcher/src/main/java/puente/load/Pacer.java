package puente.load;

import io.netty.channel.IoEventLoop;
import java.util.concurrent.TimeUnit;

/**
 * Calls at a constant rate, whatever comes of the calls (open loop). Each call hears when it was due,
 * which is where its latency counts from: who falls behind does not thereby look fast.
 */
final class Pacer {

  /** One thing to do. */
  interface Step {
    void take(long number, long due);
  }

  /** The loop sleeps at least so long: waking up for every packet would be most of the work. */
  private static final long SLEEP_MIN_NS = 50_000;

  /** After so many in a row, what came in meanwhile is read first. */
  private static final int ROW_MAX = 256;

  /** So far behind at the end, the rest is given up. */
  private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(1);

  private final IoEventLoop loop;
  private final double perSecond;
  private final long begin;
  private final long total;
  private final Step step;
  private final Runnable afterRow;
  private final Runnable atEnd;
  private final Tally tally;
  private final boolean isPatient;
  private final Runnable tick = this::tick;
  private long next;
  private boolean stopped;

  private Pacer(
      Worker worker,
      double perSecond,
      long begin,
      long total,
      Step step,
      Runnable atEnd,
      boolean isPatient) {
    this.isPatient = isPatient;
    this.loop = worker.loop();
    this.tally = worker.tally();
    this.perSecond = perSecond;
    this.begin = begin;
    this.total = total;
    this.step = step;
    this.afterRow = worker::flush;
    this.atEnd = atEnd;
  }

  /** For a load: from {@code begin} on, and what could not be begun in time is given up. */
  static Pacer of(
      Worker worker, double perSecond, long begin, long total, Step step, Runnable atEnd) {
    return new Pacer(worker, perSecond, begin, total, step, atEnd, false);
  }

  /** For what must be done: from now on, however long it takes. */
  static Pacer patient(Worker worker, double perSecond, long total, Step step) {
    return new Pacer(worker, perSecond, System.nanoTime(), total, step, () -> {}, true);
  }

  void start() {
    schedule(System.nanoTime());
  }

  /** Nothing more is done, and the end has come. */
  void stop() {
    stopped = true;
  }

  private void tick() {
    long now = System.nanoTime();
    int row = 0;
    while (next < total && !stopped && due(next) <= now && row < ROW_MAX) {
      long due = due(next);
      tally.lag(now - due);
      step.take(next++, due);
      row++;
    }
    afterRow.run();
    if (!isPatient && now - due(total) > PATIENCE_NS && next < total) {
      tally.unsent += total - next;
      next = total;
    }
    if (next >= total || stopped) {
      atEnd.run();
    } else {
      schedule(System.nanoTime());
    }
  }

  private void schedule(long now) {
    long wait = due(next) - now;
    if (wait <= 0) {
      loop.execute(tick);
    } else {
      loop.schedule(tick, Math.max(wait, SLEEP_MIN_NS), TimeUnit.NANOSECONDS);
    }
  }

  private long due(long number) {
    return begin + (long) (number * 1e9 / perSecond);
  }
}
