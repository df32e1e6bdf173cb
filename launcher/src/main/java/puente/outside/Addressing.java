package puente.outside;

import java.net.Inet4Address;
import java.net.InetAddress;

/** Which addresses the world can send to. */
final class Addressing {
  private Addressing() {}

  /** Neither private nor shared nor local, nor set aside (IANA's special-purpose registries). */
  static boolean isGlobal(InetAddress address) {
    if (address.isAnyLocalAddress()
        || address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || address.isSiteLocalAddress()
        || address.isMulticastAddress()) {
      return false;
    }
    byte[] bytes = address.getAddress();
    int first = bytes[0] & 0xFF;
    int second = bytes[1] & 0xFF;
    if (address instanceof Inet4Address) {
      boolean shared = first == 100 && second >= 64 && second < 128; // RFC 6598
      boolean benchmark = first == 198 && (second == 18 || second == 19); // RFC 2544
      boolean protocol = first == 192 && second == 0 && bytes[2] == 0; // RFC 6890
      return first != 0 && first < 240 && !shared && !benchmark && !protocol;
    }
    return (first & 0xE0) == 0x20; // 2000::/3, all that is global unicast so far
  }
}
