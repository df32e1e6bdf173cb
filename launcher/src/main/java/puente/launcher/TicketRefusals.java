package puente.launcher;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.slf4j.event.Level;
import puente.turn.Counter;
import puente.turn.Counters;

/**
 * Says once per cause why tickets of clients that move (RFC 8016) are refused, and what to do. How
 * often it happens is in {@code puente_turn_mobility_total}, whose names the causes have.
 */
final class TicketRefusals {

  /** What can be wrong with a ticket. */
  enum Cause {
    FORBIDDEN(
        Counter.MOBILITY_FORBIDDEN,
        Level.INFO,
        "clients ask for mobility, or show a ticket, and may not",
        "set mobility if they should; an allocation with TCP relays (RFC 6062) never moves"),
    BAD_TICKET(
        Counter.MOBILITY_BAD_TICKET,
        Level.WARN,
        "a ticket was changed, or sealed with another key",
        "give all servers that a client may come to the same cluster-secret, or without a cluster "
            + "the same stateless-nonce-secret; if they have it, somebody forges tickets"),
    MISPLACED_TICKET(
        Counter.MOBILITY_MISPLACED_TICKET,
        Level.INFO,
        "a client shows a ticket in an Allocate, or with the lifetime 0",
        "it breaks RFC 8016 section 3: an Allocate asks with an empty one, a deletion needs none"),
    OLD_TICKET(
        Counter.MOBILITY_OLD_TICKET,
        Level.INFO,
        "a ticket was shown again after its client was given a newer one",
        "a client has to keep the ticket of the last answer; if it does, its tickets are stolen"),
    SAME_PLACE(
        Counter.MOBILITY_SAME_PLACE,
        Level.INFO,
        "a client shows a ticket though it has not moved",
        "it breaks RFC 8016 section 3.2.1: it may refresh without"),
    OCCUPIED(
        Counter.MOBILITY_OCCUPIED,
        Level.INFO,
        "a client moves to where it has another allocation",
        "a client needs a socket of its own for each allocation"),
    NO_ALLOCATION(
        Counter.MOBILITY_NO_ALLOCATION,
        Level.INFO,
        "the allocation of a ticket has ended, or no node of the cluster says that it has it",
        "clients have to come back before the lifetime ends (max-allocate-lifetime); in a cluster "
            + "see whether the nodes reach each other"),
    OTHER_USER(
        Counter.MOBILITY_OTHER_USER,
        Level.WARN,
        "a ticket was shown by another user than its own, or from where its credential is not good",
        "a client has to keep its credential when it moves; if it does, its tickets are stolen");

    private final Counter counter;
    private final Level level;
    private final String meaning;
    private final String hint;

    Cause(Counter counter, Level level, String meaning, String hint) {
      this.counter = counter;
      this.level = level;
      this.meaning = meaning;
      this.hint = hint;
    }

    private void log() {
      String reason = name().toLowerCase(Locale.ROOT);
      Events.log(level, "ticket-refused", "reason", reason, "meaning", meaning, "hint", hint);
    }
  }

  private final Set<Cause> said = EnumSet.noneOf(Cause.class);

  /**
   * @param shards what each has counted so far
   * @return what is said now, for the first time
   */
  List<Cause> look(List<Counters> shards) {
    List<Cause> news = new ArrayList<>();
    for (Cause cause : Cause.values()) {
      boolean isThere = shards.stream().anyMatch(shard -> shard.total(cause.counter) > 0);
      if (isThere && said.add(cause)) {
        cause.log();
        news.add(cause);
      }
    }
    return news;
  }
}
