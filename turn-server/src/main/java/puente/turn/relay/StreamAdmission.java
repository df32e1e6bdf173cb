package puente.turn.relay;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import puente.stun.TransportAddress;
import puente.turn.relay.StreamCounters.Fact;

/** Counts the connections of the whole node; asked when one opens or closes, never by packet. */
final class StreamAdmission {

  private final Map<TransportAddress, Integer> openBySource = new HashMap<>();
  private int unauthenticated;

  /** Counts one more from this address in, or says why not. */
  synchronized @Nullable Fact admit(TransportAddress client, StreamLimits limits) {
    if (unauthenticated >= limits.unauthenticatedMax()) {
      return Fact.REFUSED_UNAUTHENTICATED;
    }
    TransportAddress source = client.withPort(0);
    int open = openBySource.getOrDefault(source, 0);
    if (open >= limits.perSourceMax()) {
      return Fact.REFUSED_SOURCE;
    }
    openBySource.put(source, open + 1);
    unauthenticated++;
    return null;
  }

  /** A connection got its allocation, or ({@code false}) lost it. */
  synchronized void authenticated(boolean now) {
    unauthenticated += now ? -1 : 1;
  }

  synchronized void closed(TransportAddress client, boolean wasAuthenticated) {
    if (!wasAuthenticated) {
      unauthenticated--;
    }
    openBySource.computeIfPresent(
        client.withPort(0), (source, open) -> open == 1 ? null : open - 1);
  }

  synchronized int unauthenticated() {
    return unauthenticated;
  }
}
