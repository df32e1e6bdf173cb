package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.turn.store.Capacity;
import puente.turn.store.SourceLimit;

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
 * @param sharedSources the same for all shards; null lets each shard count by itself
 */
public record Limits(
    long bytesPerSecond,
    @Nullable Capacity capacityUp,
    @Nullable Capacity capacityDown,
    int permissions,
    int channels,
    int unauthorizedPerSecond,
    int unauthorizedBurst,
    @Nullable SourceLimit sharedSources) {

  public static final Limits STANDARD = new Limits(0, null, null, 1024, 256, 10, 100, null);

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
        unauthorizedBurst,
        sharedSources);
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
        unauthorizedBurst,
        sharedSources);
  }

  public Limits withPeers(int newPermissions, int newChannels) {
    return new Limits(
        bytesPerSecond,
        capacityUp,
        capacityDown,
        newPermissions,
        newChannels,
        unauthorizedPerSecond,
        unauthorizedBurst,
        sharedSources);
  }

  public Limits withUnauthorized(int perSecond, int burst) {
    return new Limits(
        bytesPerSecond,
        capacityUp,
        capacityDown,
        permissions,
        channels,
        perSecond,
        burst,
        sharedSources);
  }

  /** What all shards count together. */
  public Limits withShared(@Nullable Capacity up, @Nullable Capacity down, SourceLimit sources) {
    return new Limits(
        bytesPerSecond,
        up,
        down,
        permissions,
        channels,
        unauthorizedPerSecond,
        unauthorizedBurst,
        sources);
  }

  SourceLimit sources(long seed) {
    return sharedSources == null
        ? new SourceLimit(seed, unauthorizedPerSecond, unauthorizedBurst)
        : sharedSources;
  }
}
