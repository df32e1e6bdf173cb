package puente.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import puente.admin.Cluster.Gathered;
import puente.admin.NodeView.NodeInfo;
import puente.series.Figure;
import puente.series.History;
import puente.series.Point;
import puente.series.Tier;

/** The cluster in one answer: of what each node says of itself. For the control loop. */
final class Overview {

  private static final int HOUR = 3600;
  private static final int DAY = 86_400;
  private static final int WEEK = 7 * DAY;

  /** Until when things are well. */
  private static final double PORTS_TARGET = 0.85;

  private static final double EGRESS_TARGET = 0.8;
  private static final double PROCESSOR_TARGET = 0.7;
  private static final double MEMORY_TARGET = 0.85;

  private static final List<Figure> ANSWERS =
      List.of(
          Figure.ANSWERS_300,
          Figure.ANSWERS_401,
          Figure.ANSWERS_437,
          Figure.ANSWERS_438,
          Figure.ANSWERS_486,
          Figure.ANSWERS_508,
          Figure.ANSWERS_OTHER);

  private static final Map<String, Figure> TRANSPORTS =
      Map.of(
          "udp", Figure.ALLOC_UDP,
          "tcp", Figure.ALLOC_TCP,
          "tls", Figure.ALLOC_TLS,
          "dtls", Figure.ALLOC_DTLS);

  private final NodeView view;

  Overview(NodeView view) {
    this.view = view;
  }

  // ---- this node's part

  /** What {@link #merged} needs of every node. */
  JsonObject part(long nowSecond) {
    LiveView live = view.live();
    History history = live.history();
    JsonObject figures = new JsonObject();
    Point newest = history.newest(Tier.SECOND);
    if (newest != null) {
      for (Figure figure : Figure.values()) {
        float value = newest.mean()[figure.ordinal()];
        if (!Float.isNaN(value)) {
          figures.put(figure.key(), (double) value);
        }
      }
    }
    JsonObject totals = new JsonObject();
    live.totals().forEach(totals::put);
    long today = nowSecond - nowSecond % DAY;
    JsonObject facts = live.facts();
    JsonObject json =
        new JsonObject()
            .put("figures", figures)
            .put("totals", totals)
            .put("hour", lastHour())
            .put("peakToday", peak(history, Figure.ALLOC_TOTAL, today, nowSecond))
            .put("egressPeakToday", peak(history, Figure.RELAY_DOWN, today, nowSecond))
            .put("egressLimit", facts.getDouble("egressBytesPerSecondMax", 0.0))
            .put("zone", facts.getString("zone", ""));
    double weekAgo = mean(history, Figure.RELAY_DOWN, nowSecond - WEEK - HOUR, nowSecond - WEEK);
    return Double.isNaN(weekAgo) ? json : json.put("downWeekAgo", weekAgo);
  }

  private JsonObject lastHour() {
    Map<String, Long> counts = view.live().lastHour();
    JsonObject json = new JsonObject();
    long rest = 0;
    for (Map.Entry<String, Long> entry : counts.entrySet()) {
      Figure figure = Figure.of(entry.getKey()).orElse(Figure.ANSWERS_OTHER);
      if (figure == Figure.ANSWERS_OTHER) {
        rest += entry.getValue();
      } else if (figure == Figure.ANSWERS_SUCCESS) {
        json.put("success", entry.getValue());
      } else {
        json.put(figure.key(), entry.getValue());
      }
    }
    return json.put(Figure.ANSWERS_OTHER.key(), rest);
  }

  private static double zeroed(float value) {
    return Float.isNaN(value) ? 0 : value;
  }

  private static long peak(History history, Figure figure, long from, long now) {
    double most = 0;
    for (Point point : history.points(Tier.MINUTE, from, now + 1)) {
      most = Math.max(most, zeroed(point.max()[figure.ordinal()]));
    }
    for (Point point : history.points(Tier.SECOND, Math.max(from, now - 90), now + 1)) {
      most = Math.max(most, zeroed(point.mean()[figure.ordinal()]));
    }
    return Math.round(most);
  }

  private static double mean(History history, Figure figure, long from, long to) {
    double sum = 0;
    int known = 0;
    for (Point point : history.points(Tier.MINUTE, from, to)) {
      float value = point.mean()[figure.ordinal()];
      sum += zeroed(value);
      known += Float.isNaN(value) ? 0 : 1;
    }
    return known == 0 ? Double.NaN : sum / known;
  }

  // ---- all parts

  /** Overview of live.yaml. */
  JsonObject merged(Gathered found, JsonArray forecast, long nowMs) {
    Map<String, Map<Figure, Double>> byNode = new TreeMap<>();
    found.byNode().forEach((node, part) -> byNode.put(node, figures(part)));
    List<NodeInfo> nodes = view.nodes();
    long serving =
        nodes.stream().filter(node -> node.alive() && node.phase().equals("serving")).count();
    double total = sum(byNode, Figure.ALLOC_TOTAL);
    JsonObject allocations =
        new JsonObject()
            .put("total", Math.round(total))
            .put("relaying", Math.round(sum(byNode, Figure.ALLOC_ACTIVE)))
            .put("idle", Math.round(sum(byNode, Figure.ALLOC_IDLE)))
            .put("peakToday", Math.max(Math.round(total), longs(found, "peakToday")));
    JsonArray resources = resources(byNode, found, forecast);
    JsonObject byTransport = new JsonObject();
    TRANSPORTS.forEach((name, figure) -> byTransport.put(name, Math.round(sum(byNode, figure))));
    JsonObject json =
        new JsonObject()
            .put("asOf", SessionJson.instant(nowMs))
            .put("verdict", Verdicts.of(nodes, found, byNode, resources))
            .put("nodes", new JsonObject().put("total", nodes.size()).put("serving", serving))
            .put("allocations", allocations)
            .put("traffic", traffic(byNode, found))
            .put("answers", answers(found))
            .put(
                "signaling",
                new JsonObject()
                    .put("peers", Math.round(sum(byNode, Figure.SIGNAL_PEERS)))
                    .put("rooms", Math.round(sum(byNode, Figure.SIGNAL_ROOMS))))
            .put("byTransport", byTransport)
            .put("ipv6Share", total == 0 ? 0 : sum(byNode, Figure.ALLOC_IPV6) / total)
            .put("resources", resources)
            .put("coverage", found.coverage());
    JsonArray zones = ZoneLoss.of(found);
    if (!zones.isEmpty()) {
      json.put("zoneLoss", zones);
    }
    if (byNode.values().stream().anyMatch(figures -> figures.containsKey(Figure.RELAY_P99))) {
      json.put("relayP99Seconds", sum(byNode, Figure.RELAY_P99));
    }
    double weekAgo = doubles(found, "downWeekAgo");
    if (weekAgo > 0) {
      json.put("egressChangeWeek", sum(byNode, Figure.RELAY_DOWN) / weekAgo - 1);
    }
    return json;
  }

  static Map<Figure, Double> figures(JsonObject part) {
    Map<Figure, Double> figures = new EnumMap<>(Figure.class);
    JsonObject json = part.getJsonObject("figures", new JsonObject());
    for (String key : json.fieldNames()) {
      Figure.of(key).ifPresent(figure -> figures.put(figure, json.getDouble(key)));
    }
    return figures;
  }

  static double sum(Map<String, Map<Figure, Double>> byNode, Figure figure) {
    double[] values =
        byNode.values().stream()
            .mapToDouble(figures -> figures.getOrDefault(figure, Double.NaN))
            .toArray();
    double together = figure.together(values);
    return Double.isNaN(together) ? 0 : together;
  }

  private static long longs(Gathered found, String name) {
    return found.byNode().values().stream().mapToLong(part -> part.getLong(name, 0L)).sum();
  }

  private static double doubles(Gathered found, String name) {
    return found.byNode().values().stream().mapToDouble(part -> part.getDouble(name, 0.0)).sum();
  }

  private static JsonObject traffic(Map<String, Map<Figure, Double>> byNode, Gathered found) {
    JsonObject traffic =
        new JsonObject()
            .put("upBytesPerSecond", sum(byNode, Figure.RELAY_UP))
            .put("downBytesPerSecond", sum(byNode, Figure.RELAY_DOWN))
            .put("upPacketsPerSecond", sum(byNode, Figure.RELAY_UP_PACKETS))
            .put("downPacketsPerSecond", sum(byNode, Figure.RELAY_DOWN_PACKETS));
    for (String name : List.of("upBytes", "downBytes", "upPackets", "downPackets")) {
      long sum = 0;
      for (JsonObject part : found.byNode().values()) {
        sum += part.getJsonObject("totals", new JsonObject()).getLong(name, 0L);
      }
      traffic.put(name, sum);
    }
    return traffic;
  }

  private static JsonObject answers(Gathered found) {
    long success = hour(found, "success");
    long refused = 0;
    JsonObject byCode = new JsonObject();
    for (Figure figure : ANSWERS) {
      long count = hour(found, figure.key());
      String code = figure.key().substring("answers.".length());
      if (count > 0) {
        byCode.put(code, count);
      }
      // A challenge, an old nonce and another node's address are steps on the way, not ends.
      boolean isEnd =
          figure == Figure.ANSWERS_486
              || figure == Figure.ANSWERS_508
              || figure == Figure.ANSWERS_OTHER
              || figure == Figure.ANSWERS_437;
      refused += isEnd ? count : 0;
    }
    double share = success + refused == 0 ? 1 : (double) success / (success + refused);
    return new JsonObject()
        .put("success", success)
        .put("successShare", share)
        .put("byCode", byCode);
  }

  private static long hour(Gathered found, String name) {
    long sum = 0;
    for (JsonObject part : found.byNode().values()) {
      sum += part.getJsonObject("hour", new JsonObject()).getLong(name, 0L);
    }
    return sum;
  }

  // ---- how full

  private record Fill(String resource, double target, String unit, Figure used, Figure limit) {}

  private static final List<Fill> FILLS =
      List.of(
          new Fill("ports", PORTS_TARGET, "ports", Figure.PORTS_USED, Figure.PORTS_LIMIT),
          new Fill("memory", MEMORY_TARGET, "bytes", Figure.MEMORY_USED, Figure.MEMORY_LIMIT));

  private static JsonArray resources(
      Map<String, Map<Figure, Double>> byNode, Gathered found, JsonArray forecast) {
    List<JsonObject> rows = new ArrayList<>();
    for (Fill fill : FILLS) {
      rows.add(
          row(
              fill.resource,
              fill.target,
              fill.unit,
              values(byNode, fill.used),
              values(byNode, fill.limit)));
    }
    Map<String, Double> caps = new TreeMap<>();
    found.byNode().forEach((node, part) -> caps.put(node, part.getDouble("egressLimit", 0.0)));
    Map<String, Double> egress = new TreeMap<>();
    byNode.forEach(
        (node, figures) ->
            egress.put(
                node,
                figures.getOrDefault(Figure.RELAY_UP, 0.0)
                    + figures.getOrDefault(Figure.RELAY_DOWN, 0.0)));
    if (caps.values().stream().allMatch(cap -> cap > 0)) {
      rows.add(1, row("egress", EGRESS_TARGET, "bytes/s", egress, caps));
    }
    Map<String, Double> ones = new TreeMap<>();
    byNode.keySet().forEach(node -> ones.put(node, 1.0));
    rows.add(
        rows.size() - 1,
        row("processor", PROCESSOR_TARGET, "processors", values(byNode, Figure.PROCESSOR), ones));
    for (JsonObject row : rows) {
      for (Object each : forecast) {
        JsonObject dates = (JsonObject) each;
        if (dates.getString("resource", "").equals(row.getString("resource"))) {
          row.put("reachesTarget", dates(dates));
        }
      }
    }
    return new JsonArray(rows);
  }

  private static JsonObject dates(JsonObject forecast) {
    JsonObject dates = new JsonObject();
    for (String name : List.of("p10", "p50", "p90", "why")) {
      if (forecast.getValue(name) instanceof String text) {
        dates.put(name, text);
      }
    }
    return dates;
  }

  private static Map<String, Double> values(
      Map<String, Map<Figure, Double>> byNode, Figure figure) {
    Map<String, Double> values = new TreeMap<>();
    byNode.forEach((node, figures) -> values.put(node, figures.getOrDefault(figure, 0.0)));
    return values;
  }

  private static JsonObject row(
      String resource,
      double target,
      String unit,
      Map<String, Double> used,
      Map<String, Double> limits) {
    double all = 0;
    double limit = 0;
    String fullest = "";
    double most = -1;
    for (Map.Entry<String, Double> entry : used.entrySet()) {
      double cap = limits.getOrDefault(entry.getKey(), 0.0);
      double share = cap == 0 ? 0 : entry.getValue() / cap;
      all += entry.getValue();
      limit += cap;
      if (share > most) {
        most = share;
        fullest = entry.getKey();
      }
    }
    double share = limit == 0 ? 0 : all / limit;
    JsonObject row =
        new JsonObject()
            .put("resource", resource)
            .put("used", Math.min(1, share))
            .put("target", target)
            .put("limit", limit)
            .put("unit", unit)
            .put("fullestNode", fullest)
            .put("fullestUsed", Math.clamp(most, 0, 1));
    return share > 0 ? row.put("headroom", target / share) : row;
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }
}
