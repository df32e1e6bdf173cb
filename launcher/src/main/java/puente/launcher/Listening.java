package puente.launcher;

import java.net.InetSocketAddress;

/**
 * One open listening socket.
 *
 * @param transport {@code udp}, {@code tcp}, {@code tls}, {@code http}, {@code https}
 *     or {@code admin}
 * @param address its address, with the port that it really got
 */
record Listening(String transport, InetSocketAddress address) {
  /** The address as it is written in a URL. */
  String hostAndPort() {
    return IceUrls.host(address.getAddress()) + ":" + address.getPort();
  }
}
