package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.AddressMap;
import puente.stun.TransportAddress;

/**
 * The private port of an allocation on a shared one, for the peers that are another's there. All
 * that comes in here is its allocation's, as on any private port.
 */
final class SpareRelay extends Relay {

  private final SharedRelay beside;
  private final AddressMap<Flow> flowByPeer;

  /** When a port that could not be bound is worth another try. */
  long retryMs;

  SpareRelay(TransportAddress local, TransportAddress advertised, SharedRelay beside, long seed) {
    super(local, advertised);
    this.beside = beside;
    flowByPeer = new AddressMap<>(seed);
  }

  boolean knows(TransportAddress peer) {
    return flowByPeer.find(peer.hi(), peer.lo(), peer.port()) != null;
  }

  /** From now on, what goes to this peer goes this way, even if the shared port gets free for it. */
  void remember(Permission permission, TransportAddress peer) {
    if (!knows(peer)) {
      Flow flow = new Flow(peer.hi(), peer.lo(), peer.port(), this);
      flow.standOn(permission);
      flowByPeer.put(flow.hi, flow.lo, flow.port, flow);
      beside.flows++;
    }
  }

  void forget(Flow flow) {
    flowByPeer.remove(flow.hi, flow.lo, flow.port);
  }

  /** It has no time of its own: it lives as long as the relayed address that clients are told. */
  @Override
  @Nullable Relay whose(long hi, long lo, int port, long now) {
    return beside;
  }
}
