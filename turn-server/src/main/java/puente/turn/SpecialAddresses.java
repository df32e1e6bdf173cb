package puente.turn;

import java.util.List;
import puente.stun.AddressRange;
import puente.stun.Family;
import puente.stun.TransportAddress;

/**
 * The addresses that are no public unicast ones: the IANA special-purpose registries for IPv4 and
 * IPv6 (RFC 6890), and what cloud hosts answer metadata on.
 */
final class SpecialAddresses {

  /** A range and the name that refusals and metrics give it. */
  record Named(AddressRange range, String name) {

    static Named of(String range, String name) {
      return new Named(AddressRange.parse(range), name);
    }

    boolean contains(TransportAddress address) {
      return range.isIpv4() == (address.family() == Family.IPV4)
          && range.contains(address.hi(), address.lo());
    }
  }

  /** Peers on the host itself; {@code allow-loopback-peers} takes them off the list. */
  static final List<Named> LOOPBACK =
      List.of(Named.of("127.0.0.0/8", "loopback"), Named.of("::1", "loopback"));

  /** No setting allows these. */
  static final List<Named> NEVER =
      List.of(
          Named.of("0.0.0.0/8", "unspecified"),
          Named.of("169.254.0.0/16", "link-local"),
          Named.of("224.0.0.0/4", "multicast"),
          Named.of("255.255.255.255", "broadcast"),
          Named.of("100.100.100.200", "metadata"),
          Named.of("168.63.129.16", "metadata"),
          Named.of("192.0.0.192", "metadata"),
          Named.of("::", "unspecified"),
          Named.of("fe80::/10", "link-local"),
          Named.of("ff00::/8", "multicast"),
          Named.of("fd00:ec2::254", "metadata"),
          Named.of("fd20:ce::254", "metadata"));

  /** Denied unless an {@code allowed-peer-ip} says otherwise. */
  static final List<Named> SPECIAL =
      List.of(
          Named.of("10.0.0.0/8", "private"),
          Named.of("100.64.0.0/10", "shared"),
          Named.of("172.16.0.0/12", "private"),
          Named.of("192.0.0.0/24", "ietf"),
          Named.of("192.0.2.0/24", "documentation"),
          Named.of("192.31.196.0/24", "as112"),
          Named.of("192.52.193.0/24", "amt"),
          Named.of("192.88.99.0/24", "6to4-relay"),
          Named.of("192.168.0.0/16", "private"),
          Named.of("192.175.48.0/24", "as112"),
          Named.of("198.18.0.0/15", "benchmarking"),
          Named.of("198.51.100.0/24", "documentation"),
          Named.of("203.0.113.0/24", "documentation"),
          Named.of("240.0.0.0/4", "reserved"),
          Named.of("64:ff9b:1::/48", "nat64-local"),
          Named.of("100::/64", "discard"),
          Named.of("100:0:0:1::/64", "dummy"),
          Named.of("2001::/32", "teredo"),
          Named.of("2001:db8::/32", "documentation"),
          Named.of("2001::/23", "ietf"),
          Named.of("2620:4f:8000::/48", "as112"),
          Named.of("3fff::/20", "documentation"),
          Named.of("5f00::/16", "srv6"),
          Named.of("fc00::/7", "unique-local"),
          Named.of("fec0::/10", "site-local"));

  /** RFC 4291 §2.4: what IANA gives out as global unicast. */
  static final AddressRange GLOBAL_UNICAST = AddressRange.parse("2000::/3");

  /** RFC 6052 §2.1; its addresses are as good as the IPv4 address in them. */
  static final AddressRange NAT64 = AddressRange.parse("64:ff9b::/96");

  private static final AddressRange NAT64_LOCAL = AddressRange.parse("64:ff9b:1::/48");
  private static final AddressRange TEREDO = AddressRange.parse("2001::/32");
  private static final AddressRange SIX_TO_FOUR = AddressRange.parse("2002::/16");

  /** Upper half 0 and bits 64-79 0xffff: IPv4-translated, RFC 2765 §2.1. */
  private static final long SIIT = 0xffff_0000L;

  private SpecialAddresses() {}

  /**
   * The IPv4 addresses that an IPv6 one stands for, or may: what a gateway on the way would send
   * to. Empty if none.
   */
  static List<TransportAddress> embedded(TransportAddress address) {
    long hi = address.hi();
    long lo = address.lo();
    int port = address.port();
    if (address.family() == Family.IPV4) {
      return List.of();
    }
    if (isBareIpv4(address) || NAT64.contains(hi, lo)) {
      return List.of(TransportAddress.ipv4((int) lo, port));
    }
    if (SIX_TO_FOUR.contains(hi, lo)) {
      return List.of(TransportAddress.ipv4((int) (hi >>> 16), port));
    }
    if (TEREDO.contains(hi, lo)) {
      // RFC 4380 §4: the server's address, and the client's with every bit turned.
      return List.of(TransportAddress.ipv4((int) hi, port), TransportAddress.ipv4(~(int) lo, port));
    }
    if (NAT64_LOCAL.contains(hi, lo)) {
      // RFC 6052 §2.2: with a prefix of 96 bits, or with one of 48; the other one reads as zero.
      int after96 = (int) lo;
      int after48 = (int) ((hi & 0xffff) << 16 | lo >>> 40 & 0xffff);
      if (after96 == 0 || after48 == 0) {
        return List.of(TransportAddress.ipv4(after96 | after48, port));
      }
      return List.of(TransportAddress.ipv4(after96, port), TransportAddress.ipv4(after48, port));
    }
    return List.of();
  }

  /**
   * IPv4-compatible, IPv4-mapped and IPv4-translated addresses (RFC 4291 §2.5.5, RFC 2765 §2.1).
   * None is an address on a wire: a host takes some of them for IPv4.
   */
  static boolean isBareIpv4(TransportAddress address) {
    long upper = address.lo() >>> 32;
    return address.family() == Family.IPV6
        && address.hi() == 0
        && (address.lo() & ~1L) != 0 // :: and ::1 are themselves
        && (upper == 0 || upper == 0xffff || upper == SIIT);
  }
}
