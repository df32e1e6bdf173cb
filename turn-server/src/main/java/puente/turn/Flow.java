package puente.turn;

import org.jspecify.annotations.Nullable;

/**
 * A peer's transport address that is one allocation's: on a shared port, where it tells whose that
 * peer's packets are, or on the private port beside it.
 */
final class Flow {

  final long hi;
  final long lo;
  final int port;

  /** On what it is: of one allocation; null once it was of several, and rests. */
  @Nullable Relay relay;

  /** What it stands on; null while it rests. */
  @Nullable Permission permission;

  /** The next one that stands on the same permission. */
  @Nullable Flow next;

  /** While it rests: when it ended or its peer was last heard. */
  long lastMs;

  /** While it waits in the queue of those that rest: when to look at it. */
  long lookMs;

  boolean isQueued;
  @Nullable Flow nextQueued;

  Flow(long hi, long lo, int port, Relay relay) {
    this.hi = hi;
    this.lo = lo;
    this.port = port;
    this.relay = relay;
  }

  void standOn(Permission newPermission) {
    permission = newPermission;
    next = newPermission.flows;
    newPermission.flows = this;
  }
}
