package puente.turn;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import puente.stun.ErrorCode;
import puente.stun.Method;

/** A retransmission gets the very answer of its first copy (RFC 8656 §5). */
final class Retransmissions {

  private final Allocations allocations;
  private final Mobility mobility;
  private final Answers answers;
  private final Counters counters;

  Retransmissions(Allocations allocations, Mobility mobility, Answers answers, Counters counters) {
    this.allocations = allocations;
    this.mobility = mobility;
    this.answers = answers;
    this.counters = counters;
  }

  /**
   * Whether this request was answered before, and is now again.
   *
   * @param allocation of its five-tuple; null if there is none
   */
  boolean answer(Request request, @Nullable Allocation allocation, long now, Effects out) {
    Recent.Answered answered = allocations.recent().answerTo(request, now);
    if (answered == null) {
      return allocation != null
          && (bornOf(request, allocation, out)
              || mobility.answersAgain(request, allocation, now, out));
    }
    ErrorCode error = answered.error();
    if (error == null) {
      answers.refreshed(request, 0, null, out);
    } else {
      answers.refuse(request, new Refuse(error, "refused before"), now, out);
    }
    return true;
  }

  /** Whether this is the request that made the allocation, or makes it just now. */
  private boolean bornOf(Request request, Allocation allocation, Effects out) {
    if (request.method() != Method.ALLOCATE
        || !Arrays.equals(allocation.birth.transactionId, request.transactionId())) {
      return false;
    }
    if (allocation.isActive()) {
      answers.birth(allocation, request, mobility.ticketOf(allocation), out);
    } else {
      counters.count(Counter.RETRANSMISSION);
    }
    return true;
  }
}
