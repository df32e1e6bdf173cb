package puente.turn;

import java.util.Arrays;
import puente.stun.Family;
import puente.stun.Transport;

/**
 * Tells allocations that carry traffic from idle ones, for the gauge: looked at from time to time,
 * so that a packet only leaves its time.
 */
public final class Census {

  /** An allocation without relayed data for so long is idle. */
  private static final long ACTIVE_MS = 30_000;

  private static final int FAMILIES = Family.values().length;

  private final Counters counters;
  private final long[] active = new long[Transport.values().length * FAMILIES];
  private long sinceMs;

  public Census(Counters counters) {
    this.counters = counters;
  }

  /** Counts the allocations of this server anew. */
  public void take(TurnServer server, long now) {
    Arrays.fill(active, 0);
    sinceMs = now - ACTIVE_MS;
    server.forEachAllocation(this::look);
    for (Transport transport : Transport.values()) {
      for (Family family : Family.values()) {
        long count = active[transport.ordinal() * FAMILIES + family.ordinal()];
        counters.active(transport, family, count);
      }
    }
  }

  private void look(Allocation allocation) {
    if (allocation.isActiveSince(sinceMs)) {
      int row = allocation.client().transport().ordinal() * FAMILIES;
      if (allocation.ipv4 != null) {
        active[row + Family.IPV4.ordinal()]++;
      }
      if (allocation.ipv6 != null) {
        active[row + Family.IPV6.ordinal()]++;
      }
    }
  }
}
