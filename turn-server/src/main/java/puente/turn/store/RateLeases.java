package puente.turn.store;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A node's parts of rates that hold over all nodes: of users, of all traffic, of the 401 answers to
 * a source. Once a second it says what it wants, and is told what it may use. Nothing waits for
 * that: between two answers it uses what it has, and its even part where it has heard nothing or
 * nobody answers. So all nodes together use at most twice the limit, for the two rounds that a
 * change takes, and no more than the limit when wishes stay as they are.
 */
public final class RateLeases {

  /** Something that has a rate. Asked and told on one thread. */
  public interface Claimant {
    /** Of all nodes together, per second. */
    long limit();

    /** What it would use if it could, per second; looked at once a second. */
    long demand(long nowMs);

    /** What it may use from now on, per second. */
    void rate(long perSecond);
  }

  /** Who lends: the one table of all nodes. */
  public interface Lender {
    /** Among how many nodes rates are shared. */
    int nodes();

    /**
     * Says what this node holds and wants, by scope; answers on any thread, even this one, what it
     * may use, or nothing if nobody can be reached. Numbers of words are the lender's to give.
     */
    void settle(Map<String, RateTable.Word> words, Consumer<Optional<Map<String, Long>>> answer);
  }

  /** Scopes told of in one round; the others have their even parts meanwhile. */
  static final int WORDS_MAX = 4096;

  /** An answer that is missing for so many rounds does not come. */
  private static final int PATIENCE_ROUNDS = 3;

  /** What has hardly changed is said again after so many rounds. */
  private static final int REPEAT_ROUNDS = 10;

  /** What the lender last heard may be this or that. */
  private static final long UNKNOWN = Long.MAX_VALUE / 16;

  private static final class Lease {
    long held;
    long told;
    long heldThen;
    long wanted;
    int quietRounds;

    void forget() {
      held = 0;
      heldThen = 0;
      told = UNKNOWN;
    }
  }

  private final Lender lender;
  private final Map<String, Lease> leaseByScope = new HashMap<>();
  private long round;
  private long asked = -1;
  private int first;

  public RateLeases(Lender lender) {
    this.lender = lender;
  }

  /** Once a second, on one thread. */
  public void tick(Map<String, ? extends Claimant> claimants, long nowMs) {
    Map<String, Claimant> now = new LinkedHashMap<>(claimants);
    Map<String, RateTable.Word> words;
    long thisRound;
    synchronized (this) {
      round++;
      thisRound = round;
      now.forEach((scope, claimant) -> look(scope, claimant, nowMs));
      boolean waits = asked >= 0 && round - asked < PATIENCE_ROUNDS;
      if (asked >= 0 && !waits) {
        fallBack(now);
      }
      words = waits ? Map.of() : words(now);
      if (!words.isEmpty()) {
        asked = round;
      } else if (!waits) {
        asked = -1;
      }
      leaseByScope
          .entrySet()
          .removeIf(entry -> !now.containsKey(entry.getKey()) && entry.getValue().told == 0);
    }
    if (!words.isEmpty()) {
      lender.settle(words, answer -> answered(thisRound, words, answer, now));
    }
  }

  private void look(String scope, Claimant claimant, long nowMs) {
    Lease lease = leaseByScope.computeIfAbsent(scope, unused -> new Lease());
    lease.wanted = Math.min(claimant.demand(nowMs), claimant.limit());
    claimant.rate(Math.max(lease.held, even(claimant)));
  }

  private long even(Claimant claimant) {
    int nodes = Math.max(1, lender.nodes());
    return Math.max(1, claimant.limit() / nodes);
  }

  /** Nobody has answered: each node uses its even part. */
  private void fallBack(Map<String, Claimant> claimants) {
    leaseByScope.keySet().retainAll(claimants.keySet());
    leaseByScope.values().forEach(Lease::forget);
    claimants.values().forEach(claimant -> claimant.rate(even(claimant)));
  }

  /** What has to be said: wishes that have changed, and what is held and no longer wanted. */
  private Map<String, RateTable.Word> words(Map<String, Claimant> claimants) {
    if (lender.nodes() <= 1) {
      leaseByScope.clear();
      return Map.of();
    }
    Map<String, RateTable.Word> words = new LinkedHashMap<>();
    List<String> scopes = new ArrayList<>(leaseByScope.keySet());
    for (int i = 0; i < scopes.size() && words.size() < WORDS_MAX; i++) {
      String scope = scopes.get(Math.floorMod(first + i, scopes.size()));
      Lease lease = leaseByScope.get(scope);
      Claimant claimant = claimants.get(scope);
      if (lease == null) {
        continue;
      }
      if (claimant == null) {
        if (lease.told != 0) {
          words.put(scope, new RateTable.Word(0, 0, 1, 1));
        }
      } else if (isDue(lease, claimant)) {
        words.put(
            scope, new RateTable.Word(lease.held, lease.wanted, claimant.limit(), even(claimant)));
      }
    }
    first += WORDS_MAX;
    return words;
  }

  private boolean isDue(Lease lease, Claimant claimant) {
    boolean silent = lease.wanted == 0 && lease.told == 0;
    long change = Math.abs(lease.wanted - lease.told);
    // Whoever holds more than an even part may have to give it up, and says when it has done so.
    boolean matters =
        lease.held > even(claimant) || lease.wanted > lease.held || lease.held < lease.heldThen;
    lease.quietRounds++;
    return !silent
        && (matters
            || lease.wanted == 0
            || 8 * change > even(claimant)
            || lease.quietRounds >= REPEAT_ROUNDS);
  }

  private void answered(
      long ofRound,
      Map<String, RateTable.Word> words,
      Optional<Map<String, Long>> answer,
      Map<String, Claimant> claimants) {
    synchronized (this) {
      if (asked != ofRound) {
        return;
      }
      asked = -1;
      if (answer.isEmpty()) {
        fallBack(claimants);
        return;
      }
      words.forEach(
          (scope, word) -> {
            Lease lease = leaseByScope.get(scope);
            Claimant claimant = claimants.get(scope);
            Long granted = answer.get().get(scope);
            if (lease != null && granted != null) {
              lease.told = word.wanted();
              lease.heldThen = word.held();
              lease.quietRounds = 0;
              lease.held = word.wanted() == 0 ? 0 : granted;
              if (claimant != null) {
                claimant.rate(Math.max(lease.held, even(claimant)));
              }
            }
          });
    }
  }
}
