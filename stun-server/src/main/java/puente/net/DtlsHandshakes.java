package puente.net;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * What all loops share of DTLS: who the server is, and room for handshakes. A handshake that waits
 * for its client is a virtual thread, one that computes holds one of few permits as well: a flood
 * of handshakes takes a stated part of the processors and of memory, and no loop ever waits.
 */
public final class DtlsHandshakes {

  private final Supplier<DtlsIdentity> identity;
  private final Semaphore computing =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);
  private final AtomicInteger halfOpen = new AtomicInteger();
  private final Duration timeMax;
  private volatile int halfOpenMax;

  /**
   * @param identity asked at each handshake, so that a certificate can be replaced
   * @param halfOpenMax handshakes at a time
   * @param timeMax how long one may take
   */
  public DtlsHandshakes(Supplier<DtlsIdentity> identity, int halfOpenMax, Duration timeMax) {
    this.identity = identity;
    this.timeMax = timeMax;
    this.halfOpenMax = halfOpenMax;
  }

  public void limit(int newHalfOpenMax) {
    halfOpenMax = newHalfOpenMax;
  }

  /** Handshakes that have begun and not ended. */
  public int halfOpen() {
    return halfOpen.get();
  }

  Duration timeMax() {
    return timeMax;
  }

  DtlsIdentity identity() {
    return identity.get();
  }

  /** Room for one more; whoever gets it gives it back by {@link #ended}. */
  boolean begin() {
    if (halfOpen.incrementAndGet() > halfOpenMax) {
      halfOpen.decrementAndGet();
      return false;
    }
    return true;
  }

  void ended() {
    halfOpen.decrementAndGet();
  }

  void compute() {
    computing.acquireUninterruptibly();
  }

  void rest() {
    computing.release();
  }
}
