package puente.launcher;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.OptionalInt;

/** Another node: {@code ip}, {@code ip:port} or {@code [ip]:port}. */
record ClusterMember(InetAddress ip, OptionalInt port) {
  static ClusterMember parse(String text) {
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      if (end < 0 || end + 1 < text.length() && text.charAt(end + 1) != ':') {
        throw new IllegalArgumentException("not an IP address or [IP]:port");
      }
      String port = text.substring(end + 1);
      return of(text.substring(1, end), port.isEmpty() ? "" : port.substring(1), port.isEmpty());
    }
    int colon = text.indexOf(':');
    boolean noPort = colon < 0 || colon != text.lastIndexOf(':');
    return noPort
        ? of(text, "", true)
        : of(text.substring(0, colon), text.substring(colon + 1), false);
  }

  private static ClusterMember of(String ip, String port, boolean noPort) {
    OptionalInt number =
        noPort ? OptionalInt.empty() : OptionalInt.of(Type.count(1, 65_535).reader().apply(port));
    return new ClusterMember(Type.address(ip), number);
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
