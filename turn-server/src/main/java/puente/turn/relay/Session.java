package puente.turn.relay;

import java.util.List;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Allocation;
import puente.turn.AllocationPeer;
import puente.turn.Census;

/**
 * An allocation as it was when somebody looked.
 *
 * @param place its place in the list that it was found for
 * @param client where it is now; its key says where it was made
 * @param isActive whether it relayed something in the last 30 s
 * @param lifetimeSeconds what was granted when it was made
 * @param bytesUp application data towards peers; down is towards the client
 * @param firstRelayedMs 0 for never
 * @param misses packets that nothing permitted
 */
public record Session(
    SessionOrder.Place place,
    String user,
    Transport transport,
    TransportAddress client,
    TransportAddress server,
    List<TransportAddress> relayed,
    boolean isActive,
    long expiresMs,
    int lifetimeSeconds,
    int permissions,
    int channels,
    long bytesUp,
    long bytesDown,
    long packetsUp,
    long packetsDown,
    Rates rates,
    long firstRelayedMs,
    long misses) {

  /** As of the last two seconds. */
  public record Rates(long bytesUp, long bytesDown, long packetsUp, long packetsDown) {}

  /** One, with whom it may exchange data. */
  public record Detail(Session session, List<AllocationPeer> peers) {}

  public SessionKey key() {
    return place.key();
  }

  static Session of(SessionOrder.Place place, Allocation allocation, long now) {
    return new Session(
        place,
        allocation.user(),
        allocation.client().transport(),
        allocation.client().client(),
        allocation.client().server(),
        allocation.relayedAddresses(),
        allocation.isActiveSince(now - Census.ACTIVE_MS),
        allocation.expiresMs(),
        allocation.lifetimeSeconds(),
        allocation.permissions(),
        allocation.channels(),
        allocation.bytesUp(),
        allocation.bytesDown(),
        allocation.packetsUp(),
        allocation.packetsDown(),
        new Rates(
            allocation.bytesUpPerSecond(),
            allocation.bytesDownPerSecond(),
            allocation.packetsUpPerSecond(),
            allocation.packetsDownPerSecond()),
        allocation.firstRelayedMs(),
        allocation.misses());
  }
}
