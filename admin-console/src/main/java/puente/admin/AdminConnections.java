package puente.admin;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Bounds the connections, in number and in how long they may keep us waiting. Used on one loop
 * only.
 */
final class AdminConnections {

  /** Enough for consoles, scrapers and probes of one node. */
  static final int CONNECTIONS_MAX = 256;

  /** So that one source cannot take all of them. */
  static final int CONNECTIONS_PER_SOURCE_MAX = 64;

  /** A first request comes whole within this time, however slowly its bytes drip in. */
  static final long FIRST_REQUEST_MS = 10_000;

  /** The next one within this time: as long as scrapers usually wait between two. */
  static final long NEXT_REQUEST_MS = 75_000;

  private final Vertx vertx;
  private final long firstRequestMs;
  private final Map<HttpConnection, Long> timerByConnection = new IdentityHashMap<>();
  private final Map<String, Integer> connectionsBySource = new HashMap<>();

  AdminConnections(Vertx vertx, long firstRequestMs) {
    this.vertx = vertx;
    this.firstRequestMs = firstRequestMs;
  }

  void onOpen(HttpConnection connection) {
    String source = connection.remoteAddress().hostAddress();
    if (timerByConnection.size() >= CONNECTIONS_MAX
        || connectionsBySource.getOrDefault(source, 0) >= CONNECTIONS_PER_SOURCE_MAX) {
      connection.close();
      return;
    }
    connectionsBySource.merge(source, 1, Integer::sum);
    wait(connection, firstRequestMs);
    connection.closeHandler(closed -> onClosed(connection, source));
  }

  private void onClosed(HttpConnection connection, String source) {
    onRequest(connection);
    timerByConnection.remove(connection);
    connectionsBySource.computeIfPresent(source, (key, open) -> open == 1 ? null : open - 1);
  }

  /** Nothing more is waited for. */
  void onRequest(HttpConnection connection) {
    Long timer = timerByConnection.get(connection);
    if (timer != null) {
      vertx.cancelTimer(timer);
    }
  }

  /** The rest of a request is waited for. */
  void onBodyAwaited(HttpConnection connection) {
    if (timerByConnection.containsKey(connection)) {
      wait(connection, firstRequestMs);
    }
  }

  void onAnswered(HttpConnection connection) {
    if (timerByConnection.containsKey(connection)) {
      wait(connection, NEXT_REQUEST_MS);
    }
  }

  private void wait(HttpConnection connection, long ms) {
    timerByConnection.put(connection, vertx.setTimer(ms, late -> connection.close()));
  }
}
