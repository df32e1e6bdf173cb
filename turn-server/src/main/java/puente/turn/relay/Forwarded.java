package puente.turn.relay;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import puente.stun.Family;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * One datagram of a client that has its allocation on another node than the one it speaks to.
 *
 * <pre>
 *    0  kind, 1     1  transport, 1    2  length of the payload, 2
 *    4  the asker, 2                   6  the place, 2
 *    8  the client: family (4 or 6), 1; port, 2; address, 16
 *   27  the address of the node that the client speaks to, in the same form
 *   46  payload
 * </pre>
 *
 * @param transport by which the client speaks
 * @param asker the shard that the client speaks to, on the node that it speaks to
 * @param place the shard that has the allocation; {@link #NOBODY_KNOWS} in a question
 * @param door the address that the client speaks to, on the node that it speaks to
 */
record Forwarded(
    Kind kind,
    Transport transport,
    int asker,
    int place,
    TransportAddress client,
    TransportAddress door,
    byte[] payload) {

  enum Kind {
    /** Who has this client's allocation? Or the one whose ticket it shows in the payload? */
    OFFER,
    /** From the client, for the node that has its allocation. */
    UP,
    /** For the client. */
    DOWN,
    /** The allocation is here. */
    HERE,
    /** It is not here any more. */
    GONE,
    /** The client's connection is. */
    ENDED,
    /** The ticket's allocation is not at this node. */
    NOT_HERE
  }

  static final int HEADER = 46;
  static final int NOBODY_KNOWS = 0xffff;
  private static final Kind[] KINDS = Kind.values();
  private static final Transport[] TRANSPORTS = Transport.values();
  static final byte[] NOTHING = {};

  int bytes() {
    return HEADER + payload.length;
  }

  /**
   * @param shown the request by which the client says what it is about, with a ticket of ours; else
   *     nothing
   */
  static Forwarded question(
      Transport transport,
      int asker,
      TransportAddress client,
      TransportAddress door,
      byte[] shown) {
    return new Forwarded(Kind.OFFER, transport, asker, NOBODY_KNOWS, client, door, shown);
  }

  /** The answer of the shard of this number, without a payload. */
  Forwarded answer(Kind answer, int from) {
    return about(answer, asker, from, NOTHING);
  }

  /** Another frame about the same client. */
  Forwarded about(Kind newKind, int newAsker, int newPlace, byte[] newPayload) {
    return new Forwarded(newKind, transport, newAsker, newPlace, client, door, newPayload);
  }

  /** The number of the shard that this is for, at its receiver. */
  int shard() {
    return switch (kind) {
      case OFFER, UP, ENDED -> place;
      case DOWN, HERE, GONE, NOT_HERE -> asker;
    };
  }

  void write(ByteBuffer out) {
    out.put((byte) kind.ordinal()).put((byte) transport.ordinal());
    out.putShort((short) payload.length);
    out.putShort((short) asker).putShort((short) place);
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
    int transport = in.get();
    int length = in.getShort() & 0xffff;
    int asker = in.getShort() & 0xffff;
    int place = in.getShort() & 0xffff;
    TransportAddress client = address(in);
    TransportAddress door = address(in);
    if (kind < 0
        || kind >= KINDS.length
        || transport < 0
        || transport >= TRANSPORTS.length
        || length > in.remaining()) {
      return Optional.empty();
    }
    byte[] payload = new byte[length];
    in.get(payload);
    return Optional.of(
        new Forwarded(KINDS[kind], TRANSPORTS[transport], asker, place, client, door, payload));
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
        && transport == that.transport
        && asker == that.asker
        && place == that.place
        && client.equals(that.client)
        && door.equals(that.door)
        && Arrays.equals(payload, that.payload);
  }

  @Override
  public int hashCode() {
    return 31 * client.hashCode() + Arrays.hashCode(payload);
  }
}
