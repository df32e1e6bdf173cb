package puente.turn;

import java.util.random.RandomGenerator;
import puente.stun.Family;
import puente.stun.TransportAddress;

/**
 * Bounds the unauthenticated answers that one source address gets over UDP, where sources can be
 * spoofed: a token bucket per IPv4 address and per IPv6 /64, in a table of fixed size. Whoever
 * authenticates gets the token of its challenge back, so that a crowd of honest clients behind one
 * NAT is not held up. Addresses that fall on one bucket share it; nobody outside can choose that,
 * because the hash is keyed. For one thread.
 */
final class UnauthorizedLimit {

  private static final int BUCKETS = 1 << 13;

  private final long seed;

  /** Upper half: thousandths of tokens spent; lower half: the time of that, mod 2^32 ms. */
  private final long[] spent = new long[BUCKETS];

  private int perSecond;
  private int burst;

  UnauthorizedLimit(RandomGenerator random, int perSecond, int burst) {
    this.seed = random.nextLong();
    limit(perSecond, burst);
  }

  /** 0 a second is no limit. */
  void limit(int newPerSecond, int newBurst) {
    perSecond = newPerSecond;
    burst = newBurst;
  }

  /** Whether one more answer may go to this source now; if so it is spent. */
  boolean allows(TransportAddress source, long now) {
    if (perSecond == 0) {
      return true;
    }
    int i = bucketOf(source);
    long used = usedAt(i, now);
    if (used + 1000 > 1000L * burst) {
      return false;
    }
    set(i, used + 1000, now);
    return true;
  }

  /** The source has shown that it is there and knows a password. */
  void refund(TransportAddress source, long now) {
    if (perSecond == 0) {
      return;
    }
    int i = bucketOf(source);
    set(i, Math.max(0, usedAt(i, now) - 1000), now);
  }

  private long usedAt(int i, long now) {
    long elapsedMs = now - spent[i] & 0xffff_ffffL;
    return Math.max(0, (spent[i] >>> 32) - Math.min(elapsedMs, 3_600_000) * perSecond);
  }

  private void set(int i, long used, long now) {
    spent[i] = used << 32 | now & 0xffff_ffffL;
  }

  private int bucketOf(TransportAddress source) {
    long key = source.family() == Family.IPV4 ? source.lo() : source.hi();
    long h = (key ^ seed) * 0x9e37_79b9_7f4a_7c15L;
    h = (h ^ h >>> 32) * 0xbf58_476d_1ce4_e5b9L;
    return (int) (h ^ h >>> 29) & BUCKETS - 1;
  }
}
