package puente.signal;

/** Lets through so much a second and a burst beyond it. Time is an argument. */
final class TokenBucket {
  private final double perMs;
  private final double burst;
  private double tokens;
  private long lastMs;

  TokenBucket(double perSecond, double burst, long nowMs) {
    perMs = perSecond / 1000;
    this.burst = burst;
    tokens = burst;
    lastMs = nowMs;
  }

  /** Takes one token if there is one. */
  boolean take(long nowMs) {
    fill(nowMs);
    if (tokens < 1) {
      return false;
    }
    tokens--;
    return true;
  }

  /** How long until there is a token again; 0 if there is one. */
  long waitMs(long nowMs) {
    fill(nowMs);
    return tokens >= 1 ? 0 : (long) Math.ceil((1 - tokens) / perMs);
  }

  /** Whether nothing would be forgotten with it. */
  boolean isFull(long nowMs) {
    fill(nowMs);
    return tokens >= burst;
  }

  private void fill(long nowMs) {
    if (nowMs > lastMs) {
      tokens = Math.min(burst, tokens + (nowMs - lastMs) * perMs);
      lastMs = nowMs;
    }
  }
}
