package puente.turn;

import org.jspecify.annotations.Nullable;

/**
 * What a client may use. Quotas on allocations are the store's.
 *
 * @param bytesPerSecond {@code max-bps} of one allocation, each direction for itself; 0 is no limit
 * @param capacityUp {@code bps-capacity} of all shards towards peers; null is no limit
 * @param capacityDown the same towards clients
 * @param permissions of one allocation at a time
 * @param channels of one allocation at a time
 * @param unauthorizedPerSecond unauthenticated answers to one source over UDP; 0 is no limit
 * @param unauthorizedBurst how many of them at once
 */
public record Limits(
    long bytesPerSecond,
    @Nullable Capacity capacityUp,
    @Nullable Capacity capacityDown,
    int permissions,
    int channels,
    int unauthorizedPerSecond,
    int unauthorizedBurst) {

  public static final Limits STANDARD = new Limits(0, null, null, 1024, 256, 10, 100);

  public Limits {
    if (bytesPerSecond < 0
        || permissions <= 0
        || channels <= 0
        || unauthorizedPerSecond < 0
        || unauthorizedBurst < 0) {
      throw new IllegalArgumentException("a limit is out of its range");
    }
  }

  public Limits withBytesPerSecond(long newBytesPerSecond) {
    return new Limits(
        newBytesPerSecond,
        capacityUp,
        capacityDown,
        permissions,
        channels,
        unauthorizedPerSecond,
        unauthorizedBurst);
  }

  /** All shards must be given the same limits, as they share the capacity through them. */
  public Limits withCapacity(long bytesPerSecondEachWay) {
    return new Limits(
        bytesPerSecond,
        new Capacity(bytesPerSecondEachWay),
        new Capacity(bytesPerSecondEachWay),
        permissions,
        channels,
        unauthorizedPerSecond,
        unauthorizedBurst);
  }

  public Limits withPeers(int newPermissions, int newChannels) {
    return new Limits(
        bytesPerSecond,
        capacityUp,
        capacityDown,
        newPermissions,
        newChannels,
        unauthorizedPerSecond,
        unauthorizedBurst);
  }

  public Limits withUnauthorized(int perSecond, int burst) {
    return new Limits(
        bytesPerSecond, capacityUp, capacityDown, permissions, channels, perSecond, burst);
  }
}
