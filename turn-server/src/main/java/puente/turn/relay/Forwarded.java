package puente.turn.relay;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import puente.stun.Family;
import puente.stun.TransportAddress;

/**
 * One datagram of a client that has its allocation on another node than the one it speaks to.
 *
 * <pre>
 *    0  kind, 1     1  reserved, 1     2  length of the payload, 2
 *    4  the client: family (4 or 6), 1; port, 2; address, 16
 *   23  the address of the node that the client speaks to, in the same form
 *   42  payload
 * </pre>
 *
 * @param door the address that the client speaks to, on the node that it speaks to
 */
record Forwarded(Kind kind, TransportAddress client, TransportAddress door, byte[] payload) {

  enum Kind {
    /** From the client, for whoever has its allocation. */
    OFFER,
    /** From the client, for the node that has its allocation. */
    UP,
    /** For the client. */
    DOWN,
    /** The allocation is here. */
    HERE
  }

  static final int HEADER = 42;
  private static final Kind[] KINDS = Kind.values();
  private static final byte[] NOTHING = {};

  int bytes() {
    return HEADER + payload.length;
  }

  /** The answer to it, without a payload. */
  Forwarded answer(Kind answer) {
    return new Forwarded(answer, client, door, NOTHING);
  }

  void write(ByteBuffer out) {
    out.put((byte) kind.ordinal()).put((byte) 0).putShort((short) payload.length);
    write(client, out);
    write(door, out);
    out.put(payload);
  }

  private static void write(TransportAddress address, ByteBuffer out) {
    out.put((byte) (address.family() == Family.IPV4 ? 4 : 6));
    out.putShort((short) address.port()).putLong(address.hi()).putLong(address.lo());
  }

  /** The next one; empty if what is left is none. */
  static Optional<Forwarded> read(ByteBuffer in) {
    if (in.remaining() < HEADER) {
      return Optional.empty();
    }
    int kind = in.get();
    in.get();
    int length = in.getShort() & 0xffff;
    TransportAddress client = address(in);
    TransportAddress door = address(in);
    if (kind < 0 || kind >= KINDS.length || length > in.remaining()) {
      return Optional.empty();
    }
    byte[] payload = new byte[length];
    in.get(payload);
    return Optional.of(new Forwarded(KINDS[kind], client, door, payload));
  }

  private static TransportAddress address(ByteBuffer in) {
    Family family = in.get() == 6 ? Family.IPV6 : Family.IPV4;
    int port = in.getShort() & 0xffff;
    return new TransportAddress(family, in.getLong(), in.getLong(), port);
  }

  @Override
  public boolean equals(@org.jspecify.annotations.Nullable Object other) {
    return other instanceof Forwarded that
        && kind == that.kind
        && client.equals(that.client)
        && door.equals(that.door)
        && Arrays.equals(payload, that.payload);
  }

  @Override
  public int hashCode() {
    return 31 * client.hashCode() + Arrays.hashCode(payload);
  }
}
