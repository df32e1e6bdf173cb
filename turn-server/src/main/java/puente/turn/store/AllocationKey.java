package puente.turn.store;

import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/** What identifies an allocation everywhere: its client's five-tuple (RFC 8656 §3.2). */
public record AllocationKey(Transport transport, TransportAddress client, TransportAddress server) {

  public static AllocationKey of(FiveTuple tuple) {
    return new AllocationKey(tuple.transport(), tuple.client(), tuple.server());
  }
}
