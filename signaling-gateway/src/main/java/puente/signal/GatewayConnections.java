package puente.signal;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

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

  private final Vertx vertx;
  private final GatewayServer.Limits limits;
  private final Map<HttpConnection, Long> timerByConnection = new IdentityHashMap<>();
  private final Set<HttpConnection> secure = Collections.newSetFromMap(new IdentityHashMap<>());
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
    if (isMany || timerByConnection.size() >= limits.connectionsMax()) {
      refused++;
      connection.close();
      return;
    }
    connectionsBySource.merge(source, 1, Integer::sum);
    if (isSecure) {
      secure.add(connection);
    }
    await(connection, limits.requestMs());
    connection.closeHandler(closed -> onClosed(connection, source));
  }

  boolean isSecure(HttpConnection connection) {
    return secure.contains(connection);
  }

  private void onClosed(HttpConnection connection, String source) {
    cancel(connection);
    timerByConnection.remove(connection);
    secure.remove(connection);
    connectionsBySource.computeIfPresent(source, (key, open) -> open == 1 ? null : open - 1);
  }

  /** A request has come whole, or the connection is a WebSocket now: nothing more is waited for. */
  void onRequest(HttpConnection connection) {
    if (timerByConnection.containsKey(connection)) {
      cancel(connection);
      timerByConnection.put(connection, NO_TIMER);
    }
  }

  void onAnswered(HttpConnection connection) {
    if (timerByConnection.containsKey(connection)) {
      cancel(connection);
      await(connection, NEXT_REQUEST_MS);
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
    socketsBySource.computeIfPresent(source, (key, open) -> open == 1 ? null : open - 1);
  }

  int open() {
    return timerByConnection.size();
  }

  long refused() {
    return refused;
  }

  private void await(HttpConnection connection, long ms) {
    timerByConnection.put(connection, vertx.setTimer(ms, late -> connection.close()));
  }

  private void cancel(HttpConnection connection) {
    Long timer = timerByConnection.get(connection);
    if (timer != null && timer != NO_TIMER) {
      vertx.cancelTimer(timer);
    }
  }
}
