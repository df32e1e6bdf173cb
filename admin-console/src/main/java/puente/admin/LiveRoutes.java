package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import puente.admin.Cluster.Gathered;
import puente.series.Figure;
import puente.series.History;
import puente.series.Tier;
import puente.top.SpaceSaving;
import puente.top.Talkers;

/** What is going on now, and was: overview, series, top talkers. For the control loop. */
final class LiveRoutes {

  /** However many look at once, the nodes are asked so often only. */
  private static final long FRESH_MS = 900;

  /** Who does not answer once has not lost what it said the time before. */
  private static final long CARRIED_MS = 2500;

  private static final int KEYS_MAX = 16;
  private static final int POINTS = 1000;
  private static final int POINTS_MAX = 5000;
  private static final long PAST_MAX = 400L * 86_400;

  private final LiveView live;
  private final Cluster cluster;
  private final Overview overview;
  private final Map<String, Part> lastParts = new HashMap<>();
  private JsonArray forecast = new JsonArray();
  private @Nullable Future<JsonObject> newest;
  private long newestAtMs;

  /** What a node said of itself. */
  private record Part(JsonObject said, long atMs) {}

  LiveRoutes(NodeView view, Cluster cluster) {
    this.live = view.live();
    this.cluster = cluster;
    overview = new Overview(view);
    cluster.answer("overview", words -> Future.succeededFuture(overview.part(nowMs() / 1000)));
    cluster.answer("series", words -> Future.succeededFuture(seriesOf(live.history(), words)));
    cluster.answer("top", words -> Future.succeededFuture(topHere(words)));
  }

  void addTo(ApiTable table) {
    table.get("overview", call -> overview().map(json -> Answer.json(200, json)));
    table.get("series", this::series);
    table.get("top", this::top);
  }

  /** What the overview says of when resources run out; as last computed. */
  void forecast(JsonArray newForecast) {
    forecast = newForecast;
  }

  private static long nowMs() {
    return System.currentTimeMillis();
  }

  Future<JsonObject> overview() {
    long now = nowMs();
    Future<JsonObject> last = newest;
    if (last != null && now - newestAtMs < FRESH_MS && !last.failed()) {
      return last;
    }
    newestAtMs = now;
    newest =
        cluster
            .all("overview", new JsonObject())
            .map(found -> overview.merged(carried(found, nowMs()), forecast, nowMs()));
    return newest;
  }

  private Gathered carried(Gathered found, long now) {
    lastParts.values().removeIf(part -> now - part.atMs > CARRIED_MS);
    Map<String, JsonObject> parts = new TreeMap<>(found.byNode());
    List<String> missing = new ArrayList<>();
    for (String node : found.missing()) {
      Part last = lastParts.get(node);
      if (last == null) {
        missing.add(node);
      } else {
        parts.put(node, last.said);
      }
    }
    found.byNode().forEach((node, part) -> lastParts.put(node, new Part(part, now)));
    return new Gathered(parts, missing);
  }

  // ---- series

  private Future<Answer> series(Call call) {
    call.allowParameters("k", "from", "to", "step", "agg", "node");
    Optional<String> keys = call.parameter("k");
    if (keys.isEmpty()) {
      return Future.succeededFuture(Answer.json(200, new JsonObject().put("names", names())));
    }
    List<String> wanted = List.of(keys.get().split(",", -1));
    if (wanted.size() > KEYS_MAX || wanted.stream().anyMatch(key -> Figure.of(key).isEmpty())) {
      throw new IllegalArgumentException(
          "k: at most " + KEYS_MAX + " names of those that GET series lists.");
    }
    long now = nowMs() / 1000;
    // The second that runs has no figures yet, and not every clock is the same.
    long to = call.parameter("to").map(text -> second(text, now)).orElse(now - 1);
    long from = call.parameter("from").map(text -> second(text, now)).orElse(to - 3600);
    if (from >= to || now - from > PAST_MAX) {
      throw new IllegalArgumentException("from: before to, and within 400 days.");
    }
    long step = step(call, now, from, to);
    JsonObject question =
        new JsonObject()
            .put("k", new JsonArray(wanted))
            .put("from", Math.floorDiv(from, step) * step)
            .put("to", Math.ceilDiv(to, step) * step)
            .put("step", step)
            .put("tier", History.tier(now, from, step).name())
            .put("max", call.parameter("agg").orElse("mean").equals("max"));
    Optional<String> node = call.parameter("node");
    if (node.isPresent()) {
      return cluster
          .one(node.get(), "series", question)
          .recover(silent -> ofAbsent(node.get(), question))
          .map(one -> Answer.json(200, merged(question, List.of(one))));
    }
    return cluster.all("series", question).map(found -> Answer.json(200, merged(question, found)));
  }

  private static JsonArray names() {
    JsonArray names = new JsonArray();
    for (Figure figure : Figure.values()) {
      names.add(
          new JsonObject()
              .put("k", figure.key())
              .put("unit", figure.unit())
              .put("meaning", figure.meaning()));
    }
    return names;
  }

  private static long second(String text, long now) {
    if (text.matches("-[0-9]{1,9}")) {
      return now + Long.parseLong(text);
    }
    try {
      return Instant.parse(text).getEpochSecond();
    } catch (DateTimeParseException wrong) {
      throw new IllegalArgumentException("from and to: RFC 3339 in UTC, or -3600.", wrong);
    }
  }

  private static long step(Call call, long now, long from, long to) {
    long wanted = call.number("step", 0, 1, 86_400);
    long least = Math.max(1, Math.ceilDiv(to - from, wanted == 0 ? POINTS : POINTS_MAX));
    long step = Math.max(wanted, least);
    int tier = History.tier(now, from, step).seconds();
    return Math.ceilDiv(step, tier) * tier;
  }

  private static JsonObject seriesOf(History history, JsonObject words) {
    History.Question question =
        new History.Question(
            Tier.valueOf(words.getString("tier")),
            words.getLong("from"),
            words.getLong("to"),
            words.getLong("step"),
            words.getBoolean("max", false));
    JsonObject series = new JsonObject();
    for (Object key : words.getJsonArray("k")) {
      Figure figure =
          Figure.of(String.valueOf(key))
              .orElseThrow(() -> new IllegalArgumentException("k: not known"));
      JsonArray values = new JsonArray();
      for (double value : history.read(figure, question)) {
        values.add(Double.isNaN(value) ? null : (Object) value);
      }
      series.put(figure.key(), values);
    }
    return series;
  }

  /** What this node remembers of one that is gone. */
  private Future<JsonObject> ofAbsent(String node, JsonObject question) {
    History history = live.historyOfOthers().get(node);
    return history == null
        ? Future.failedFuture(new IllegalArgumentException("node: there is no such node."))
        : Future.succeededFuture(seriesOf(history, question));
  }

  private JsonObject merged(JsonObject question, Gathered found) {
    List<JsonObject> parts = new ArrayList<>(found.byNode().values());
    Set<String> absent = new HashSet<>(live.historyOfOthers().keySet());
    absent.removeAll(found.byNode().keySet());
    for (String node : absent) {
      History history = live.historyOfOthers().get(node);
      if (history != null) {
        parts.add(seriesOf(history, question));
      }
    }
    return merged(question, parts).put("coverage", found.coverage());
  }

  private static JsonObject merged(JsonObject question, List<JsonObject> parts) {
    long from = question.getLong("from");
    long step = question.getLong("step");
    int count = (int) Math.ceilDiv(question.getLong("to") - from, step);
    JsonArray times = new JsonArray();
    for (int i = 0; i < count; i++) {
      times.add(from + i * step);
    }
    JsonArray series = new JsonArray();
    for (Object key : question.getJsonArray("k")) {
      Figure figure = Figure.of(String.valueOf(key)).orElseThrow();
      List<double[]> ofNodes = parts.stream().map(part -> values(part, figure, count)).toList();
      JsonArray values = new JsonArray();
      for (double together : SummedSeries.of(figure, ofNodes, count, step)) {
        values.add(Double.isNaN(together) ? null : (Object) together);
      }
      series.add(
          new JsonObject().put("k", figure.key()).put("unit", figure.unit()).put("v", values));
    }
    return new JsonObject()
        .put("names", new JsonArray())
        .put("from", Instant.ofEpochSecond(from).toString())
        .put("stepSeconds", step)
        .put("t", times)
        .put("series", series);
  }

  private static double[] values(JsonObject part, Figure figure, int count) {
    JsonArray told = part.getJsonArray(figure.key(), new JsonArray());
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      Double value = i < told.size() ? told.getDouble(i) : null;
      values[i] = value == null ? Double.NaN : value;
    }
    return values;
  }

  // ---- top talkers

  private Future<Answer> top(Call call) {
    call.allowParameters("by", "metric", "window", "k", "node");
    Talkers.By by = constant(Talkers.By.values(), "by", call.parameter("by").orElse("user"));
    if (by == Talkers.By.REFUSED) {
      throw new IllegalArgumentException("by: GET security shows who is refused.");
    }
    Talkers.Metric metric =
        constant(Talkers.Metric.values(), "metric", call.parameter("metric").orElse("egress"));
    long window = call.number("window", 300, 60, 3600);
    int k = (int) call.number("k", 20, 1, 100);
    JsonObject question =
        new JsonObject().put("by", by.name()).put("metric", metric.name()).put("window", window);
    Optional<String> node = call.parameter("node");
    if (node.isPresent()) {
      return cluster
          .one(node.get(), "top", question)
          .map(one -> new Gathered(Map.of(node.get(), one), List.of()))
          .map(found -> Answer.json(200, topOf(found, question, k)));
    }
    return cluster.all("top", question).map(found -> Answer.json(200, topOf(found, question, k)));
  }

  private static <E extends Enum<E>> E constant(E[] values, String name, String text) {
    List<String> known = new ArrayList<>();
    for (E value : values) {
      known.add(value.name().toLowerCase(Locale.ROOT));
      if (value.name().toLowerCase(Locale.ROOT).equals(text)) {
        return value;
      }
    }
    throw new IllegalArgumentException(name + ": " + String.join(", ", known) + ".");
  }

  private JsonObject topHere(JsonObject words) {
    Talkers.By by = Talkers.By.valueOf(words.getString("by"));
    Talkers.Metric metric = Talkers.Metric.valueOf(words.getString("metric"));
    long windowMs = 1000 * words.getLong("window", 300L);
    Talkers.Top top = live.talkers().top(by, metric, windowMs, nowMs());
    JsonArray counts = new JsonArray();
    for (SpaceSaving.Count count : top.counts()) {
      counts.add(new JsonArray().add(count.key()).add(count.count()).add(count.error()));
    }
    JsonObject errors = new JsonObject();
    for (SpaceSaving.Count count :
        live.talkers().top(by, Talkers.Metric.ERRORS, windowMs, nowMs()).counts()) {
      errors.put(count.key(), count.count());
    }
    return new JsonObject()
        .put("counts", counts)
        .put("errors", errors)
        .put("total", top.total())
        .put("missed", top.missedMax())
        .put("windowMs", top.windowMs());
  }

  private static JsonObject topOf(Gathered found, JsonObject question, int k) {
    List<List<SpaceSaving.Count>> parts = new ArrayList<>();
    List<Long> missed = new ArrayList<>();
    Map<String, Long> errors = new HashMap<>();
    long total = 0;
    long windowMs = 1000;
    for (JsonObject part : found.byNode().values()) {
      List<SpaceSaving.Count> counts = new ArrayList<>();
      for (Object each : part.getJsonArray("counts")) {
        JsonArray row = (JsonArray) each;
        counts.add(new SpaceSaving.Count(row.getString(0), row.getLong(1), row.getLong(2)));
      }
      parts.add(counts);
      missed.add(part.getLong("missed", 0L));
      for (Map.Entry<String, Object> error : part.getJsonObject("errors")) {
        errors.merge(error.getKey(), ((Number) error.getValue()).longValue(), Long::sum);
      }
      total += part.getLong("total", 0L);
      windowMs = Math.max(windowMs, part.getLong("windowMs", 0L));
    }
    boolean isRate = !Set.of("ALLOCS", "ERRORS").contains(question.getString("metric"));
    double per = isRate ? windowMs / 1000.0 : 1;
    JsonArray rows = new JsonArray();
    List<SpaceSaving.Count> merged = Talkers.merged(parts, missed);
    for (SpaceSaving.Count count : merged.subList(0, Math.min(k, merged.size()))) {
      JsonObject row =
          new JsonObject()
              .put("key", count.key())
              .put("value", count.count() / per)
              .put("share", total == 0 ? 0 : Math.min(1, (double) count.count() / total));
      rows.add(row.put("errors", errors.getOrDefault(count.key(), 0L)));
    }
    long missedAll = missed.stream().mapToLong(Long::longValue).sum();
    return new JsonObject()
        .put("by", question.getString("by").toLowerCase(Locale.ROOT))
        .put("metric", question.getString("metric").toLowerCase(Locale.ROOT))
        .put("windowSeconds", question.getLong("window"))
        .put("unit", unit(question.getString("metric")))
        .put("total", total / per)
        .put("errorShare", total == 0 ? 0 : Math.min(1, (double) missedAll / total))
        .put("counters", Talkers.COUNTERS)
        .put("rows", rows)
        .put("coverage", found.coverage());
  }

  private static String unit(String metric) {
    return switch (metric) {
      case "EGRESS" -> "bytes/s";
      case "PPS" -> "packets/s";
      case "ALLOCS" -> "allocations";
      default -> "errors";
    };
  }
}
