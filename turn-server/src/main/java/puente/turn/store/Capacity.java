package puente.turn.store;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes per second that several allocations share, one direction: of a whole node ({@code
 * bps-capacity}), of a user, of all nodes. Whoever sends takes small leases, so that shards meet
 * here seldom; who falls silent keeps at most one lease. Of what all nodes share, a node has its
 * part: {@link #rate}.
 */
public final class Capacity implements RateLeases.Claimant {

  /** The largest lease: small beside any useful capacity, large beside a packet. */
  static final int LEASE_MAX = 0x1_0000;

  /** The smallest one: a packet of an ordinary network fits into it. */
  private static final int LEASE_MIN = 1500;

  /** So many leases make a second. */
  private static final int LEASES_PER_SECOND = 32;

  private final AtomicLong available = new AtomicLong();
  private final AtomicLong filledMs = new AtomicLong(Long.MIN_VALUE);
  private final AtomicLong taken = new AtomicLong();
  private volatile boolean starved;
  private volatile long limit;
  private volatile long cap = Long.MAX_VALUE;
  private volatile long part;
  private long askedMs;

  public Capacity(long bytesPerSecond) {
    this(bytesPerSecond, bytesPerSecond);
  }

  Capacity(long bytesPerSecond, long firstPart) {
    check(bytesPerSecond);
    limit = bytesPerSecond;
    part = firstPart;
    available.set(most());
  }

  private static void check(long bytesPerSecond) {
    if (bytesPerSecond <= 0) {
      throw new IllegalArgumentException("a capacity is more than nothing");
    }
  }

  /**
   * From now on; this node has all of it until it hears of another part.
   *
   * @param bytesPerSecond of all nodes together
   * @param ownMost this node never has more
   */
  public void limit(long bytesPerSecond, long ownMost) {
    check(bytesPerSecond);
    check(ownMost);
    if (limit != bytesPerSecond) {
      limit = bytesPerSecond;
      part = bytesPerSecond;
    }
    cap = ownMost;
  }

  @Override
  public long limit() {
    return limit;
  }

  /** What this node may use of it. */
  public long bytesPerSecond() {
    return Math.min(part, cap);
  }

  @Override
  public void rate(long perSecond) {
    part = perSecond;
  }

  /** Twice of what went through lately, for growth; all of it where something was refused. */
  @Override
  public long demand(long nowMs) {
    long bytes = taken.getAndSet(0);
    boolean wanting = starved;
    starved = false;
    long elapsedMs = Math.clamp(nowMs - askedMs, 1, 60_000);
    askedMs = nowMs;
    return Math.min(cap, wanting ? limit : Math.min(limit, 2 * (bytes * 1000 / elapsedMs)));
  }

  /** A lease of some bytes, or 0 when nothing is left now. */
  private int lease(long now) {
    fill(now);
    int bytes = leaseBytes();
    long left = available.get();
    while (left >= bytes) {
      if (available.compareAndSet(left, left - bytes)) {
        taken.addAndGet(bytes);
        return bytes;
      }
      left = available.get();
    }
    starved = true;
    return 0;
  }

  private int leaseBytes() {
    return Math.clamp(bytesPerSecond() / LEASES_PER_SECOND, LEASE_MIN, LEASE_MAX);
  }

  private long most() {
    return Math.max(bytesPerSecond(), LEASE_MIN);
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
    long gained = elapsedMs * bytesPerSecond() / 1000;
    available.updateAndGet(left -> Math.min(left + gained, most()));
  }

  /** One sender's hold on a capacity. For one thread. */
  public static final class Share {

    private final Capacity capacity;
    private long leased;

    public Share(Capacity capacity) {
      this.capacity = capacity;
    }

    /** Whether this many bytes may pass now; if so they are spent. */
    public boolean allows(int bytes, long now) {
      while (leased <= 0) {
        int more = capacity.lease(now);
        if (more == 0) {
          return false;
        }
        leased += more;
      }
      leased -= bytes;
      return true;
    }
  }
}
