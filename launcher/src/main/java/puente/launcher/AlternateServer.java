package puente.launcher;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.OptionalInt;
import puente.net.Addresses;
import puente.stun.TransportAddress;

/** Another server, as coturn writes it: {@code ip}, {@code ip:port} or {@code [ip]:port}. */
record AlternateServer(InetAddress ip, OptionalInt port) {
  static AlternateServer parse(String text) {
    int colon = text.lastIndexOf(':');
    boolean bracket = text.startsWith("[");
    boolean hasPort =
        bracket ? colon == text.indexOf(']') + 1 : colon >= 0 && colon == text.indexOf(':');
    String ip = hasPort ? text.substring(0, colon) : text;
    if (bracket) {
      if (!ip.endsWith("]")) {
        throw new IllegalArgumentException("not an IP address or [IP]:port");
      }
      ip = ip.substring(1, ip.length() - 1);
    }
    OptionalInt port =
        hasPort
            ? OptionalInt.of(Type.count(1, 65_535).reader().apply(text.substring(colon + 1)))
            : OptionalInt.empty();
    return new AlternateServer(Type.address(ip), port);
  }

  TransportAddress address(int usualPort) {
    return Addresses.of(ip, port.orElse(usualPort));
  }

  @Override
  public String toString() {
    String address = Type.show(ip);
    if (port.isEmpty()) {
      return address;
    }
    return (ip instanceof Inet6Address ? "[" + address + "]" : address) + ":" + port.getAsInt();
  }
}
