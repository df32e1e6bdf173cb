package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;
import puente.stun.Integrity;
import puente.stun.Message;
import puente.stun.Method;

/**
 * What is left undone when packets come faster than they can be handled: first the answers to the
 * unproven (401), after a while Binding, then new allocations; never what allocations that exist
 * carry or ask for. Dropped, not refused: whoever asked over UDP asks again (RFC 8489 §6.2.1), while
 * an answer would cost nearly what the work does. On streams nothing is dropped, as nobody would ask
 * again, and a client that waits sends no more.
 */
final class Overload {

  private static final int BINDING_FACTOR = 5;
  private static final int ALLOCATE_FACTOR = 15;
  private static final long NEVER = Long.MIN_VALUE;

  private int patienceMs;
  private long behindSinceMs = NEVER;

  Overload(TurnConfig config) {
    patienceMs = config.overloadMs();
  }

  void reconfigure(TurnConfig next) {
    patienceMs = next.overloadMs();
  }

  /**
   * How the last look at the sockets went.
   *
   * @param behind more waits there than was taken
   */
  void observe(boolean behind, long now) {
    if (!behind) {
      behindSinceMs = NEVER;
    } else if (behindSinceMs == NEVER) {
      behindSinceMs = now;
    }
  }

  /** Whether a request may matter to {@link #sheds} at all. */
  boolean isBehind() {
    return behindSinceMs != NEVER && patienceMs > 0;
  }

  /**
   * Whether this request is dropped.
   *
   * @param allocation the client's, if it has one
   */
  boolean sheds(
      Method method, Message request, FiveTuple client, @Nullable Allocation allocation, long now) {
    if (client.transport().isStream() || allocation != null) {
      return false;
    }
    long behindMs = now - behindSinceMs;
    return switch (method) {
      case BINDING -> behindMs >= (long) BINDING_FACTOR * patienceMs;
      case ALLOCATE ->
          behindMs >= (Integrity.isSealed(request) ? ALLOCATE_FACTOR : 1L) * patienceMs;
      case REFRESH, CREATE_PERMISSION, CHANNEL_BIND ->
          !Integrity.isSealed(request) && behindMs >= patienceMs;
      case SEND, DATA, CONNECT, CONNECTION_BIND, CONNECTION_ATTEMPT -> false;
    };
  }
}
