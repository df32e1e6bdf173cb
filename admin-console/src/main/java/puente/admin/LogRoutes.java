package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import puente.admin.Cluster.Gathered;
import puente.admin.access.Role;
import puente.admin.records.LogRing;
import puente.admin.records.LogRing.Level;
import puente.admin.records.LogRing.Line;
import puente.admin.records.LogRing.Reading;

/**
 * The log of all nodes, and its tail as it grows: each keeps its own last lines, and any shows those of
 * all by time. For the control loop.
 */
final class LogRoutes {

  /** Each looks several times a second. */
  static final int STREAMS_MAX = 20;

  private static final String QUESTION = "logs";
  private static final int LINES = 200;
  private static final int LINES_MAX = 1000;
  private static final int LINES_AT_A_TIME = 200;
  private static final int TEXT_MAX = 200;

  /** Of one node's answer; what is cut off comes with the next. */
  private static final int ANSWER_CHARS_MAX = 200_000;

  private static final long LOOK_EVERY_MS = 250;

  /** Other nodes are asked at each fourth look. */
  private static final int OTHERS_EVERY = 4;

  /** So that proxies and idle time-outs let the connection be. */
  private static final long BEAT_EVERY_MS = 15_000;

  /** All of one length, so that texts are in order when times are. */
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);

  private static final Comparator<JsonObject> BY_TIME =
      Comparator.<JsonObject, String>comparing(line -> line.getString("t"))
          .thenComparing(line -> line.getString("node"))
          .thenComparing(line -> line.getLong("seq"));

  private final LogRing ring;
  private final Vertx vertx;
  private final AdminGate gate;
  private final Cluster cluster;
  private final String own;

  /** A node that starts again counts its lines anew. */
  private final String run = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);

  private int streams;

  LogRoutes(LogRing ring, Vertx vertx, AdminGate gate, Cluster cluster) {
    this.ring = ring;
    this.vertx = vertx;
    this.gate = gate;
    this.cluster = cluster;
    own = cluster.own();
    cluster.answer(QUESTION, words -> Future.succeededFuture(here(words)));
  }

  void addTo(ApiTable table) {
    table.get("logs", Role.OPERATOR, this::logs);
  }

  private Future<Answer> logs(Call call) {
    call.allowParameters("level", "component", "text", "node", "limit", "after");
    JsonObject words = words(call);
    int limit = (int) call.number("limit", LINES, 0, LINES_MAX);
    Optional<String> after = call.parameter("after");
    LogPlaces places = after.map(text -> LogPlaces.read(text, own)).orElse(LogPlaces.none());
    Optional<String> node = call.parameter("node").map(id -> id.equals("self") ? own : id);
    if (node.isPresent() && !cluster.isAlive(node.get())) {
      return Future.succeededFuture(Answer.problem(404, "There is no such node that lives."));
    }
    List<String> accept = call.request().headers().getAll("Accept");
    if (accept.stream().noneMatch(type -> type.contains("text/event-stream"))) {
      // Whoever goes on from a place gets all that his next place has behind it.
      int most = after.isPresent() ? Integer.MAX_VALUE : limit;
      return gather(node, words, places, limit).map(found -> page(found, places, most));
    }
    if (streams >= STREAMS_MAX) {
      return Future.succeededFuture(
          Answer.problem(503, "Too many follow the log; close one.").with("Retry-After", "5"));
    }
    String id = call.request().getHeader("Last-Event-ID");
    LogPlaces known = id == null ? places : LogPlaces.read(id, own);
    int first = id == null ? limit : LogRing.LINES_MAX;
    return Future.succeededFuture(
        Answer.events(response -> new Tail(call, node, words, known, response).begin(first)));
  }

  /** What is wanted, as each node is asked for it. */
  private static JsonObject words(Call call) {
    JsonObject words = new JsonObject();
    for (String name : List.of("level", "component", "text")) {
      call.parameter(name).ifPresent(word -> words.put(name, word));
    }
    if (words.getString("text", "").length() > TEXT_MAX) {
      throw new IllegalArgumentException("text: at most " + TEXT_MAX + " characters.");
    }
    wanted(words);
    return words;
  }

  private static Predicate<Line> wanted(JsonObject words) {
    Level level =
        Level.ofWord(words.getString("level", Level.INFO.word()))
            .orElseThrow(
                () -> new IllegalArgumentException("level: error, warn, info, debug or trace."));
    String component = words.getString("component", "");
    String text = words.getString("text", "");
    return line ->
        line.level().compareTo(level) <= 0
            && line.component().startsWith(component)
            && (text.isEmpty() || line.contains(text));
  }

  // ---- one node's lines

  /** Of this node: what came after the reader's place, or the newest if he has none here. */
  private JsonObject here(JsonObject words) {
    String place = words.getJsonObject("places", new JsonObject()).getString(own);
    int limit = Math.clamp(words.getInteger("limit", LINES), 0, LogRing.LINES_MAX);
    Predicate<Line> wanted = wanted(words);
    Reading reading =
        place == null
            ? ring.newest(wanted, 0, limit)
            : ring.after(LogPlaces.line(place, run), wanted, limit);
    List<Line> lines = place == null ? reading.lines().reversed() : reading.lines();
    List<JsonObject> taken = new ArrayList<>();
    int chars = 0;
    for (Line line : lines) {
      JsonObject json = json(line).put("node", own);
      chars += json.encode().length();
      if (chars > ANSWER_CHARS_MAX) {
        break;
      }
      taken.add(json);
    }
    boolean isCut = taken.size() < lines.size() && place != null;
    long last = isCut ? lines.get(taken.size()).seq() - 1 : reading.last();
    return new JsonObject()
        .put("lines", new JsonArray(place == null ? taken.reversed() : taken))
        .put("place", run + "." + last)
        .put("lost", reading.lost())
        .put("kept", ring.size());
  }

  static JsonObject json(Line line) {
    JsonObject json =
        new JsonObject()
            .put("seq", line.seq())
            .put("t", TIME.format(Instant.ofEpochMilli(line.timeMs())))
            .put("level", line.level().word())
            .put("component", line.component())
            .put("message", line.message());
    JsonObject fields = new JsonObject();
    line.fields().forEach(fields::put);
    if (!fields.isEmpty()) {
      json.put("fields", fields);
    }
    return line.exception() == null ? json : json.put("exception", line.exception());
  }

  // ---- all nodes' lines

  /** Asks all of them, or the one that is named; who does not answer is missing. */
  private Future<Gathered> gather(
      Optional<String> node, JsonObject words, LogPlaces places, int limit) {
    JsonObject question = words.copy().put("places", places.json()).put("limit", limit);
    return node.map(
            id ->
                cluster
                    .one(id, QUESTION, question)
                    .map(part -> new Gathered(Map.of(id, part), List.of()))
                    .otherwise(new Gathered(Map.of(), List.of(id))))
        .orElseGet(() -> cluster.all(QUESTION, question));
  }

  /** By time; each node's own order stays as far as its clock does. */
  private static List<JsonObject> lines(Gathered found) {
    return found.byNode().values().stream()
        .flatMap(part -> part.getJsonArray("lines").stream())
        .map(JsonObject.class::cast)
        .sorted(BY_TIME)
        .toList();
  }

  private Answer page(Gathered found, LogPlaces places, int most) {
    places.move(found.byNode());
    List<JsonObject> all = lines(found);
    int kept = found.byNode().values().stream().mapToInt(part -> part.getInteger("kept", 0)).sum();
    return Answer.json(
        200,
        new JsonObject()
            .put("lines", new JsonArray(all.subList(Math.max(0, all.size() - most), all.size())))
            .put("next", places.text())
            .put("kept", kept)
            .put("keptMax", LogRing.LINES_MAX * found.byNode().size())
            .put("coverage", found.coverage()));
  }

  /** One reader who stays. It asks the rings; no log waits for a reader. */
  private final class Tail {
    private final Call call;
    private final Optional<String> node;
    private final JsonObject words;
    private final LogPlaces places;
    private final HttpServerResponse response;
    private JsonObject coverage = new JsonObject();
    private boolean asking;
    private int looks;
    private long beatAtMs = System.nanoTime() / 1_000_000;

    Tail(
        Call call,
        Optional<String> node,
        JsonObject words,
        LogPlaces places,
        HttpServerResponse response) {
      this.call = call;
      this.node = node;
      this.words = words;
      this.places = places;
      this.response = response;
    }

    void begin(int lines) {
      streams++;
      response.write("retry: 2000\n\n");
      ask(lines);
      long timer = vertx.setPeriodic(LOOK_EVERY_MS, tick -> look());
      response.closeHandler(
          gone -> {
            streams--;
            vertx.cancelTimer(timer);
          });
    }

    private void look() {
      if (asking || response.writeQueueFull() || response.closed()) {
        return;
      }
      long nowMs = System.nanoTime() / 1_000_000;
      if (nowMs - beatAtMs >= BEAT_EVERY_MS) {
        beatAtMs = nowMs;
        if (!gate.isStillIn(call, Role.OPERATOR)) {
          response.end("event: bye\ndata: {\"reason\":\"signed-out\"}\n\n");
          return;
        }
        response.write(":\n\n");
      }
      boolean asksOthers = ++looks % OTHERS_EVERY == 0 && !node.equals(Optional.of(own));
      if (asksOthers) {
        ask(LINES_AT_A_TIME);
      } else if (node.isEmpty() || node.get().equals(own)) {
        JsonObject question = words.copy().put("places", places.json());
        JsonObject part = here(question.put("limit", LINES_AT_A_TIME));
        write(new Gathered(Map.of(own, part), List.of()));
      }
    }

    private void ask(int lines) {
      asking = true;
      gather(node, words, places, lines)
          .onComplete(
              done -> {
                asking = false;
                if (done.succeeded() && !response.closed()) {
                  cover(done.result());
                  write(done.result());
                }
              });
    }

    /** Says who answers, when that is other than it was. */
    private void cover(Gathered found) {
      JsonObject now = found.coverage();
      if (!now.equals(coverage)) {
        coverage = now;
        response.write("event: coverage\ndata: " + now.encode() + "\n\n");
      }
    }

    /** How far it goes stands at the last line only: it may be long. */
    private void write(Gathered found) {
      places.move(found.byNode());
      StringBuilder text = new StringBuilder();
      long lost =
          found.byNode().values().stream().mapToLong(part -> part.getLong("lost", 0L)).sum();
      if (lost > 0) {
        text.append("event: gap\ndata: {\"lost\":").append(lost).append("}\n\n");
      }
      List<JsonObject> lines = lines(found);
      for (int i = 0; i < lines.size(); i++) {
        if (i == lines.size() - 1) {
          text.append("id: ").append(places.text()).append('\n');
        }
        text.append("event: log\ndata: ").append(lines.get(i).encode()).append("\n\n");
      }
      if (!text.isEmpty()) {
        response.write(text.toString());
      }
    }
  }
}
