package puente.peer;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A session of puente.v1 (docs/SIGNALING.md) that comes back by itself: resumed where that is
 * possible, else begun anew and joined again. All of it, and all that is told, runs on one executor.
 */
final class SignalClient {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
  private static final long BACKOFF_MIN_MS = 300;
  private static final long BACKOFF_MAX_MS = 10_000;

  /** Who has never been there is told so; after the first welcome, a server is waited for. */
  private static final int FIRST_ATTEMPTS_MAX = 4;

  /** What does not get better by trying again. */
  private static final int UNAUTHORIZED = 4001;

  private static final int FORBIDDEN = 4003;
  private static final int REPLACED = 4009;

  interface Listener {
    void iceServers(JsonArray servers);

    /** The room as it is now: after joining, and after joining again. */
    void joined(String self, JsonArray peers);

    void event(String type, JsonObject frame);

    void offline(String why);

    void failed(String why);
  }

  private final Gateway gateway;
  private final String room;
  private final JsonObject meta;
  private final ScheduledExecutorService executor;
  private final Listener listener;
  private final HttpClient http;
  private @Nullable WebSocket socket;
  private @Nullable JsonObject session;
  private long lastSeq;
  private long nextId;
  private long heartbeatMs = 25_000;
  private long heardAt;
  private int attempts;
  private boolean hasJoined;
  private boolean isClosed;

  /**
   * @param meta what the others are told of this peer
   * @param executor of one thread
   */
  SignalClient(
      Gateway gateway,
      String room,
      JsonObject meta,
      ScheduledExecutorService executor,
      Listener listener) {
    this.gateway = gateway;
    this.room = room;
    this.meta = meta;
    this.executor = executor;
    this.listener = listener;
    http =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT_LIMIT)
            .sslContext(gateway.trust().context())
            .build();
  }

  /** Connects, and again whenever the connection is lost. */
  void connect() {
    attempts++;
    URI place = gateway.signal();
    http.newWebSocketBuilder()
        .subprotocols("puente.v1.json")
        .connectTimeout(CONNECT_LIMIT)
        .buildAsync(place, new Ear())
        .whenCompleteAsync(
            (opened, failure) -> {
              if (failure != null) {
                unreached(failure);
              } else if (isClosed) {
                opened.abort();
              } else {
                socket = opened;
                hello(opened);
              }
            },
            executor);
  }

  private void unreached(Throwable failure) {
    String refusal = Trust.refusal(failure);
    if (refusal.isEmpty() || session != null) {
      lost(gateway.base().getAuthority() + " cannot be reached", 0);
    } else {
      fail(gateway.base() + ": " + refusal); // the next attempt would end as this one did
    }
  }

  private void hello(WebSocket to) {
    JsonObject data = new JsonObject().put("meta", meta);
    if (!gateway.credential().isEmpty()) {
      data.put("token", gateway.credential());
    }
    JsonObject known = session;
    if (known != null) {
      data.put("peerId", known.getString("peerId"));
      data.put(
          "resume",
          new JsonObject()
              .put("sid", known.getString("sid"))
              .put("key", known.getString("resumeKey"))
              .put("lastSeq", lastSeq));
    }
    write(to, new JsonObject().put("t", "hello").put("d", data));
  }

  /** To one peer of the room. */
  void message(String to, JsonObject data) {
    request(new JsonObject().put("t", "msg").put("room", room).put("to", to).put("d", data));
  }

  private void request(JsonObject frame) {
    WebSocket to = socket;
    if (to != null) {
      write(to, frame.put("id", "r" + nextId++));
    }
  }

  private void write(WebSocket to, JsonObject frame) {
    // One after another: the next may be handed over when the last was.
    sending =
        sending
            .exceptionally(failed -> null)
            .thenCompose(done -> to.sendText(frame.encode(), true));
  }

  private CompletionStage<@Nullable WebSocket> sending =
      java.util.concurrent.CompletableFuture.completedFuture(null);

  private void heard(WebSocket from, String text) {
    if (from != socket) {
      return;
    }
    heardAt = System.nanoTime();
    JsonObject frame;
    try {
      frame = new JsonObject(text);
    } catch (DecodeException strange) {
      return;
    }
    Long seq = frame.getLong("seq");
    if (seq != null) {
      if (seq <= lastSeq) {
        return;
      }
      lastSeq = seq;
    }
    understand(frame);
  }

  private void understand(JsonObject frame) {
    JsonObject data = frame.getJsonObject("d", new JsonObject());
    String type = frame.getString("t", "");
    switch (type) {
      case "welcome" -> welcome(data);
      case "ice" -> listener.iceServers(data.getJsonArray("iceServers", new JsonArray()));
      case "joined" -> {
        hasJoined = true;
        listener.joined(data.getString("self"), data.getJsonArray("peers", new JsonArray()));
      }
      case "error" -> error(data);
      case "goaway" -> {
        // The connection is closed by the server; what follows is a reconnect like any other.
      }
      default -> listener.event(type, frame);
    }
  }

  private void welcome(JsonObject data) {
    attempts = 0;
    session = data;
    heartbeatMs = data.getLong("heartbeatMs", heartbeatMs);
    listener.iceServers(data.getJsonArray("iceServers", new JsonArray()));
    if (!data.getBoolean("resumed", false)) {
      lastSeq = 0;
      request(
          new JsonObject()
              .put("t", "join")
              .put("room", room)
              .put("d", new JsonObject().put("meta", meta)));
    }
    watch(data);
  }

  /** A connection that says nothing for long is none. */
  private void watch(JsonObject mine) {
    executor.schedule(
        () -> {
          WebSocket current = socket;
          if (session != mine || current == null || isClosed) {
            return;
          }
          long silentMs = (System.nanoTime() - heardAt) / 1_000_000;
          if (silentMs > 3 * heartbeatMs) {
            current.abort();
            lost("the server is silent", 0);
          } else {
            write(current, new JsonObject().put("t", "ping"));
            watch(mine);
          }
        },
        heartbeatMs,
        TimeUnit.MILLISECONDS);
  }

  private void error(JsonObject data) {
    String code = data.getString("code", "");
    switch (code) {
      case "resume-expired", "peer-unavailable", "rate-limited" -> {
        // A welcome follows; peer.left tells it, too; descriptions are said again.
      }
      case "unauthorized", "forbidden", "room-full" ->
          fail(code + ": " + data.getString("message", ""));
      default -> {
        if (hasJoined) {
          listener.event("error", new JsonObject().put("d", data));
        } else {
          fail(code + ": " + data.getString("message", "")); // such as no name for a room
        }
      }
    }
  }

  private void fail(String why) {
    bye();
    listener.failed(why);
  }

  private void lost(String why, int code) {
    socket = null;
    if (isClosed) {
      return;
    }
    if (code == UNAUTHORIZED || code == FORBIDDEN || code == REPLACED) {
      fail(why);
      return;
    }
    if (session == null && attempts >= FIRST_ATTEMPTS_MAX) {
      fail(why + ", after " + attempts + " attempts: is that the server's HTTP port?");
      return;
    }
    listener.offline(why);
    long most = Math.min(BACKOFF_MIN_MS << Math.min(attempts, 6), BACKOFF_MAX_MS);
    long wait = ThreadLocalRandom.current().nextLong(BACKOFF_MIN_MS, most + BACKOFF_MIN_MS);
    executor.schedule(this::connect, wait, TimeUnit.MILLISECONDS);
  }

  /** Nothing is kept for this peer; done when the server was told. */
  CompletionStage<?> bye() {
    isClosed = true;
    WebSocket current = socket;
    if (current != null) {
      write(current, new JsonObject().put("t", "bye"));
    }
    http.shutdown();
    return sending.exceptionally(failed -> null);
  }

  /** Told on the client's own threads; handed on to the executor. */
  private final class Ear implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        String whole = text.toString();
        text.setLength(0);
        executor.execute(() -> heard(from, whole));
      }
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      executor.execute(
          () -> {
            if (from == socket) {
              lost("closed by the server: " + code + " " + reason, code);
            }
          });
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      executor.execute(
          () -> {
            if (from == socket) {
              lost("the connection broke", 0);
            }
          });
    }
  }
}
