package puente.turn;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes per second of all shards together ({@code bps-capacity}), one direction. Shards take
 * small leases, so that they meet here seldom; a shard that falls silent keeps at most one lease.
 */
public final class Capacity {

  /** A lease: small beside any useful capacity, large beside a packet. */
  static final int LEASE_BYTES = 0x1_0000;

  private final long bytesPerSecond;
  private final AtomicLong available;
  private final AtomicLong filledMs = new AtomicLong(Long.MIN_VALUE);

  public Capacity(long bytesPerSecond) {
    if (bytesPerSecond <= 0) {
      throw new IllegalArgumentException("a capacity is more than nothing");
    }
    this.bytesPerSecond = bytesPerSecond;
    this.available = new AtomicLong(Math.max(bytesPerSecond, LEASE_BYTES));
  }

  public long bytesPerSecond() {
    return bytesPerSecond;
  }

  /** A lease of {@link #LEASE_BYTES}, or 0 when nothing is left now. */
  int lease(long now) {
    fill(now);
    long left = available.get();
    while (left >= LEASE_BYTES) {
      if (available.compareAndSet(left, left - LEASE_BYTES)) {
        return LEASE_BYTES;
      }
      left = available.get();
    }
    return 0;
  }

  private void fill(long now) {
    long last = filledMs.get();
    if (last == Long.MIN_VALUE) {
      filledMs.compareAndSet(last, now);
      return;
    }
    long elapsedMs = Math.min(now - last, 1000);
    if (elapsedMs <= 0 || !filledMs.compareAndSet(last, now)) {
      return;
    }
    long most = Math.max(bytesPerSecond, LEASE_BYTES);
    long gained = elapsedMs * bytesPerSecond / 1000;
    available.updateAndGet(left -> Math.min(left + gained, most));
  }

  /** One shard's hold on a capacity. For one thread. */
  static final class Share {

    private long leased;

    boolean allows(Capacity capacity, int bytes, long now) {
      if (leased <= 0) {
        leased += capacity.lease(now);
      }
      if (leased <= 0) {
        return false;
      }
      leased -= bytes;
      return true;
    }
  }
}
