package puente.turn;

/**
 * A token bucket of bytes that holds one second's worth, and may go into debt by one packet, so
 * that a large one is not starved by a low rate. For one thread.
 */
final class Bandwidth {

  private final long bytesPerSecond;
  private long thousandths;
  private long filledMs;

  Bandwidth(long bytesPerSecond, long now) {
    this.bytesPerSecond = bytesPerSecond;
    this.thousandths = 1000 * bytesPerSecond;
    this.filledMs = now;
  }

  /** Whether this many bytes may pass now; if so they are spent. */
  boolean allows(int bytes, long now) {
    if (now > filledMs) {
      // Beyond a second the bucket is full, whatever it was: this also keeps the product in range.
      long elapsedMs = Math.min(now - filledMs, 1000);
      thousandths = Math.min(thousandths + elapsedMs * bytesPerSecond, 1000 * bytesPerSecond);
      filledMs = now;
    }
    if (thousandths <= 0) {
      return false;
    }
    thousandths -= 1000L * bytes;
    return true;
  }
}
