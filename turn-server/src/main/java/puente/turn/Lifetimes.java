package puente.turn;

/**
 * How long things live, in seconds.
 *
 * @param defaultSeconds of an allocation whose client does not ask for more (RFC 8656 §7.2)
 * @param maxSeconds the most a client can ask for
 * @param permissionSeconds 300 by RFC 8656 §9
 * @param channelSeconds 600 by RFC 8656 §12
 * @param reservationSeconds at least 30 by RFC 8656 §7.2
 * @param nonceSeconds {@code stale-nonce}
 * @param quarantineMs how long a port rests before its next use
 */
public record Lifetimes(
    int defaultSeconds,
    int maxSeconds,
    int permissionSeconds,
    int channelSeconds,
    int reservationSeconds,
    int nonceSeconds,
    long quarantineMs) {

  public static final Lifetimes STANDARD = new Lifetimes(600, 3600, 300, 600, 30, 600, 10_000);

  public Lifetimes {
    if (defaultSeconds <= 0
        || maxSeconds < defaultSeconds
        || permissionSeconds <= 0
        || channelSeconds <= 0
        || reservationSeconds < 30
        || nonceSeconds <= 0
        || quarantineMs < 0) {
      throw new IllegalArgumentException("a lifetime is out of its range");
    }
  }

  /** RFC 8656 §7.2 and §8.2, the lifetime of an allocation whose client proposes this one. */
  int granted(int proposedSeconds) {
    // 32 unsigned bits on the wire.
    long capped = Math.min(proposedSeconds & 0xffff_ffffL, maxSeconds);
    return (int) Math.max(capped, defaultSeconds);
  }

  public Lifetimes withAllocation(int newDefaultSeconds, int newMaxSeconds) {
    return new Lifetimes(
        newDefaultSeconds,
        newMaxSeconds,
        permissionSeconds,
        channelSeconds,
        reservationSeconds,
        nonceSeconds,
        quarantineMs);
  }

  public Lifetimes withPermission(int seconds) {
    return new Lifetimes(
        defaultSeconds,
        maxSeconds,
        seconds,
        channelSeconds,
        reservationSeconds,
        nonceSeconds,
        quarantineMs);
  }

  public Lifetimes withChannel(int seconds) {
    return new Lifetimes(
        defaultSeconds,
        maxSeconds,
        permissionSeconds,
        seconds,
        reservationSeconds,
        nonceSeconds,
        quarantineMs);
  }

  public Lifetimes withNonce(int seconds) {
    return new Lifetimes(
        defaultSeconds,
        maxSeconds,
        permissionSeconds,
        channelSeconds,
        reservationSeconds,
        seconds,
        quarantineMs);
  }

  public Lifetimes withQuarantine(long ms) {
    return new Lifetimes(
        defaultSeconds,
        maxSeconds,
        permissionSeconds,
        channelSeconds,
        reservationSeconds,
        nonceSeconds,
        ms);
  }

  static int secondsUntil(long expiresMs, long now) {
    return (int) Math.max(0, (expiresMs - now) / 1000);
  }
}
