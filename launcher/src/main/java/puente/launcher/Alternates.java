package puente.launcher;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Predicate;
import puente.turn.Redirection.Target;

/**
 * Which of the other servers of {@code alternate-server} and its kin clients are sent to, by what
 * became of the checks of them. Pure, and for one thread.
 */
final class Alternates {

  /**
   * A server whose answers take so many times as long as they once did, and this much longer, is
   * busy: how far away it is does not count, only that it has become slower.
   */
  static final int BUSY_FACTOR = 3;

  static final long BUSY_NANOS = 50_000_000;

  /** Of the newest answer, in what is taken for usual now. */
  private static final double NEWEST = 0.3;

  /** The best that was seen is forgotten that slowly: ways change, too. */
  private static final double FORGETTING = 0.01;

  /** What is known of a server. */
  enum Health {
    /** Not yet checked: it was configured, and so it is used. */
    UNKNOWN,
    UP,
    DOWN
  }

  /** What a check has changed. */
  enum Change {
    NONE,
    IN,
    OUT
  }

  /**
   * How often in a row.
   *
   * @param fall checks that fail before a server is out; a server that was never up is out at once
   * @param rise checks that succeed before a server that was out is in again
   */
  record Rules(int fall, int rise) {}

  /**
   * A server and what is known of it.
   *
   * @param isBusy it answers, but far slower than it could
   * @param roundTripNanos usual now; 0 if it never answered
   */
  record Standing(
      Target target,
      Health health,
      boolean isBusy,
      double roundTripNanos,
      long answered,
      long failed) {

    boolean isIn() {
      return health != Health.DOWN;
    }
  }

  private static final class Watched {
    private Health health = Health.UNKNOWN;
    private int against;
    private double usualNanos;
    private double bestNanos;
    private long answered;
    private long failed;

    Change answered(long nanos, Rules rules) {
      answered++;
      usualNanos = usualNanos == 0 ? nanos : usualNanos + (nanos - usualNanos) * NEWEST;
      bestNanos =
          bestNanos == 0 || usualNanos < bestNanos
              ? usualNanos
              : bestNanos + (usualNanos - bestNanos) * FORGETTING;
      if (health != Health.DOWN) {
        health = Health.UP;
        against = 0;
        return Change.NONE;
      }
      if (++against < rules.rise) {
        return Change.NONE;
      }
      // What it took before it went out says nothing of it now.
      usualNanos = nanos;
      return turn(Health.UP, Change.IN);
    }

    Change failed(Rules rules) {
      failed++;
      if (health == Health.DOWN) {
        against = 0;
        return Change.NONE;
      }
      boolean isOut = health == Health.UNKNOWN || ++against >= rules.fall;
      return isOut ? turn(Health.DOWN, Change.OUT) : Change.NONE;
    }

    private Change turn(Health to, Change change) {
      health = to;
      against = 0;
      return change;
    }

    boolean isBusy() {
      return health == Health.UP
          && usualNanos > bestNanos * BUSY_FACTOR
          && usualNanos > bestNanos + BUSY_NANOS;
    }

    Standing standing(Target target) {
      return new Standing(target, health, isBusy(), usualNanos, answered, failed);
    }
  }

  private final Map<Target, Watched> watchedByTarget = new LinkedHashMap<>();

  /** From now on these; what is known of those that stay is kept. */
  void list(List<Target> targets) {
    Map<Target, Watched> before = Map.copyOf(watchedByTarget);
    watchedByTarget.clear();
    for (Target target : targets) {
      watchedByTarget.put(target, before.getOrDefault(target, new Watched()));
    }
  }

  boolean isListed(Target target) {
    return watchedByTarget.containsKey(target);
  }

  /**
   * A check of a server has ended.
   *
   * @param nanos how long its answer took; empty if there was none
   */
  Change heard(Target target, OptionalLong nanos, Rules rules) {
    Watched watched = watchedByTarget.get(target);
    if (watched == null) {
      return Change.NONE;
    }
    return nanos.isPresent() ? watched.answered(nanos.getAsLong(), rules) : watched.failed(rules);
  }

  /** Whether the next checks of it decide: it is soon asked again. */
  boolean isInDoubt(Target target) {
    Watched watched = watchedByTarget.get(target);
    return watched != null && watched.against > 0;
  }

  /** Nothing is known of any: nobody checks them. */
  void forget() {
    list(List.of());
  }

  /**
   * Where clients may be sent, in the order that was configured. Busy ones only where there is no
   * other of their transport and family.
   */
  List<Target> usable() {
    List<Standing> in = standings().stream().filter(Standing::isIn).toList();
    List<Target> usable = new ArrayList<>();
    for (Standing one : in) {
      Predicate<Standing> isOfItsKind =
          other ->
              other.target.transport() == one.target.transport()
                  && other.target.address().family() == one.target.address().family();
      if (!one.isBusy || in.stream().filter(isOfItsKind).allMatch(Standing::isBusy)) {
        usable.add(one.target);
      }
    }
    return usable;
  }

  boolean areAllOut() {
    return !watchedByTarget.isEmpty()
        && watchedByTarget.values().stream().allMatch(one -> one.health == Health.DOWN);
  }

  List<Standing> standings() {
    List<Standing> all = new ArrayList<>();
    watchedByTarget.forEach((target, watched) -> all.add(watched.standing(target)));
    return all;
  }
}
