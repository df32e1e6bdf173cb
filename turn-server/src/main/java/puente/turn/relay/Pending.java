package puente.turn.relay;

import puente.stun.FiveTuple;
import puente.turn.Relay;
import puente.turn.store.Accounts;
import puente.turn.store.AllocationStore;

/** What a shard's server asked for and is told as soon as the current input is done. */
sealed interface Pending {
  record Bound(Relay relay) implements Pending {}

  record NotBound(Relay relay, boolean inUse) implements Pending {}

  record Answered(AllocationStore.Answer answer) implements Pending {}

  /** What others say of a user. */
  record Told(Accounts.Question question, Accounts.Answer answer) implements Pending {}

  /** This client's allocation has come here: what it sent meanwhile is for us. */
  record Resumed(FiveTuple client) implements Pending {}
}
