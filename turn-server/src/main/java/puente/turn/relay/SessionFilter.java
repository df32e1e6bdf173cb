package puente.turn.relay;

import org.jspecify.annotations.Nullable;
import puente.stun.AddressRange;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Allocation;
import puente.turn.Census;

/**
 * Which allocations are meant; what is null or 0 does not matter.
 *
 * @param user the whole name, or a part of it with {@code *} for what comes before or after
 * @param client addresses of the client
 * @param peer the IP address of a peer that it has a permission for
 * @param active whether it relayed something lately
 */
public record SessionFilter(
    @Nullable String user,
    @Nullable AddressRange client,
    @Nullable Transport transport,
    @Nullable TransportAddress peer,
    @Nullable Boolean active,
    long minBytesPerSecond,
    long minAgeMs) {

  public static final SessionFilter ANY = new SessionFilter(null, null, null, null, null, 0, 0);

  public SessionFilter withUser(String newUser) {
    return new SessionFilter(newUser, client, transport, peer, active, minBytesPerSecond, minAgeMs);
  }

  public SessionFilter withClient(AddressRange newClient) {
    return new SessionFilter(user, newClient, transport, peer, active, minBytesPerSecond, minAgeMs);
  }

  public SessionFilter withTransport(Transport newTransport) {
    return new SessionFilter(user, client, newTransport, peer, active, minBytesPerSecond, minAgeMs);
  }

  boolean matches(Allocation allocation, long now) {
    FiveTuple tuple = allocation.client();
    return allocation.isActive()
        && (transport == null || tuple.transport() == transport)
        && (user == null || matches(user, allocation.user()))
        && (client == null || client.contains(tuple.client().hi(), tuple.client().lo()))
        && (peer == null || allocation.permits(peer.hi(), peer.lo()))
        && (active == null || active == allocation.isActiveSince(now - Census.ACTIVE_MS))
        && (minBytesPerSecond == 0
            || allocation.bytesUpPerSecond() + allocation.bytesDownPerSecond() >= minBytesPerSecond)
        && now - allocation.createdMs() >= minAgeMs;
  }

  static boolean matches(String pattern, String user) {
    boolean anyEnd = pattern.endsWith("*");
    boolean anyStart = pattern.length() > 1 && pattern.startsWith("*");
    String part = pattern.substring(anyStart ? 1 : 0, pattern.length() - (anyEnd ? 1 : 0));
    if (anyStart) {
      return anyEnd ? user.contains(part) : user.endsWith(part);
    }
    return anyEnd ? user.startsWith(part) : user.equals(part);
  }
}
