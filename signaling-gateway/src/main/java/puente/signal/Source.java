package puente.signal;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Who is limited together: an IPv4 address, or the /64 that one IPv6 host can use at will.
 *
 * @param key the same for all addresses of one source
 */
record Source(String key) {
  static Source of(String address) {
    int zone = address.indexOf('%');
    byte[] bytes =
        InetAddress.ofLiteral(zone < 0 ? address : address.substring(0, zone)).getAddress();
    return new Source(HexFormat.of().formatHex(Arrays.copyOf(bytes, bytes.length == 4 ? 4 : 8)));
  }
}
