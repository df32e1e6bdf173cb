package puente.turn;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import puente.stun.AddressRange;

/**
 * How often each ban has turned somebody away, on one shard. Networks that overlap are one ban to the
 * shard, and have one count. Written by the shard's thread alone, read by any.
 */
public final class BanHits {

  static final BanHits NONE = new BanHits(Bans.NONE);

  private static final VarHandle AT = MethodHandles.arrayElementVarHandle(long[].class);

  private final Bans bans;
  private final long[] hits;

  private BanHits(Bans bans) {
    this.bans = bans;
    hits = new long[bans.slots()];
  }

  /** Of other bans: what goes on keeps its count. */
  BanHits next(Bans nextBans) {
    BanHits next = new BanHits(nextBans);
    bans.carry(hits, nextBans, next.hits);
    return next;
  }

  void count(int slot) {
    AT.setOpaque(hits, slot, (long) AT.getOpaque(hits, slot) + 1);
  }

  /** Of a banned network; 0 if this shard does not know of it. */
  public long of(AddressRange network) {
    return at(bans.slotOf(network.firstHi(), network.firstLo()));
  }

  /** Of a banned user; 0 if this shard does not know of it. */
  public long of(String user) {
    return at(bans.slotOf(user));
  }

  private long at(int slot) {
    return slot < 0 ? 0 : (long) AT.getOpaque(hits, slot);
  }
}
