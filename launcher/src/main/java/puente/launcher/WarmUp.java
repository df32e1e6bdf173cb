package puente.launcher;

import java.util.function.LongSupplier;
import org.slf4j.event.Level;

/**
 * Rehearses beside a server that has nothing to do yet, so that its code is compiled when clients
 * come. They compile it themselves otherwise, and the first ten thousand allocations cost several
 * times what later ones do. As soon as there are clients it is over: they need the processor more.
 */
final class WarmUp {
  /** More in a tenth of a second is not somebody who only looks whether there is a server. */
  private static final int FEW = 20;

  private static final long LOOK_NANOS = 100_000_000;

  private final Rehearsal.Stage stage;
  private final LongSupplier received;
  private final Thread thread;
  private volatile boolean isEnded;
  private long seen;
  private long looked;

  private WarmUp(Rehearsal.Stage stage, LongSupplier received) {
    this.stage = stage;
    this.received = received;
    thread = Thread.ofPlatform().daemon().name("warm-up").unstarted(this::play);
  }

  /**
   * Begins it, on a thread of its own.
   *
   * @param received datagrams of real clients so far
   */
  static WarmUp begin(Rehearsal.Stage stage, LongSupplier received) {
    WarmUp warmUp = new WarmUp(stage, received);
    warmUp.thread.start();
    return warmUp;
  }

  private void play() {
    seen = received.getAsLong();
    long begun = System.nanoTime();
    looked = begun;
    boolean played = Rehearsal.play(stage, Rehearsal.Extent.TO_WARM_UP, this::isUnwanted);
    if (isEnded) {
      Events.log(Level.DEBUG, "warm-up-left", "meaning", "clients have come");
    } else if (played) {
      Events.info("warmed-up", "ms", (System.nanoTime() - begun) / 1_000_000);
    }
  }

  private boolean isUnwanted() {
    long now = System.nanoTime();
    if (!isEnded && now - looked > LOOK_NANOS) {
      long count = received.getAsLong();
      isEnded = count - seen > FEW;
      seen = count;
      looked = now;
    }
    return isEnded;
  }

  /** Lets the rest be, and waits until nothing of it is left. */
  void end() throws InterruptedException {
    isEnded = true;
    thread.join();
  }
}
