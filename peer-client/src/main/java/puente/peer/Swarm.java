package puente.peer;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Which block to ask of whom, of one file. The rarest first, so that what one peer has got the others
 * can get from it; what another receiver has or is about to get is not asked of the sender, who so has
 * to send each block about once; and over a relay goes only what nobody offers directly. A function
 * of what it is told and of time.
 *
 * @param <P> who has blocks
 */
final class Swarm<P> {
  /** Nothing came from a peer for so long: what it was asked may be asked of another, too. */
  static final long STALE_MS = 4_000;

  /** Asked of one peer at a time: the next is on its way while one arrives. */
  private static final int PIPELINE = 3;

  private static final int PIPELINE_RELAYED = 2;

  record Request<P>(P of, int block) {}

  private static final class Source<P> {
    final P peer;
    final BitSet has = new BitSet();
    final BitSet fetches = new BitSet();
    final BitSet asked = new BitSet();
    boolean isDirect = true;
    boolean isAway;
    long progressAt;

    Source(P peer) {
      this.peer = peer;
    }

    boolean isFree() {
      return !isAway && asked.cardinality() < (isDirect ? PIPELINE : PIPELINE_RELAYED);
    }

    boolean isStale(long now) {
      return !asked.isEmpty() && (isAway || now - progressAt > STALE_MS);
    }
  }

  private final int blocks;
  private final BitSet here;
  private final RandomGenerator random;
  private final Map<P, Source<P>> sources = new LinkedHashMap<>();
  private long idleSince = -1;

  /**
   * @param here blocks that need not be asked for
   */
  Swarm(int blocks, BitSet here, RandomGenerator random) {
    this.blocks = blocks;
    this.here = (BitSet) here.clone();
    this.random = random;
  }

  private Source<P> source(P peer) {
    return sources.computeIfAbsent(peer, Source::new);
  }

  void has(P peer, int from, BitSet has) {
    Source<P> source = source(peer);
    for (int i = has.nextSetBit(0); i >= 0 && from + i < blocks; i = has.nextSetBit(i + 1)) {
      source.has.set(from + i);
      source.fetches.clear(from + i);
    }
  }

  void fetches(P peer, int block) {
    if (block >= 0 && block < blocks) {
      source(peer).fetches.set(block);
    }
  }

  void path(P peer, boolean isDirect) {
    source(peer).isDirect = isDirect;
  }

  /** Nothing is heard of it: it is not waited for, but what it was asked for is welcome. */
  void away(P peer, boolean isAway) {
    source(peer).isAway = isAway;
  }

  void gone(P peer) {
    sources.remove(peer);
  }

  boolean isAsked(P peer, int block) {
    Source<P> source = sources.get(peer);
    return source != null && source.asked.get(block);
  }

  void progress(P peer, long now) {
    source(peer).progressAt = now;
  }

  void arrived(int block) {
    here.set(block);
    sources.values().forEach(source -> source.asked.clear(block));
  }

  /** It was not what it should be, or will not come. */
  void failed(P peer, int block) {
    source(peer).asked.clear(block);
    source(peer).has.clear(block);
  }

  /** Whether somebody has something, or may get something, that is missing here. */
  boolean isHopeful() {
    BitSet useful = new BitSet();
    for (Source<P> source : sources.values()) {
      useful.or(source.has);
      useful.or(source.fetches);
    }
    useful.andNot(here);
    return !useful.isEmpty();
  }

  /** What to ask now. */
  List<Request<P>> next(long now) {
    BitSet taken = new BitSet();
    boolean isIdle = true;
    for (Source<P> source : sources.values()) {
      if (!source.isStale(now)) {
        taken.or(source.asked);
        isIdle &= source.asked.isEmpty();
      }
    }
    idleSince = !isIdle ? -1 : idleSince < 0 ? now : idleSince;
    // Who waits for others alone stops to wait for what they fetch.
    boolean isPatient = !isIdle || now - idleSince < STALE_MS;
    List<Request<P>> requests = new ArrayList<>();
    boolean found = true;
    List<Source<P>> nearestFirst =
        sources.values().stream().sorted(Comparator.comparing(s -> !s.isDirect)).toList();
    while (found) {
      found = false;
      for (Source<P> source : nearestFirst) {
        boolean mayAsk = source.isFree() && (source.isDirect || !isFedDirectly(now));
        int block = mayAsk ? choose(source, taken, isPatient) : -1;
        if (block >= 0) {
          source.progressAt = source.asked.isEmpty() ? now : source.progressAt;
          source.asked.set(block);
          taken.set(block);
          requests.add(new Request<>(source.peer, block));
          found = true;
        }
      }
    }
    return requests;
  }

  /** Whom others give enough to do without a relay needs none. */
  private boolean isFedDirectly(long now) {
    return sources.values().stream()
        .anyMatch(source -> source.isDirect && !source.asked.isEmpty() && !source.isStale(now));
  }

  private int choose(Source<P> from, BitSet taken, boolean isPatient) {
    int best = -1;
    int rarest = Integer.MAX_VALUE;
    int equals = 0;
    BitSet wanted = (BitSet) from.has.clone();
    wanted.andNot(here);
    wanted.andNot(taken);
    wanted.andNot(from.asked);
    for (int b = wanted.nextSetBit(0); b >= 0; b = wanted.nextSetBit(b + 1)) {
      int count = rarity(b, from, isPatient);
      if (count < 0 || count > rarest) {
        continue;
      }
      equals = count < rarest ? 1 : equals + 1;
      rarest = count;
      best = random.nextInt(equals) == 0 ? b : best; // each of the equals with the same chance
    }
    return best;
  }

  /** How many have it; -1 if it should come from somebody else. */
  private int rarity(int block, Source<P> from, boolean isPatient) {
    int count = 0;
    boolean isComplete = from.has.cardinality() == blocks;
    for (Source<P> other : sources.values()) {
      if (other.isAway) {
        continue;
      }
      boolean has = other.has.get(block);
      count += has ? 1 : 0;
      boolean isNearer = other.isDirect && !from.isDirect;
      boolean isReceiver =
          isComplete && other.isDirect == from.isDirect && other.has.cardinality() < blocks;
      boolean isComing = other.fetches.get(block) && isPatient;
      if (isNearer && (has || isComing) || isReceiver && (has && other.isFree() || isComing)) {
        return -1;
      }
    }
    return count;
  }
}
