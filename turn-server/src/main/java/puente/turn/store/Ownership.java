package puente.turn.store;

import org.jspecify.annotations.Nullable;

/**
 * Whose an allocation is, when several nodes have a record of it: the rules of the directory, as
 * pure functions. Any number of nodes that apply them to the same records, in any order and any
 * number of times, agree.
 *
 * <p>The epoch fences: a claim takes the record of one epoch and makes that of the next one, so that
 * of two claimants one wins, and whatever the former owner still writes is of an epoch that does not
 * count any more. In the halves of a split network two nodes may make the same epoch; then the
 * lesser name wins, which is as good as any rule that all agree on.
 */
public final class Ownership {

  private Ownership() {}

  /**
   * What a claimant knows of the owner.
   *
   * @param alive it is a member now
   * @param moved its relayed addresses have come to the claimant's machine while that was running
   */
  public record Owner(boolean alive, boolean moved) {}

  /** Whether one record of a key counts rather than the other. */
  public static boolean outdoes(Snapshot one, Snapshot other) {
    if (one.epoch() != other.epoch()) {
      return one.epoch() > other.epoch();
    }
    int order = one.node().compareTo(other.node());
    return order == 0 ? one.revision() > other.revision() : order < 0;
  }

  /** What the directory holds after a record was saved: the one that counts. */
  public static Snapshot kept(@Nullable Snapshot there, Snapshot saved) {
    return there != null && outdoes(there, saved) ? there : saved;
  }

  /** Whether this node may delete the record: it is still its own. */
  public static boolean mayEnd(Snapshot there, String node, long epoch) {
    return there.node().equals(node) && there.epoch() <= epoch;
  }

  /**
   * Compare and swap: the record of the claimant, if the directory still holds what it has seen.
   * Repeating the claim gives the same answer.
   *
   * @return null if somebody else was faster, or the allocation is over
   */
  public static @Nullable Snapshot claimed(
      @Nullable Snapshot there, long seenEpoch, String claimant) {
    if (there == null) {
      return null;
    }
    if (there.epoch() == seenEpoch + 1 && there.node().equals(claimant)) {
      return there;
    }
    return there.epoch() == seenEpoch ? there.ownedBy(claimant, seenEpoch + 1) : null;
  }

  /**
   * Whether a node should try to claim what its clients ask for: if it was the owner itself, if the
   * owner is gone, or if the owner lives but its relayed addresses have moved here. That the same
   * address is here is not enough while the owner lives: private addresses behind different NATs
   * may be alike.
   *
   * @param relaysHere the relayed addresses are this machine's now; else nobody could go on here
   */
  public static boolean mayClaim(
      Snapshot there, String claimant, Owner owner, boolean relaysHere, long nowMs) {
    if (!relaysHere || there.expiresMs() <= nowMs) {
      return false;
    }
    return there.node().equals(claimant) || !owner.alive || owner.moved;
  }

  /**
   * Whether a node's own record tells it something new of what it serves: it was killed before its
   * journal had it, or it has claimed what it served already.
   *
   * @param journalled the revision that the node began with from its journal; {@link Long#MAX_VALUE}
   *     for what it made or claimed itself
   */
  public static boolean hasMore(Snapshot there, Snapshot own, long journalled) {
    return there.node().equals(own.node())
        && (outdoes(there, own) || there.epoch() == own.epoch() && there.revision() > journalled);
  }

  /** Whether a node that serves {@code own} must stop, now that it has seen what is there. */
  public static boolean mustLetGo(Snapshot own, @Nullable Snapshot there) {
    return there != null && !there.node().equals(own.node()) && outdoes(there, own);
  }
}
