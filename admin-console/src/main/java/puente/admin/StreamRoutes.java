package puente.admin;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import puente.series.Figure;
import puente.series.Point;
import puente.series.Tier;

/**
 * Server-sent events (the HTML standard §9.2): one connection for each tab, all of them fed by one
 * tick a second. A reader that is too slow skips what it could not take, and gets the latest. For
 * the control loop.
 */
final class StreamRoutes {

  /** Each takes a connection and some work a second. */
  private static final int STREAMS_MAX = 200;

  private static final long HEARTBEAT_MS = 15_000;
  private static final long REPLAY_MS = 60_000;
  private static final int REPLAY_EVENTS_MAX = 1000;

  /** What a socket may have unsent before its reader counts as slow. */
  private static final int UNSENT_BYTES_MAX = 262_144;

  private static final Set<String> TOPICS =
      Set.of("overview", "nodes", "series", "events", "sessions");

  /** Something that happened, for those who come back. */
  private record Past(long number, long atMs, String topic, String event, JsonObject data) {}

  /** Where what is told comes from. */
  record Told(LiveRoutes pages, NodeRoutes nodes, AlertRoutes alerts) {}

  private final Vertx vertx;
  private final Told told;
  private final LiveView live;
  private final Cluster cluster;
  private final long epoch = System.currentTimeMillis();
  private final Set<Reader> readers = new LinkedHashSet<>();
  private final Deque<Past> past = new ArrayDeque<>();
  private long number;
  private long timer = -1;
  private boolean busy;

  StreamRoutes(Context context, NodeView view, Cluster cluster, Told told) {
    vertx = context.owner();
    live = view.live();
    this.cluster = cluster;
    this.told = told;
    live.events().listen(this::happened);
  }

  /** Alerts are told as such, from whichever node they are. */
  private void happened(EventLog.Event event) {
    if (!event.kind().equals("alert")) {
      happened("events", "event", EventRoutes.json(event));
    }
  }

  void addTo(ApiTable table) {
    table.get("stream", this::open);
  }

  private Future<Answer> open(Call call) {
    call.allowParameters("topics", "k", "interval");
    Set<String> topics =
        new LinkedHashSet<>(List.of(call.parameter("topics").orElse("overview").split(",")));
    if (!TOPICS.containsAll(topics)) {
      throw new IllegalArgumentException("topics: overview, nodes, series, events, sessions.");
    }
    List<Figure> figures = new ArrayList<>();
    for (String key : call.parameter("k").orElse("alloc.active,relay.down").split(",")) {
      figures.add(
          Figure.of(key)
              .orElseThrow(() -> new IllegalArgumentException("k: names of GET series.")));
    }
    long interval = intervalSeconds(call);
    long after = after(call.request().getHeader("Last-Event-ID"));
    if (readers.size() >= STREAMS_MAX) {
      return Future.succeededFuture(
          Answer.problem(503, "There are " + STREAMS_MAX + " streams already.")
              .with("Retry-After", "5"));
    }
    return Future.succeededFuture(
        Answer.events(response -> new Reader(response, topics, figures, interval).start(after))
            .with("X-Accel-Buffering", "no"));
  }

  /** Seconds; {@code 1s} is as good as {@code 1}. */
  private static long intervalSeconds(Call call) {
    String text = call.parameter("interval").orElse("1");
    String digits = text.endsWith("s") ? text.substring(0, text.length() - 1) : text;
    if (digits.matches("[0-9]{1,2}")
        && Integer.parseInt(digits) >= 1
        && Integer.parseInt(digits) <= 60) {
      return Integer.parseInt(digits);
    }
    throw new IllegalArgumentException("interval: from 1 to 60.");
  }

  /** The number of the last event seen; -1 if there is none, or another process gave it. */
  private long after(@Nullable String id) {
    String own = epoch + "-";
    return id != null && id.startsWith(own) && id.substring(own.length()).matches("[0-9]{1,15}")
        ? Long.parseLong(id.substring(own.length()))
        : -1;
  }

  /** For all who want to know, now and within a minute. */
  private void happened(String topic, String event, JsonObject data) {
    long now = System.currentTimeMillis();
    Past one = new Past(++number, now, topic, event, data);
    past.add(one);
    while (past.size() > REPLAY_EVENTS_MAX || past.getFirst().atMs < now - REPLAY_MS) {
      past.remove();
    }
    for (Reader reader : List.copyOf(readers)) {
      reader.offer(one);
    }
  }

  private void tick() {
    if (busy) {
      return;
    }
    busy = true;
    boolean wantsSessions = readers.stream().anyMatch(reader -> reader.topics.contains("sessions"));
    Future<JsonObject> overview = told.pages.overview();
    Future<JsonObject> all = told.nodes.nodes();
    Future<Void> alerts = told.alerts.tell(alert -> happened("events", "alert", alert));
    Future<JsonObject> sessions = wantsSessions ? busiest() : Future.succeededFuture();
    Future.all(overview, all, sessions, alerts)
        .onComplete(
            done -> {
              busy = false;
              if (done.succeeded()) {
                tell(overview.result(), all.result(), sessions.result());
              }
              List.copyOf(readers).forEach(Reader::beat);
            });
  }

  /** The sessions that relay most: what a list shows first. */
  private Future<JsonObject> busiest() {
    JsonObject words =
        SessionJson.of(
            new LiveView.SessionQuery(
                SessionJson.filter(new JsonObject()),
                "rate",
                true,
                java.util.Optional.empty(),
                50));
    return cluster
        .all("sessions", words)
        .map(
            found -> {
              List<JsonObject> sessions = new ArrayList<>();
              for (JsonObject part : found.byNode().values()) {
                part.getJsonArray("sessions").forEach(one -> sessions.add((JsonObject) one));
              }
              sessions.sort(SessionJson.order("rate", true));
              return new JsonObject()
                  .put(
                      "sessions",
                      new JsonArray(sessions.subList(0, Math.min(50, sessions.size()))));
            });
  }

  private void tell(JsonObject overview, JsonObject all, @Nullable JsonObject sessions) {
    long second = System.currentTimeMillis() / 1000;
    Map<String, Object> state = new HashMap<>();
    state.put("overview", overview);
    state.put("nodes", all.getJsonArray("nodes"));
    Point newest = live.history().newest(Tier.SECOND);
    number++;
    for (Reader reader : List.copyOf(readers)) {
      reader.tell(second, state, newest, sessions);
    }
  }

  /** Ends all streams: their readers come again, here or elsewhere. */
  void close(String reason) {
    for (Reader reader : List.copyOf(readers)) {
      reader.write("bye", number, new JsonObject().put("reason", reason));
      reader.response.end();
    }
  }

  /** One open stream. */
  private final class Reader {
    private final HttpServerResponse response;
    private final Set<String> topics;
    private final List<Figure> figures;
    private final long interval;
    private final Map<String, Object> sent = new HashMap<>();
    private final Deque<Past> waiting = new ArrayDeque<>();
    private long toldSecond;
    private long wroteMs;

    Reader(HttpServerResponse response, Set<String> topics, List<Figure> figures, long interval) {
      this.response = response;
      this.topics = topics;
      this.figures = figures;
      this.interval = interval;
    }

    void start(long after) {
      readers.add(this);
      response.setWriteQueueMaxSize(UNSENT_BYTES_MAX);
      response.closeHandler(closed -> end());
      response.exceptionHandler(broken -> end());
      response.write("retry: 2000\n\n");
      wroteMs = System.currentTimeMillis();
      if (after >= 0) {
        past.stream().filter(one -> one.number > after).forEach(this::offer);
      }
      if (timer < 0) {
        timer = vertx.setPeriodic(1000, again -> tick());
      }
      tick();
    }

    private void end() {
      readers.remove(this);
      if (readers.isEmpty() && timer >= 0) {
        vertx.cancelTimer(timer);
        timer = -1;
      }
    }

    void offer(Past one) {
      if (topics.contains(one.topic)) {
        waiting.add(one);
        if (waiting.size() > REPLAY_EVENTS_MAX) {
          waiting.remove();
        }
        drain();
      }
    }

    private void drain() {
      while (!waiting.isEmpty() && !response.writeQueueFull() && !response.closed()) {
        Past one = waiting.remove();
        write(one.event, one.number, one.data);
      }
    }

    void tell(
        long second,
        Map<String, Object> state,
        @Nullable Point newest,
        @Nullable JsonObject sessions) {
      drain();
      if (second - toldSecond < interval || response.writeQueueFull() || response.closed()) {
        return;
      }
      toldSecond = second;
      JsonObject changed = new JsonObject();
      for (String topic : List.of("overview", "nodes")) {
        Object value = state.get(topic);
        if (topics.contains(topic) && value != null && !value.equals(sent.get(topic))) {
          changed.put(topic, topic.equals("nodes") ? changedNodes((JsonArray) value) : value);
        }
      }
      if (!changed.isEmpty()) {
        boolean isFirst = sent.isEmpty();
        write(isFirst ? "snapshot" : "delta", number, changed.put("t", second));
        sent.putAll(state);
      }
      if (topics.contains("series") && newest != null) {
        write("series", number, point(newest));
      }
      if (topics.contains("sessions") && sessions != null) {
        for (Object session : sessions.getJsonArray("sessions")) {
          write("session", number, (JsonObject) session);
        }
      }
    }

    /** All of them at first; then those that are other than they were. */
    private JsonArray changedNodes(JsonArray all) {
      Object before = sent.get("nodes");
      if (!(before instanceof JsonArray known)) {
        return all;
      }
      Map<String, Object> byId = new HashMap<>();
      known.forEach(node -> byId.put(((JsonObject) node).getString("id"), node));
      JsonArray changed = new JsonArray();
      for (Object node : all) {
        if (!node.equals(byId.get(((JsonObject) node).getString("id")))) {
          changed.add(node);
        }
      }
      return changed;
    }

    private JsonObject point(Point newest) {
      JsonArray keys = new JsonArray();
      JsonArray values = new JsonArray();
      for (Figure figure : figures) {
        float value = newest.mean()[figure.ordinal()];
        keys.add(figure.key());
        values.add(Float.isNaN(value) ? null : (Object) (double) value);
      }
      return new JsonObject().put("t", newest.second()).put("k", keys).put("v", values);
    }

    void write(String event, long id, JsonObject data) {
      if (!response.closed()) {
        wroteMs = System.currentTimeMillis();
        response.write(
            "event: " + event + "\nid: " + epoch + "-" + id + "\ndata: " + data.encode() + "\n\n");
      }
    }

    void beat() {
      if (System.currentTimeMillis() - wroteMs >= HEARTBEAT_MS && !response.closed()) {
        wroteMs = System.currentTimeMillis();
        response.write(": still here\n\n");
      }
    }
  }
}
