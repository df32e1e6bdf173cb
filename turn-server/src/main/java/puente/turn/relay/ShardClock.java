package puente.turn.relay;

/**
 * Epoch milliseconds that never jump: the wall clock once, at the start, and the monotonic clock
 * from there.
 */
final class ShardClock {

  private static final long NANOS_PER_MS = 1_000_000;

  private final long startMs = System.currentTimeMillis();
  private final long startNanos = System.nanoTime();

  long nowMs() {
    return startMs + (System.nanoTime() - startNanos) / NANOS_PER_MS;
  }
}
