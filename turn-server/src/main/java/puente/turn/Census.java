package puente.turn;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * Tells allocations that carry traffic from idle ones, and how fast each is: looked at from time to
 * time, so that a packet only leaves its time and its length. A look can be cut into parts.
 */
public final class Census {

  /** An allocation without relayed data for so long is idle. */
  public static final long ACTIVE_MS = 30_000;

  private static final int FAMILIES = Family.values().length;

  /**
   * What an allocation has relayed since the last look, all of it or with one of its peers.
   *
   * @param peer null for all of it
   * @param bytes both ways
   */
  public record Moved(
      FiveTuple client, String user, @Nullable TransportAddress peer, long bytes, long packets) {}

  private final Counters counters;
  private final long[] active = new long[Transport.values().length * FAMILIES];
  private long now;

  public Census(Counters counters) {
    this.counters = counters;
  }

  /** Counts the allocations of this server anew. */
  public void take(TurnServer server, long now) {
    begin(now);
    server.forEachAllocation(allocation -> look(allocation, moved -> {}, note -> {}));
    end();
  }

  public void begin(long atMs) {
    Arrays.fill(active, 0);
    now = atMs;
  }

  /** All that was looked at since {@link #begin} is what there is. */
  public void end() {
    for (Transport transport : Transport.values()) {
      for (Family family : Family.values()) {
        long count = active[transport.ordinal() * FAMILIES + family.ordinal()];
        counters.active(transport, family, count);
      }
    }
  }

  /**
   * @param told what has been relayed since the last look; nothing if nothing was
   * @param notes that something was relayed for the first time
   */
  public void look(Allocation allocation, Consumer<Moved> told, Consumer<Note> notes) {
    if (allocation.isActiveSince(now - ACTIVE_MS)) {
      int row = allocation.client().transport().ordinal() * FAMILIES;
      if (allocation.ipv4 != null) {
        active[row + Family.IPV4.ordinal()]++;
      }
      if (allocation.ipv6 != null) {
        active[row + Family.IPV6.ordinal()]++;
      }
    }
    if (allocation.relayedMs > 0) {
      Pace pace = allocation.pace;
      if (pace == null) {
        pace = new Pace();
        allocation.pace = pace;
        notes.accept(
            new Note.Relayed(
                allocation.origin(), allocation.firstRelayedMs, allocation.createdMs()));
      }
      if (pace.look(allocation, now)) {
        tell(allocation, pace, told);
      }
    }
  }

  private static void tell(Allocation allocation, Pace pace, Consumer<Moved> told) {
    FiveTuple client = allocation.client();
    String user = allocation.login.quotaUser();
    told.accept(new Moved(client, user, null, pace.bytesMoved, pace.packetsMoved));
    allocation.forEachPermission(
        permission -> {
          long bytes = permission.bytesUp + permission.bytesDown - permission.bytesTold;
          if (bytes > 0) {
            long packets = permission.packets - permission.packetsTold;
            permission.bytesTold += bytes;
            permission.packetsTold = permission.packets;
            told.accept(new Moved(client, user, permission.ip(), bytes, packets));
          }
        });
  }
}
