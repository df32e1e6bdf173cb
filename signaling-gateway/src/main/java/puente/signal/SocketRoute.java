package puente.signal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One kind of WebSocket endpoint, found by its path. */
public interface SocketRoute {
  /**
   * What one connection may do; beyond it the connection is closed.
   *
   * @param messageBytesMax closed with 1009
   * @param messagesPerSecond closed with 4029, beyond a burst
   * @param queueBytesMax unsent bytes before the reader counts as too slow: closed with 1013
   * @param heartbeatMs between two pings of ours; after two without a sign of life closed with 4008
   */
  record Limits(
      int messageBytesMax,
      int messagesPerSecond,
      int messagesBurst,
      int queueBytesMax,
      long heartbeatMs) {
    public static final Limits STANDARD = new Limits(0x1_0000, 50, 200, 1 << 20, 25_000);
  }

  /** Compared byte by byte, nothing decoded. */
  String path();

  /** Those that clients may choose from; a client that offers others only is refused. */
  default List<String> subprotocols() {
    return List.of();
  }

  default GatewayServer.Access access() {
    return GatewayServer.Access.ORIGINS;
  }

  default Limits limits() {
    return Limits.STANDARD;
  }

  /** Looks at the handshake; an answer refuses it. */
  default @Nullable Reply refuse(Request handshake) {
    return null;
  }

  /** Takes over an open connection: sets its listener before it returns. */
  void opened(ClientSocket socket, Request handshake);
}
