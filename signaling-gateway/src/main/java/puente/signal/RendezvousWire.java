package puente.signal;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.TransportAddress;

/**
 * The datagrams of the rendezvous. They share a socket with STUN and TURN: their first byte is none
 * of those that RFC 7983 §7 gives to a protocol, nor one of RFC 5766's channels.
 *
 * <pre>
 *  0               4       5       6               8                       16
 * +---------------+-------+-------+---------------+-----------------------+
 * | D0 50 4E 54   | type  | code  |   reserved    |      transaction      |
 * +---------------+-------+-------+---------------+-----------------------+
 *  16                      32              34
 * +-----------------------+---------------+---------+-----+--------+---------+
 * |  cookie, or zeros     | token length  |  token  |  n  |  note  | padding |    MEET, LEAVE
 * +-----------------------+---------------+---------+-----+--------+---------+
 * |  cookie               |                                                       COOKIE
 * +-------+-------+-------+-------------+------------------------------------+
 * | life (s)      | count | reserved (1) | own address | count times: peer (8), address, n, note   HERE
 * +---------------+-------+--------------+-------------+----------------------+
 * </pre>
 *
 * An address is its family (1 or 2, RFC 8489 §14.1), port and IP, the last two XORed with the first
 * four bytes again and again, so that no NAT takes them for its own.
 */
final class RendezvousWire {
  static final int MAGIC = 0xD0504E54;
  static final int MEET = 1;
  static final int LEAVE = 2;
  static final int COOKIE = 0x81;
  static final int HERE = 0x82;
  static final int REFUSED = 0x83;

  static final int COOKIE_BYTES = 16;
  static final int NOTE_MAX = 32;

  /** Shorter than this is no request: so no answer to a stranger is longer than what he sent. */
  static final int REQUEST_MIN = 48;

  static final int REQUEST_MAX = 512;

  /** A request; {@code transaction} comes back in its answer. */
  record Request(int type, byte[] transaction, byte[] cookie, byte[] token, byte[] note) {}

  /** Somebody as the others see him. */
  record Seen(byte[] peer, TransportAddress address, byte[] note) {}

  private RendezvousWire() {}

  /** Null if it is no request. */
  static @Nullable Request read(byte[] datagram) {
    if (datagram.length < REQUEST_MIN || datagram.length > REQUEST_MAX) {
      return null;
    }
    ByteBuffer in = ByteBuffer.wrap(datagram);
    int magic = in.getInt();
    int type = in.get();
    in.position(8);
    try {
      byte[] transaction = take(in, 8);
      byte[] cookie = take(in, COOKIE_BYTES);
      byte[] token = take(in, in.getShort() & 0xFFFF);
      byte[] note = take(in, in.get() & 0xFF);
      boolean isKnown = magic == MAGIC && (type == MEET || type == LEAVE);
      return isKnown && note.length <= NOTE_MAX
          ? new Request(type, transaction, cookie, token, note)
          : null;
    } catch (BufferUnderflowException cut) {
      return null;
    }
  }

  private static byte[] take(ByteBuffer in, int count) {
    if (count > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[count];
    in.get(bytes);
    return bytes;
  }

  static byte[] cookie(byte[] transaction, byte[] cookie) {
    return head(COOKIE, 0, transaction, COOKIE_BYTES).put(cookie).array();
  }

  static byte[] refused(byte[] transaction, int code) {
    return head(REFUSED, code, transaction, 0).array();
  }

  static byte[] here(
      byte[] transaction, int lifeSeconds, TransportAddress own, Collection<Seen> others) {
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    address(own, list);
    for (Seen one : others) {
      list.writeBytes(one.peer);
      address(one.address, list);
      list.write(one.note.length);
      list.writeBytes(one.note);
    }
    return head(HERE, 0, transaction, 4 + list.size())
        .putShort((short) lifeSeconds)
        .put((byte) others.size())
        .put((byte) 0)
        .put(list.toByteArray())
        .array();
  }

  private static ByteBuffer head(int type, int code, byte[] transaction, int more) {
    return ByteBuffer.allocate(16 + more)
        .putInt(MAGIC)
        .put((byte) type)
        .put((byte) code)
        .putShort((short) 0)
        .put(transaction);
  }

  private static void address(TransportAddress address, ByteArrayOutputStream to) {
    boolean four = address.family() == Family.IPV4;
    ByteBuffer plain = ByteBuffer.allocate(four ? 6 : 18).putShort((short) address.port());
    if (four) {
      plain.putInt(address.ipv4Address());
    } else {
      plain.putLong(address.hi()).putLong(address.lo());
    }
    to.write(four ? 1 : 2);
    byte[] bytes = plain.array();
    for (int i = 0; i < bytes.length; i++) {
      to.write(bytes[i] ^ MAGIC >>> 24 - 8 * (i % 4));
    }
  }
}
