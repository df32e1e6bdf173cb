package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/**
 * Which way data of an allocation on a shared port goes. RFC 8656 §6 wants a relayed transport
 * address for each allocation alone; where two on one port want the same peer, which could not tell
 * them apart, the second one gets a port of its own for that peer.
 */
final class Sharing {

  /** How long no private port is tried to be opened after the system has refused one. */
  private static final long RETRY_MS = 1000;

  private final Ports ports;
  private int flowsMax;

  Sharing(TurnConfig config, Ports ports) {
    this.ports = ports;
    reconfigure(config);
  }

  void reconfigure(TurnConfig config) {
    flowsMax = config.limits().channels();
  }

  /**
   * Whether there is a way to this peer, or will be.
   *
   * @param relay of the peer's family
   */
  boolean hasWay(Relay relay, TransportAddress peer) {
    return !(relay instanceof SharedRelay shared)
        || shared.port().isFreeFor(shared, peer, flowsMax)
        || shared.openSpare() != null
        || ports.hasBeside(shared);
  }

  /** What its client sends may say by what name its peers check it. */
  void learn(Permission permission, Packet packet, int offset, int length) {
    if (permission.relay instanceof SharedRelay relay) {
      relay.port().learn(relay, packet, offset, length);
    }
  }

  /** By which port data goes to this peer from now on; null if there is none, or not yet. */
  @Nullable Relay via(Permission permission, TransportAddress peer, long now, Effects out) {
    if (!(permission.relay instanceof SharedRelay relay)) {
      return permission.relay;
    }
    if (relay.port().isOf(relay, peer)) {
      return relay;
    }
    SpareRelay spare = relay.openSpare();
    if (spare == null || !spare.knows(peer)) {
      if (relay.port().claim(permission, peer, flowsMax)) {
        keep(relay, out);
        return relay;
      }
      if (spare == null) {
        spare = open(relay, now, out);
      }
      if (spare != null && relay.flows < flowsMax) {
        spare.remember(permission, peer);
        keep(relay, out);
      }
    }
    return spare != null && spare.state == Relay.State.BOUND ? spare : null;
  }

  /** As it was before a restart. */
  void resume(Permission permission, TransportAddress peer, boolean onSpare) {
    SpareRelay spare = permission.relay.openSpare();
    if (permission.relay instanceof SharedRelay relay && !onSpare) {
      relay.port().claim(permission, peer, flowsMax);
    } else if (spare != null) {
      spare.remember(permission, peer);
    }
  }

  private @Nullable SpareRelay open(SharedRelay relay, long now, Effects out) {
    SpareRelay failed = relay.spare;
    SpareRelay spare =
        failed == null || now >= failed.retryMs ? ports.takeBeside(relay, now) : null;
    if (spare != null) {
      spare.allocation = relay.allocation;
      relay.spare = spare;
      out.bind(spare);
    }
    return spare;
  }

  /**
   * @param inUse the port is another program's; else the system refused for another reason
   * @return whether it was a private port beside a shared one
   */
  boolean onBindFailed(Relay relay, boolean inUse, long now) {
    if (!(relay instanceof SpareRelay spare)) {
      return false;
    }
    spare.state = Relay.State.CLOSED;
    spare.retryMs = inUse ? now : now + RETRY_MS;
    ports.giveBack(spare, now);
    return true;
  }

  private static void keep(SharedRelay relay, Effects out) {
    Allocation allocation = relay.allocation;
    if (allocation != null && allocation.isActive()) {
      allocation.revision++;
      out.keep(allocation);
    }
  }
}
