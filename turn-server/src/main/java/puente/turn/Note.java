package puente.turn;

import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;
import puente.stun.Method;
import puente.stun.TransportAddress;

/**
 * What was decided about a client, and why: for people who ask later. Never made for a packet that
 * is relayed; whoever takes notes bounds how many are kept.
 */
public sealed interface Note {

  /** Of an allocation: where it was made. */
  FiveTuple client();

  /** When, in epoch milliseconds. */
  long atMs();

  /** When the allocation that it is about was made; 0 where there is none. */
  long createdMs();

  /**
   * A request was refused, or dropped without an answer.
   *
   * @param code of the answer; 0 if there was none
   * @param why the check that decided
   * @param user as the request says; empty if it does not
   * @param isProven whether the sender has shown that it is this user
   */
  record Refused(
      FiveTuple client,
      long atMs,
      long createdMs,
      Method method,
      int code,
      String why,
      String user,
      boolean isProven)
      implements Note {}

  /**
   * An allocation was made, or goes on here.
   *
   * @param isRestored whether it was made by another process
   */
  record Opened(
      FiveTuple client,
      long atMs,
      long createdMs,
      String user,
      List<TransportAddress> relayed,
      int lifetimeSeconds,
      boolean isRestored)
      implements Note {}

  /**
   * A permission or a channel was installed or refreshed.
   *
   * @param peer the first one asked for
   * @param peers how many were
   * @param channel 0 for a permission alone
   */
  record Permitted(
      FiveTuple client, long atMs, long createdMs, TransportAddress peer, int peers, int channel)
      implements Note {}

  /** The allocation lives on for so long. */
  record Refreshed(FiveTuple client, long atMs, long createdMs, int lifetimeSeconds)
      implements Note {}

  /**
   * The client has come from another five-tuple with its ticket (RFC 8016).
   *
   * @param isOver whether the one before counts no more; until then both do
   */
  record Moved(
      FiveTuple client, long atMs, long createdMs, FiveTuple from, FiveTuple to, boolean isOver)
      implements Note {}

  /**
   * The first packet that was dropped because nothing permits it; the rest are counted.
   *
   * @param peer where it came from or was to go; null if its channel does not say any more
   */
  record Missed(
      FiveTuple client,
      long atMs,
      long createdMs,
      @Nullable TransportAddress peer,
      boolean isFromPeer)
      implements Note {}

  /** The first data was relayed, either way; told some seconds later. */
  record Relayed(FiveTuple client, long atMs, long createdMs) implements Note {}

  /**
   * An allocation ended.
   *
   * @param firstRelayedMs when the first data passed; 0 for never
   * @param misses packets that nothing permitted
   */
  record Closed(
      FiveTuple client,
      long atMs,
      long createdMs,
      CloseReason why,
      long firstRelayedMs,
      long bytesUp,
      long bytesDown,
      long packetsUp,
      long packetsDown,
      long misses)
      implements Note {}
}
