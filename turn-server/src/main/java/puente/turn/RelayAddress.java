package puente.turn;

import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.TransportAddress;

/**
 * An IP address that relays are made on. The ports of both addresses mean nothing.
 *
 * @param local what sockets are bound to
 * @param advertised what clients are told; differs behind a 1:1 NAT (external-ip)
 */
public record RelayAddress(TransportAddress local, TransportAddress advertised) {

  public RelayAddress {
    if (local.family() != advertised.family()) {
      throw new IllegalArgumentException(
          "a relay address and its advertised one are of different families");
    }
    local = local.withPort(0);
    advertised = advertised.withPort(0);
  }

  public RelayAddress(TransportAddress local) {
    this(local, local);
  }

  /** The first ones, by what clients are told of them by the others (external-ip). */
  static RelayAddress[] named(List<RelayAddress> ours, List<RelayAddress> others) {
    return ours.stream()
        .map(
            own ->
                others.stream()
                    .filter(other -> other.local.equals(own.local))
                    .findFirst()
                    .orElse(own))
        .toArray(RelayAddress[]::new);
  }

  // Not those of a record, which are put together of a dozen classes at the first call.

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RelayAddress address
        && local.equals(address.local)
        && advertised.equals(address.advertised);
  }

  @Override
  public int hashCode() {
    return local.hashCode() * 31 + advertised.hashCode();
  }

  public Family family() {
    return local.family();
  }

  /** Whether this IP address is ours by either of its two names. */
  public boolean isAt(TransportAddress peer) {
    return peer.family() == family()
        && (local.sameIp(peer.hi(), peer.lo()) || advertised.sameIp(peer.hi(), peer.lo()));
  }
}
