package puente.signal;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Bounds the connections, in number and in how long they may keep us waiting. Used on one loop
 * only.
 */
final class GatewayConnections {
  /** A first request comes whole within this time, however slowly its bytes drip in. */
  static final long FIRST_REQUEST_MS = 10_000;

  /** The next one within this time. */
  static final long NEXT_REQUEST_MS = 30_000;

  private static final long NO_TIMER = -1;

  private static final class Open {
    final String source;
    final boolean isSecure;
    long timer = NO_TIMER;

    Open(String source, boolean isSecure) {
      this.source = source;
      this.isSecure = isSecure;
    }
  }

  private final Vertx vertx;
  private final GatewayServer.Limits limits;
  private final Map<HttpConnection, Open> open = new IdentityHashMap<>();
  private final Map<String, Integer> connectionsBySource = new HashMap<>();
  private final Map<String, Integer> socketsBySource = new HashMap<>();
  private final TrustedProxies proxies;
  private long refused;

  GatewayConnections(Vertx vertx, GatewayServer.Limits limits, TrustedProxies proxies) {
    this.proxies = proxies;
    this.vertx = vertx;
    this.limits = limits;
  }

  /**
   * @param isSecure whether the client has TLS, with us or with who has handed it over
   */
  void onOpen(HttpConnection connection, boolean isSecure) {
    String address = connection.remoteAddress().hostAddress();
    String source = Source.of(address).key();
    // All clients of a proxy come from one address: it limits them itself.
    boolean isMany =
        !proxies.isTrusted(address)
            && connectionsBySource.getOrDefault(source, 0) >= limits.connectionsPerSourceMax();
    if (isMany || open.size() >= limits.connectionsMax()) {
      refused++;
      connection.close();
      return;
    }
    connectionsBySource.merge(source, 1, Integer::sum);
    Open opened = new Open(source, isSecure);
    open.put(connection, opened);
    await(connection, opened, limits.requestMs());
    connection.closeHandler(closed -> onClosed(connection));
  }

  boolean isSecure(HttpConnection connection) {
    Open known = open.get(connection);
    return known != null && known.isSecure;
  }

  /** Once or more often: of one that became a WebSocket, only that is told. */
  void onClosed(HttpConnection connection) {
    Open known = open.remove(connection);
    if (known != null) {
      cancel(known);
      connectionsBySource.computeIfPresent(
          known.source, (key, count) -> count == 1 ? null : count - 1);
    }
  }

  /** A request has come whole, or the connection is a WebSocket now: nothing more is waited for. */
  void onRequest(HttpConnection connection) {
    Open known = open.get(connection);
    if (known != null) {
      cancel(known);
    }
  }

  void onAnswered(HttpConnection connection) {
    Open known = open.get(connection);
    if (known != null) {
      cancel(known);
      await(connection, known, NEXT_REQUEST_MS);
    }
  }

  /**
   * A WebSocket of that source; false when it has too many. Behind a proxy this is what bounds one
   * client: its connections are all the proxy's.
   */
  boolean openSocket(String source) {
    if (socketsBySource.getOrDefault(source, 0) >= limits.connectionsPerSourceMax()) {
      refused++;
      return false;
    }
    socketsBySource.merge(source, 1, Integer::sum);
    return true;
  }

  void closeSocket(String source) {
    socketsBySource.computeIfPresent(source, (key, count) -> count == 1 ? null : count - 1);
  }

  int open() {
    return open.size();
  }

  long refused() {
    return refused;
  }

  private void await(HttpConnection connection, Open known, long ms) {
    known.timer = vertx.setTimer(ms, late -> connection.close());
  }

  private void cancel(Open known) {
    if (known.timer != NO_TIMER) {
      vertx.cancelTimer(known.timer);
      known.timer = NO_TIMER;
    }
  }
}
