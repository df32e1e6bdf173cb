package puente.turn.relay;

import java.util.List;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Allocation;

/**
 * An allocation as it was when somebody looked.
 *
 * @param bytesUp application data towards peers; down is towards the client
 */
public record Session(
    SessionKey key,
    String user,
    Transport transport,
    TransportAddress server,
    List<TransportAddress> relayed,
    long expiresMs,
    int permissions,
    int channels,
    long bytesUp,
    long bytesDown,
    long packetsUp,
    long packetsDown) {

  static Session of(SessionKey key, Allocation allocation) {
    return new Session(
        key,
        allocation.user(),
        allocation.client().transport(),
        allocation.client().server(),
        allocation.relayedAddresses(),
        allocation.expiresMs(),
        allocation.permissions(),
        allocation.channels(),
        allocation.bytesUp(),
        allocation.bytesDown(),
        allocation.packetsUp(),
        allocation.packetsDown());
  }
}
