package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;

/** What an allocation has besides that can move from one five-tuple to another (RFC 8016). */
final class Mobile {

  /**
   * A move that was granted.
   *
   * @param request the Refresh that asked for it
   * @param lifetimeSeconds what its answer said
   * @param untilMs until when its retransmission is known
   */
  record Move(Request request, int lifetimeSeconds, long untilMs) {}

  /** What its tickets say: 64 random bits. */
  final long id;

  /** Of the ticket that its client was given last. */
  int number;

  /** Of the oldest ticket that it can be moved by: mostly the last one. */
  int oldest;

  /** Granted, but no data has come from there yet: all goes on by the old five-tuple. */
  @Nullable FiveTuple next;

  @Nullable Move last;

  /** The client's connection has ended, and no other five-tuple is known. */
  boolean detached;

  Mobile(long id, int number) {
    this.id = id;
    this.number = number;
    oldest = number;
  }
}
