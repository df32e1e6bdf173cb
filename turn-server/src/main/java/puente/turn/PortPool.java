package puente.turn;

import java.util.random.RandomGenerator;

/**
 * The relay ports that one shard owns on one IP address: the pairs {@code 2k, 2k+1} with {@code k
 * mod shards = shard}, so that EVEN-PORT needs no talk between shards. Ports are chosen
 * unpredictably (RFC 6056, RFC 8656 §7.2). A port given back rests in quarantine, so that late
 * packets of its former peers do not reach its next user; when nothing else is left, the one that
 * has rested longest is taken. A port is always exactly one of free, held or quarantined.
 */
final class PortPool {

  static final int NONE = -1;

  private static final byte NOT_OURS = 0;
  private static final byte FREE = 1;
  private static final byte HELD = 2;
  private static final byte RESTING = 3;

  private final int firstPair;
  private final int shards;
  private final RandomGenerator random;
  private final byte[] stateOf;

  /** Indexes of free ports: even ones, odd ones; and the place of each index in its array. */
  private final int[][] free;

  private final int[] freeCount = new int[2];
  private final int[] placeOf;

  /** The quarantine: a list through the indexes, oldest first, and when each may be free again. */
  private final int[] next;

  private final int[] previous;
  private final long[] restedAtMs;
  private int oldest = NONE;
  private int youngest = NONE;
  private int resting;
  private int owned;

  PortPool(int portMin, int portMax, int shard, int shards, RandomGenerator random) {
    this.shards = shards;
    this.random = random;
    int pair = portMin >> 1;
    firstPair = pair + Math.floorMod(shard - pair, shards);
    int pairs = firstPair > portMax >> 1 ? 0 : ((portMax >> 1) - firstPair) / shards + 1;
    stateOf = new byte[2 * pairs];
    placeOf = new int[2 * pairs];
    next = new int[2 * pairs];
    previous = new int[2 * pairs];
    restedAtMs = new long[2 * pairs];
    free = new int[2][pairs];
    for (int i = 0; i < stateOf.length; i++) {
      if (portOf(i) >= portMin && portOf(i) <= portMax) {
        addFree(i);
        owned++;
      }
    }
  }

  /** Any port, or {@link #NONE}. */
  int take(long now) {
    endRests(now);
    int count = freeCount[0] + freeCount[1];
    if (count > 0) {
      int choice = random.nextInt(count);
      int parity = choice < freeCount[0] ? 0 : 1;
      return hold(free[parity][parity == 0 ? choice : choice - freeCount[0]]);
    }
    return oldest == NONE ? NONE : hold(oldest);
  }

  /** A port with an even number (RFC 8656 §7.2, EVEN-PORT), or {@link #NONE}. */
  int takeEven(long now) {
    endRests(now);
    if (freeCount[0] > 0) {
      return hold(free[0][random.nextInt(freeCount[0])]);
    }
    for (int i = oldest; i != NONE; i = next[i]) {
      if ((i & 1) == 0) {
        return hold(i);
      }
    }
    return NONE;
  }

  /** An even port whose next-higher one is held with it (EVEN-PORT with R), or {@link #NONE}. */
  int takePair(long now) {
    endRests(now);
    int start = freeCount[0] == 0 ? 0 : random.nextInt(freeCount[0]);
    for (int n = 0; n < freeCount[0]; n++) {
      int even = free[0][(start + n) % freeCount[0]];
      if (stateOf[even + 1] == FREE) {
        return holdPair(even);
      }
    }
    for (int i = oldest; i != NONE; i = next[i]) {
      int sibling = stateOf[i ^ 1];
      if (sibling == FREE || sibling == RESTING) {
        return holdPair(i & ~1);
      }
    }
    return NONE;
  }

  /** This very port, if it is of this shard and not held. */
  boolean takeExactly(int port) {
    if (!isOurs(port) || stateOf[indexOf(port)] == HELD) {
      return false;
    }
    hold(indexOf(port));
    return true;
  }

  /** Whether this shard owns it. */
  boolean isOurs(int port) {
    int pair = (port >> 1) - firstPair;
    int index = 2 * (pair / shards) + (port & 1);
    return pair >= 0 && pair % shards == 0 && index < stateOf.length && stateOf[index] != NOT_OURS;
  }

  /** Adds the ports that are not free. */
  void survey(PortMap map) {
    for (int i = 0; i < stateOf.length; i++) {
      int port = portOf(i);
      if (stateOf[i] == HELD && port >= map.min() && port <= map.max()) {
        map.use(port);
      } else if (stateOf[i] == RESTING && port >= map.min() && port <= map.max()) {
        map.rest(port);
      }
    }
  }

  /** Gives a held port back; it rests until then. */
  void giveBack(int port, long restedAtMs) {
    int i = indexOf(port);
    if (stateOf[i] != HELD) {
      throw new IllegalStateException("port " + port + " was not held");
    }
    stateOf[i] = RESTING;
    this.restedAtMs[i] = restedAtMs;
    next[i] = NONE;
    previous[i] = youngest;
    if (youngest == NONE) {
      oldest = i;
    } else {
      next[youngest] = i;
    }
    youngest = i;
    resting++;
  }

  /** Frees the ports that have rested long enough. */
  void endRests(long now) {
    while (oldest != NONE && restedAtMs[oldest] <= now) {
      int i = oldest;
      leaveQuarantine(i);
      addFree(i);
    }
  }

  /** When the next port has rested enough; {@link Long#MAX_VALUE} if none rests. */
  long nextRestedAtMs() {
    return oldest == NONE ? Long.MAX_VALUE : restedAtMs[oldest];
  }

  /** Ports that this shard owns. */
  int owned() {
    return owned;
  }

  int quarantined() {
    return resting;
  }

  int held() {
    return owned - resting - freeCount[0] - freeCount[1];
  }

  /** Whether {@link #take} would find one. */
  boolean hasAny() {
    return freeCount[0] + freeCount[1] + resting > 0;
  }

  private int holdPair(int even) {
    hold(even + 1);
    return hold(even);
  }

  private int hold(int i) {
    if (stateOf[i] == FREE) {
      int parity = i & 1;
      int last = free[parity][--freeCount[parity]];
      free[parity][placeOf[i]] = last;
      placeOf[last] = placeOf[i];
    } else {
      leaveQuarantine(i);
    }
    stateOf[i] = HELD;
    return portOf(i);
  }

  private void addFree(int i) {
    int parity = i & 1;
    stateOf[i] = FREE;
    placeOf[i] = freeCount[parity];
    free[parity][freeCount[parity]++] = i;
  }

  private void leaveQuarantine(int i) {
    if (previous[i] == NONE) {
      oldest = next[i];
    } else {
      next[previous[i]] = next[i];
    }
    if (next[i] == NONE) {
      youngest = previous[i];
    } else {
      previous[next[i]] = previous[i];
    }
    resting--;
  }

  private int portOf(int index) {
    return 2 * (firstPair + (index >> 1) * shards) + (index & 1);
  }

  private int indexOf(int port) {
    if (!isOurs(port)) {
      throw new IllegalArgumentException("port " + port + " is not of this shard");
    }
    return 2 * (((port >> 1) - firstPair) / shards) + (port & 1);
  }
}
