package puente.turn.store;

import puente.stun.ErrorCode;
import puente.stun.FiveTuple;

/**
 * The seam to what shards share: quotas now, and where a cluster keeps its allocations. The core
 * only knows the questions and the answers; the shell asks, and feeds the answers in.
 */
public interface AllocationStore {

  /** What the core may ask. */
  sealed interface Question permits Reserve {}

  /** Room for one allocation of this user from this source (RFC 8656 §7.2, steps on quotas). */
  record Reserve(FiveTuple client, String user, String realm) implements Question {}

  /** What the store says to a question. */
  sealed interface Answer permits Granted, Refused {
    FiveTuple client();
  }

  /** The allocation may be made; {@code release} gives it back. */
  record Granted(FiveTuple client) implements Answer {}

  /** No: 486 when the user's quota is reached, 508 when the server's is. */
  record Refused(FiveTuple client, ErrorCode error, String why) implements Answer {}

  /** Answers at once or later; the answer is given to whoever asked, on its own thread. */
  void ask(Question question, java.util.function.Consumer<Answer> answer);

  /** Gives back what was granted for this client and user. */
  void release(FiveTuple client);
}
