package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import puente.admin.access.Role;
import puente.admin.records.LogRing;
import puente.admin.records.LogRing.Level;
import puente.admin.records.LogRing.Line;
import puente.admin.records.LogRing.Reading;

/** The log, and its tail as it grows. Used on one loop only. */
final class LogRoutes {

  /** Each looks several times a second. */
  static final int STREAMS_MAX = 20;

  private static final int LINES = 200;
  private static final int LINES_AT_A_TIME = 200;
  private static final int TEXT_MAX = 200;
  private static final long LOOK_EVERY_MS = 250;

  /** So that proxies and idle time-outs let the connection be. */
  private static final long BEAT_EVERY_MS = 15_000;

  private final LogRing ring;
  private final Vertx vertx;
  private final AdminGate gate;
  private int streams;

  LogRoutes(LogRing ring, Vertx vertx, AdminGate gate) {
    this.ring = ring;
    this.vertx = vertx;
    this.gate = gate;
  }

  void addTo(ApiTable table) {
    table.get("logs", Role.OPERATOR, this::logs);
  }

  private Future<Answer> logs(Call call) {
    call.allowParameters("level", "component", "text", "limit", "after");
    Predicate<Line> wanted = wanted(call);
    int limit = (int) call.number("limit", LINES, 0, 1000);
    long after = call.number("after", 0, 0, Long.MAX_VALUE);
    List<String> accept = call.request().headers().getAll("Accept");
    if (accept.stream().noneMatch(type -> type.contains("text/event-stream"))) {
      return Future.succeededFuture(page(ring.newest(wanted, after, limit)));
    }
    if (streams >= STREAMS_MAX) {
      return Future.succeededFuture(
          Answer.problem(503, "Too many follow the log; close one.").with("Retry-After", "5"));
    }
    String resume = String.valueOf(call.request().getHeader("Last-Event-ID"));
    boolean resumes = resume.matches("[0-9]{1,15}");
    Reading first =
        resumes
            ? ring.after(Long.parseLong(resume), wanted, LogRing.LINES_MAX)
            : ring.newest(wanted, after, limit);
    return Future.succeededFuture(
        Answer.events(response -> new Tail(call, wanted, response).begin(first)));
  }

  private static Predicate<Line> wanted(Call call) {
    Level level =
        call.parameter("level")
            .map(
                word ->
                    Level.ofWord(word)
                        .orElseThrow(
                            () ->
                                new IllegalArgumentException(
                                    "level: error, warn, info, debug or trace.")))
            .orElse(Level.INFO);
    Optional<String> component = call.parameter("component");
    Optional<String> text = call.parameter("text");
    if (text.filter(some -> some.length() > TEXT_MAX).isPresent()) {
      throw new IllegalArgumentException("text: at most " + TEXT_MAX + " characters.");
    }
    return line ->
        line.level().compareTo(level) <= 0
            && component.map(line.component()::startsWith).orElse(true)
            && text.map(line::contains).orElse(true);
  }

  private Answer page(Reading reading) {
    JsonArray lines = new JsonArray();
    reading.lines().forEach(line -> lines.add(json(line)));
    return Answer.json(
        200,
        new JsonObject()
            .put("lines", lines)
            .put("kept", ring.size())
            .put("keptMax", LogRing.LINES_MAX));
  }

  static JsonObject json(Line line) {
    JsonObject json =
        new JsonObject()
            .put("seq", line.seq())
            .put("t", Instant.ofEpochMilli(line.timeMs()).toString())
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

  /** One reader who stays. It asks the ring; the ring waits for no reader. */
  private final class Tail {
    private final Call call;
    private final Predicate<Line> wanted;
    private final HttpServerResponse response;
    private long known;
    private long beatAtMs;
    private long timer;

    Tail(Call call, Predicate<Line> wanted, HttpServerResponse response) {
      this.call = call;
      this.wanted = wanted;
      this.response = response;
    }

    void begin(Reading first) {
      streams++;
      response.closeHandler(gone -> end());
      beatAtMs = System.nanoTime() / 1_000_000;
      response.write("retry: 2000\n\n");
      write(first);
      timer = vertx.setPeriodic(LOOK_EVERY_MS, tick -> look());
    }

    private void look() {
      if (response.writeQueueFull()) {
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
      write(ring.after(known, wanted, LINES_AT_A_TIME));
    }

    private void write(Reading reading) {
      known = reading.last();
      StringBuilder text = new StringBuilder();
      if (reading.lost() > 0) {
        text.append("event: gap\ndata: {\"lost\":").append(reading.lost()).append("}\n\n");
      }
      for (Line line : reading.lines()) {
        text.append("id: ").append(line.seq()).append("\nevent: log\ndata: ");
        text.append(json(line).encode()).append("\n\n");
      }
      if (!text.isEmpty()) {
        response.write(text.toString());
      }
    }

    private void end() {
      streams--;
      vertx.cancelTimer(timer);
    }
  }
}
