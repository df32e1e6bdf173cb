package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.TransportAddress;

/**
 * A channel bound to a peer (RFC 8656 §12). The peer stands here as packets to and from it carry
 * it: for a client of our own behind the same 1:1 NAT that is its relay's local address.
 */
final class Channel {

  final int number;
  final TransportAddress peer;
  final Relay relay;
  final Permission permission;

  /** What its data leaves by; on a shared port null, see {@link Sharing}. */
  final @Nullable Relay via;

  long expiresMs;

  Channel(int number, TransportAddress peer, Permission permission) {
    this.number = number;
    this.peer = peer;
    this.relay = permission.relay;
    this.permission = permission;
    this.via = relay.direct();
  }

  /** Whether data may pass now: three compares, on every packet's road. */
  boolean isOpen(long now) {
    return now < expiresMs && now < permission.expiresMs && now < relay.expiresMs;
  }
}
