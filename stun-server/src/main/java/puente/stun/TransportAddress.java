package puente.stun;

import org.jspecify.annotations.Nullable;

/**
 * An IP address and a port. The address is 128 bits: IPv6 as it is, IPv4 as {@code
 * ::ffff:a.b.c.d}; the family says which of the two was meant, so that an IPv4-mapped IPv6 address
 * on the wire is never mistaken for an IPv4 one.
 *
 * <p>Comparable, so that a HashMap stays quick however many addresses with one hash code somebody
 * comes from.
 */
public record TransportAddress(Family family, long hi, long lo, int port)
    implements Comparable<TransportAddress> {

  private static final long MAPPED = 0x0000_ffff_0000_0000L;

  public static TransportAddress ipv4(int address, int port) {
    return new TransportAddress(Family.IPV4, 0, mapped(address), port);
  }

  public static TransportAddress ipv6(long hi, long lo, int port) {
    return new TransportAddress(Family.IPV6, hi, lo, port);
  }

  /** The low 64 bits that stand for an IPv4 address. */
  public static long mapped(int address) {
    return MAPPED | (address & 0xffff_ffffL);
  }

  /** Whether these 128 bits have the form of an IPv4-mapped address. */
  public static boolean isMapped(long hi, long lo) {
    return hi == 0 && lo >>> 32 == 0xffff;
  }

  /** The 32 bits of an IPv4 address. */
  public int ipv4Address() {
    return (int) lo;
  }

  public boolean sameIp(long otherHi, long otherLo) {
    return hi == otherHi && lo == otherLo;
  }

  public TransportAddress withPort(int newPort) {
    return new TransportAddress(family, hi, lo, newPort);
  }

  // Not those of a record, which are put together of a dozen classes at the first call.

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TransportAddress address
        && lo == address.lo
        && port == address.port
        && hi == address.hi
        && family == address.family;
  }

  @Override
  public int hashCode() {
    long mixed = hi * 31 + lo;
    return (int) (mixed ^ mixed >>> 32) * 31 + port;
  }

  @Override
  public int compareTo(TransportAddress other) {
    int order = family.compareTo(other.family);
    if (order == 0) {
      order = Long.compareUnsigned(hi, other.hi);
    }
    if (order == 0) {
      order = Long.compareUnsigned(lo, other.lo);
    }
    return order == 0 ? Integer.compare(port, other.port) : order;
  }

  /** The address alone, as text: {@code 192.0.2.1} or {@code 2001:db8::1} (RFC 5952). */
  public String ip() {
    return family == Family.IPV4 ? dotted((int) lo) : Ipv6Text.format(hi, lo);
  }

  @Override
  public String toString() {
    return family == Family.IPV4 ? ip() + ':' + port : '[' + ip() + "]:" + port;
  }

  static String dotted(int a) {
    return (a >>> 24) + "." + (a >> 16 & 0xff) + "." + (a >> 8 & 0xff) + "." + (a & 0xff);
  }
}
