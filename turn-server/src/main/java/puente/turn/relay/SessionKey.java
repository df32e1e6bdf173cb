package puente.turn.relay;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Allocation;

/**
 * What one allocation of this node is called, and its place in lists: the oldest first. A later
 * allocation of the same client has another one.
 */
public record SessionKey(long createdMs, TransportAddress client, int listener)
    implements Comparable<SessionKey> {

  private static final int BYTES = 8 + 1 + 16 + 2 + 2;

  static SessionKey of(Allocation allocation) {
    FiveTuple client = allocation.origin();
    return new SessionKey(allocation.createdMs(), client.client(), client.listener());
  }

  /** Reads what {@link #toString} wrote. */
  public static Optional<SessionKey> parse(String text) {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
    if (bytes.length != BYTES || bytes[8] != 4 && bytes[8] != 6) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    long createdMs = in.getLong();
    Family family = in.get() == 4 ? Family.IPV4 : Family.IPV6;
    TransportAddress client =
        new TransportAddress(family, in.getLong(), in.getLong(), in.getShort() & 0xffff);
    return Optional.of(new SessionKey(createdMs, client, in.getShort() & 0xffff));
  }

  /** As the core finds it: by client and listener alone. */
  FiveTuple tuple() {
    return new FiveTuple(Transport.UDP, client, client, listener, null);
  }

  // Not those of a record, which are put together of a dozen classes at the first call.

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SessionKey key
        && createdMs == key.createdMs
        && listener == key.listener
        && client.equals(key.client);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(createdMs) * 31 + client.hashCode() + listener;
  }

  @Override
  public int compareTo(SessionKey other) {
    int order = Long.compare(createdMs, other.createdMs);
    if (order == 0) {
      order = client.compareTo(other.client);
    }
    return order == 0 ? Integer.compare(listener, other.listener) : order;
  }

  /** Letters, digits, {@code -} and {@code _}. */
  @Override
  public String toString() {
    ByteBuffer out = ByteBuffer.allocate(BYTES);
    out.putLong(createdMs).put((byte) (client.family() == Family.IPV4 ? 4 : 6));
    out.putLong(client.hi()).putLong(client.lo());
    out.putShort((short) client.port()).putShort((short) listener);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(out.array());
  }
}
