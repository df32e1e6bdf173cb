package puente.turn;

import puente.stun.FiveTuple;
import puente.stun.Message;
import puente.stun.Method;
import puente.stun.Packet;

/** Where the allocation is that a request is about: on another shard, on another node, or here. */
final class Homes {

  private final Allocations allocations;
  private final Mobility mobility;
  private final Claims claims;
  private final Counters counters;

  Homes(Allocations allocations, Mobility mobility, Claims claims, Counters counters) {
    this.allocations = allocations;
    this.mobility = mobility;
    this.claims = claims;
    this.counters = counters;
  }

  /** Whether somebody else has this request now. */
  boolean isElsewhere(Message request, FiveTuple client, Packet packet, long now, Effects out) {
    Method method = request.method();
    if (method == null || method == Method.BINDING || allocations.find(client) != null) {
      return false;
    }
    int home = mobility.elsewhere(client, request);
    if (home >= 0 && !method.isOfTcp()) {
      return out.handOver(packet, home);
    }
    boolean byTicket = mobility.isByTicket(request);
    if (byTicket && mobility.named(request) != null) {
      return false;
    }
    return packet.connection == null
        ? claims.isElsewhere(client, packet, byTicket, now, out)
        : out.elsewhere(packet, byTicket) != Effects.Whereabouts.NOWHERE;
  }

  /** Whether the client's allocation may yet come here from another node: the next copy will show. */
  boolean awaits(FiveTuple client, boolean byTicket, long now, Effects out) {
    boolean awaits = claims.awaits(client, byTicket, now, out);
    if (awaits) {
      counters.count(Counter.CLAIMING);
    }
    return awaits;
  }
}
