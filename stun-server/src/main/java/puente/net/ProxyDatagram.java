package puente.net;

import puente.stun.Family;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/**
 * The header of the PROXY protocol, version 2, at the head of a datagram that a proxy passes on. As
 * bytes:
 *
 * <pre>
 * 00  0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a   the signature
 * 0c  version 2 and command: 20 LOCAL, 21 PROXY
 * 0d  family and transport: 12 UDP over IPv4, 22 UDP over IPv6
 * 0e  length of what follows
 * 10  source address, destination address, source port, destination port; then what clouds add
 * </pre>
 */
public final class ProxyDatagram {

  /** What stands at the head of a datagram. */
  public enum Head {
    /** No header. */
    NONE,
    /** A client's, which the packet now is from. */
    CLIENT,
    /** The proxy speaks for itself. */
    PROXY,
    /** One that cannot be read, or is of another transport. */
    BAD
  }

  private static final long SIGNATURE = 0x0d0a_0d0a_000d_0a51L;
  private static final int SIGNATURE_END = 0x5549_540a;
  private static final int COMMAND = 0x0c;
  private static final int FAMILY = 0x0d;
  private static final int LENGTH = 0x0e;
  private static final int ADDRESSES = 0x10;

  private static final int LOCAL = 0x20;
  private static final int PROXY = 0x21;
  private static final int UNSPEC = 0x00;
  private static final int UDP_IPV4 = 0x12;
  private static final int UDP_IPV6 = 0x22;
  private static final int IPV4_LENGTH = 12;
  private static final int IPV6_LENGTH = 36;

  private ProxyDatagram() {}

  public static boolean startsIn(Packet packet) {
    return packet.length >= ADDRESSES
        && packet.buffer.getLong(packet.offset) == SIGNATURE
        && packet.i32(8) == SIGNATURE_END;
  }

  /** Takes the header off; makes no garbage. A packet with a bad one is left as it is. */
  public static Head strip(Packet packet) {
    if (!startsIn(packet)) {
      return Head.NONE;
    }
    int length = packet.u16(LENGTH);
    int command = packet.u8(COMMAND);
    int family = packet.u8(FAMILY);
    if (ADDRESSES + length > packet.length) {
      return Head.BAD;
    }
    Head head = Head.BAD;
    if (command == LOCAL || command == PROXY && family == UNSPEC) {
      head = Head.PROXY;
    } else if (command == PROXY && readClient(packet, family, length)) {
      head = Head.CLIENT;
    }
    if (head != Head.BAD) {
      packet.offset += ADDRESSES + length;
      packet.length -= ADDRESSES + length;
    }
    return head;
  }

  private static boolean readClient(Packet packet, int family, int length) {
    boolean ipv4 = family == UDP_IPV4 && length >= IPV4_LENGTH;
    if (!ipv4 && !(family == UDP_IPV6 && length >= IPV6_LENGTH)) {
      return false;
    }
    int port = packet.u16(ADDRESSES + (ipv4 ? 8 : 32));
    if (port == 0) {
      return false;
    }
    long hi = ipv4 ? 0 : packet.buffer.getLong(packet.offset + ADDRESSES);
    long lo =
        ipv4
            ? TransportAddress.mapped(packet.i32(ADDRESSES))
            : packet.buffer.getLong(packet.offset + ADDRESSES + 8);
    packet.sourceHi = hi;
    packet.sourceLo = lo;
    packet.sourcePort = port;
    // A proxy that listens for both families in one socket writes IPv4 in its mapped form.
    packet.sourceFamily = TransportAddress.isMapped(hi, lo) ? Family.IPV4 : Family.IPV6;
    return true;
  }
}
