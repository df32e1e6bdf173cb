package puente.launcher;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import puente.net.Addresses;
import puente.stun.TransportAddress;

/** A server that load may be put on. */
record LoadTarget(URI uri, InetAddress address, int port) {
  private static final int STUN_PORT = 3478;

  /**
   * @param anywhere whether it may be a public address
   */
  static LoadTarget of(String text, boolean anywhere) {
    URI uri = URI.create(text);
    String scheme = String.valueOf(uri.getScheme());
    if (!scheme.equals("ws") && !scheme.equals("wss") || uri.getHost() == null) {
      throw new IllegalArgumentException("not ws://host:port/path or wss://host:port/path");
    }
    try {
      InetAddress address = InetAddress.getByName(uri.getHost());
      if (!anywhere && !isPrivate(address)) {
        throw new IllegalArgumentException(
            "a public address: --anywhere allows it, if it is yours to load");
      }
      int port = uri.getPort() > 0 ? uri.getPort() : scheme.equals("wss") ? 443 : 80;
      return new LoadTarget(uri, address, port);
    } catch (UnknownHostException unknown) {
      throw new IllegalArgumentException("no such host: " + uri.getHost(), unknown);
    }
  }

  /**
   * A STUN or TURN server: {@code host}, {@code host:port} or {@code [v6]:port}.
   *
   * @param anywhere whether it may be a public address
   */
  static TransportAddress server(String text, boolean anywhere) {
    URI uri = URI.create("turn://" + text);
    if (uri.getHost() == null || uri.getRawUserInfo() != null || !uri.getRawPath().isEmpty()) {
      throw new IllegalArgumentException("not host or host:port");
    }
    try {
      InetAddress address = InetAddress.getByName(uri.getHost());
      if (!anywhere && !isPrivate(address)) {
        throw new IllegalArgumentException(
            "a public address: --anywhere allows it, if it is yours to load");
      }
      return Addresses.of(address, uri.getPort() > 0 ? uri.getPort() : STUN_PORT);
    } catch (UnknownHostException unknown) {
      throw new IllegalArgumentException("no such host: " + uri.getHost(), unknown);
    }
  }

  /** Loopback, link-local, RFC 1918 and RFC 4193. */
  static boolean isPrivate(InetAddress address) {
    boolean isUniqueLocal =
        address.getAddress().length == 16 && (address.getAddress()[0] & 0xFE) == 0xFC;
    return address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || address.isSiteLocalAddress()
        || isUniqueLocal;
  }

  boolean isTls() {
    return "wss".equals(uri.getScheme());
  }

  String path() {
    return uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/signal" : uri.getRawPath();
  }
}
