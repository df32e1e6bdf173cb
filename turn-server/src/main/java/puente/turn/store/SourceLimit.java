package puente.turn.store;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import puente.stun.Family;
import puente.stun.TransportAddress;

/**
 * Bounds the unauthenticated answers that one source address gets over UDP, where sources can be
 * spoofed: a token bucket per IPv4 address and per IPv6 /64, in a table of fixed size that all
 * shards share. Whoever authenticates gets the token of its challenge back, so that a crowd of
 * honest clients behind one NAT is not held up. Addresses that fall on one bucket share it; nobody
 * outside can choose that, because the hash is keyed.
 *
 * <p>Over several nodes each has its even part for every source. A source that is refused here is
 * told to the others, and gets more per second of what it does not use there ({@link RateLeases});
 * but never more at once than the even part.
 */
public final class SourceLimit {

  private static final int BUCKETS = 1 << 13;

  /** Sources whose refusals are told to the other nodes in one round. */
  private static final int HOT_SLOTS = 256;

  /** A source that was not refused for so many rounds gives back what it was lent. */
  private static final int HOT_ROUNDS = 5;

  private static final int HOT_MAX = 1024;

  private final long seed;

  /** Upper half: thousandths of tokens spent; lower half: the time of that, mod 2^32 ms. */
  private final AtomicLongArray spent = new AtomicLongArray(BUCKETS);

  private final AtomicReferenceArray<TransportAddress> refused =
      new AtomicReferenceArray<>(HOT_SLOTS);
  private final Map<TransportAddress, Hot> hotBySource = new HashMap<>();
  private volatile int perSecond;
  private volatile int burst;
  private volatile int nodes = 1;

  /** Thousandths of answers per second, of buckets that are lent more than an even part. */
  private volatile Map<Integer, Long> lentByBucket = Map.of();

  /**
   * @param perSecond 0 is no limit
   */
  public SourceLimit(long seed, int perSecond, int burst) {
    this.seed = seed;
    limit(perSecond, burst);
  }

  /** From now on. */
  public void limit(int newPerSecond, int newBurst) {
    perSecond = newPerSecond;
    burst = newBurst;
  }

  /** Among how many nodes the limit is shared. */
  public void nodes(int newNodes) {
    nodes = Math.max(1, newNodes);
  }

  /** Whether one more answer may go to this source now; if so it is spent. */
  public boolean allows(TransportAddress source, long now) {
    if (perSecond == 0) {
      return true;
    }
    int i = bucketOf(source);
    long rate = rateOf(i);
    while (true) {
      long before = spent.get(i);
      long used = usedAt(before, rate, now);
      if (used + 1000 > Math.max(1000, 1000L * burst / nodes)) {
        refused.set(i & HOT_SLOTS - 1, LocalStore.sourceOf(source));
        return false;
      }
      if (spent.compareAndSet(i, before, packed(used + 1000, now))) {
        return true;
      }
    }
  }

  /** The source has shown that it is there and knows a password. */
  public void refund(TransportAddress source, long now) {
    if (perSecond == 0) {
      return;
    }
    int i = bucketOf(source);
    long rate = rateOf(i);
    long before;
    long after;
    do {
      before = spent.get(i);
      after = packed(Math.max(0, usedAt(before, rate, now) - 1000), now);
    } while (!spent.compareAndSet(i, before, after));
  }

  /** What to tell the other nodes, by source; once a round, on one thread. */
  public Map<String, RateLeases.Claimant> claimants() {
    for (int i = 0; i < HOT_SLOTS; i++) {
      TransportAddress source = refused.getAndSet(i, null);
      if (source != null && (hotBySource.size() < HOT_MAX || hotBySource.containsKey(source))) {
        hotBySource.computeIfAbsent(source, unused -> new Hot()).coldRounds = 0;
      }
    }
    hotBySource.values().removeIf(hot -> ++hot.coldRounds > HOT_ROUNDS);
    Map<Integer, Long> lent = new HashMap<>();
    Map<String, RateLeases.Claimant> claimants = new HashMap<>();
    hotBySource.forEach(
        (source, hot) -> {
          lent.merge(bucketOf(source), hot.part, Math::max);
          claimants.put("401 " + source.ip(), hot);
        });
    lentByBucket = Map.copyOf(lent);
    return claimants;
  }

  /** Thousandths of answers per second. */
  private long rateOf(int bucket) {
    long even = Math.max(1, 1000L * perSecond / nodes);
    Map<Integer, Long> lent = lentByBucket;
    return lent.isEmpty() ? even : Math.max(even, lent.getOrDefault(bucket, 0L));
  }

  /** Thousandths of tokens that are still spent: each second gives back as many as the rate. */
  private static long usedAt(long spent, long rate, long now) {
    long elapsedMs = now - spent & 0xffff_ffffL;
    return Math.max(0, (spent >>> 32) - Math.min(elapsedMs, 3_600_000) * rate / 1000);
  }

  private static long packed(long used, long now) {
    return used << 32 | now & 0xffff_ffffL;
  }

  private int bucketOf(TransportAddress source) {
    long key = source.family() == Family.IPV4 ? source.lo() : source.hi();
    long h = (key ^ seed) * 0x9e37_79b9_7f4a_7c15L;
    h = (h ^ h >>> 32) * 0xbf58_476d_1ce4_e5b9L;
    return (int) (h ^ h >>> 29) & BUCKETS - 1;
  }

  /** A source that was refused lately. */
  private final class Hot implements RateLeases.Claimant {
    private int coldRounds;
    private long part;

    @Override
    public long limit() {
      return 1000L * perSecond;
    }

    /** Whoever is refused wants all; it keeps that for some rounds, and then nothing. */
    @Override
    public long demand(long nowMs) {
      return coldRounds < HOT_ROUNDS ? limit() : 0;
    }

    @Override
    public void rate(long thousandthsPerSecond) {
      part = thousandthsPerSecond;
    }
  }
}
