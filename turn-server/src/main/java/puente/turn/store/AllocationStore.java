package puente.turn.store;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.stun.ErrorCode;
import puente.stun.FiveTuple;

/**
 * The seam to what shards share: quotas now, and where a cluster keeps its allocations. The core
 * only knows the questions and the answers; the shell asks, and feeds the answers in.
 */
public interface AllocationStore {

  /** What the core may ask. */
  sealed interface Question permits Reserve, Readmit, Claim {}

  /**
   * Room for one allocation of this user from this source (RFC 8656 §7.2, step 10).
   *
   * @param user whom quotas count: without the expiry of an ephemeral username; empty for nobody
   * @param quota of this user alone; 0 is the one that all have
   * @param uses of a credential that is good for so many allocations; null if it is for any number
   */
  record Reserve(FiveTuple client, String user, String realm, int quota, @Nullable Uses uses)
      implements Question {

    public Reserve(FiveTuple client, String user, String realm) {
      this(client, user, realm, 0, null);
    }
  }

  /**
   * A credential that may be used so often.
   *
   * @param name of it
   * @param max allocations ever made with it
   * @param untilMs when it ends, and with it the memory of its uses
   * @param nowMs the time of the question
   */
  record Uses(String name, int max, long untilMs, long nowMs) {}

  /**
   * A restored allocation counts again. It was granted once, so that it is never refused, even
   * where quotas are full by now: the answer is {@link Granted}.
   */
  record Readmit(FiveTuple client, String user, String realm, int quota) implements Question {

    public Readmit(FiveTuple client, String user, String realm) {
      this(client, user, realm, 0);
    }
  }

  /**
   * This client, unknown here, sends as if it had an allocation: may this node go on with it? Where
   * the store says {@link Claimed}, the allocation is this node's from now on, and no other's.
   *
   * @param byTicket whether it shows a ticket of ours (RFC 8016): what it has may be under another
   *     address, of a node that has just died
   */
  record Claim(FiveTuple client, boolean byTicket) implements Question {}

  /** What the store says to a question. */
  sealed interface Answer permits Granted, Refused, Claimed, Unclaimed, Undecided {
    FiveTuple client();
  }

  /**
   * The allocation may be made; {@code release} gives it back.
   *
   * @param bandwidth what all allocations of its user share; null is no limit
   */
  record Granted(FiveTuple client, @Nullable Bandwidth bandwidth) implements Answer {

    public Granted(FiveTuple client) {
      this(client, null);
    }
  }

  /** No: this quota is reached. */
  record Refused(FiveTuple client, Scope scope) implements Answer {

    /** 486 for what the client could change, 508 when the server is full (RFC 8656 §7.2). */
    public ErrorCode error() {
      return scope == Scope.GLOBAL
          ? ErrorCode.INSUFFICIENT_CAPACITY
          : ErrorCode.ALLOCATION_QUOTA_REACHED;
    }
  }

  /**
   * Go on with this; it already names this node as its owner. The claim alone counts against no
   * quota: {@link Readmit} follows.
   */
  record Claimed(FiveTuple client, Snapshot snapshot) implements Answer {}

  /** Nobody has left an allocation of this client, or its owner is alive. */
  record Unclaimed(FiveTuple client) implements Answer {}

  /** Nobody can say yet: this node has just started, or another has just died. Ask again. */
  record Undecided(FiveTuple client) implements Answer {}

  /** Whose quota it is. */
  enum Scope {
    USER,
    REALM,
    IP,
    GLOBAL
  }

  /** Answers at once or later; the answer is given to whoever asked, on its own thread. */
  void ask(Question question, Consumer<Answer> answer);

  /** What was granted for one client is another's from now on, counted as it was: it has moved. */
  void move(FiveTuple from, FiveTuple to);

  /** Gives back what was granted for this client. */
  void release(FiveTuple client);
}
