package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import puente.admin.Cluster.Gathered;
import puente.admin.LiveView.Ban;
import puente.admin.LiveView.PeerRule;
import puente.series.Figure;
import puente.series.Point;
import puente.series.Tier;
import puente.top.SpaceSaving;
import puente.top.Talkers;

/** Who is refused and why, and which peers would be. For the control loop. */
final class SecurityRoutes {

  private static final int ROWS_MAX = 100;
  private static final int PEER_MAX = 64;

  private final LiveView live;
  private final Cluster cluster;

  SecurityRoutes(LiveView live, Cluster cluster) {
    this.live = live;
    this.cluster = cluster;
    cluster.answer("security", words -> Future.succeededFuture(here()));
    cluster.answer("peer-hits", words -> Future.succeededFuture(hits()));
  }

  void addTo(ApiTable table) {
    table.get("security", this::security);
    table.get("peer-rules", this::rules);
    table.get("peer-rules/check", this::check);
  }

  // ---- refusals

  private JsonObject here() {
    long now = System.currentTimeMillis();
    JsonObject figures = new JsonObject();
    for (Figure figure :
        List.of(
            Figure.AUTH_WRONG, Figure.PEERS_DENIED, Figure.RATE_LIMITED, Figure.QUOTA_REFUSED)) {
      figures.put(figure.key(), lastMinute(figure, now / 1000));
    }
    JsonArray refusals = new JsonArray();
    Talkers.Top top = live.talkers().top(Talkers.By.REFUSED, Talkers.Metric.ERRORS, 3_600_000, now);
    for (SpaceSaving.Count count : top.counts()) {
      refusals.add(new JsonArray().add(count.key()).add(count.count()));
    }
    return new JsonObject().put("figures", figures).put("refusals", refusals);
  }

  private double lastMinute(Figure figure, long now) {
    double sum = 0;
    int known = 0;
    for (Point point : live.history().points(Tier.SECOND, now - 60, now + 1)) {
      float value = point.mean()[figure.ordinal()];
      sum += Float.isNaN(value) ? 0 : value;
      known += Float.isNaN(value) ? 0 : 1;
    }
    return known == 0 ? 0 : sum / known;
  }

  private Future<Answer> security(Call call) {
    call.allowParameters();
    return cluster
        .all("security", new JsonObject())
        .map(found -> Answer.json(200, security(found)));
  }

  private JsonObject security(Gathered found) {
    Map<String, Double> figures = new HashMap<>();
    Map<String, Long> counts = new HashMap<>();
    for (JsonObject part : found.byNode().values()) {
      for (Map.Entry<String, Object> one : part.getJsonObject("figures")) {
        figures.merge(one.getKey(), ((Number) one.getValue()).doubleValue(), Double::sum);
      }
      for (Object each : part.getJsonArray("refusals")) {
        JsonArray row = (JsonArray) each;
        counts.merge(row.getString(0), row.getLong(1), Long::sum);
      }
    }
    JsonArray rows = new JsonArray();
    counts.entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(ROWS_MAX)
        .forEach(entry -> rows.add(row(entry.getKey(), entry.getValue())));
    double wrong = figures.getOrDefault(Figure.AUTH_WRONG.key(), 0.0);
    double denied = figures.getOrDefault(Figure.PEERS_DENIED.key(), 0.0);
    double limited = figures.getOrDefault(Figure.RATE_LIMITED.key(), 0.0);
    double quota = figures.getOrDefault(Figure.QUOTA_REFUSED.key(), 0.0);
    JsonObject sums =
        new JsonObject()
            .put("wrongCredentialsPerSecond", wrong)
            .put("peersRefusedPerSecond", denied)
            .put("rateLimitedPerSecond", limited)
            .put("overQuotaPerSecond", quota)
            .put("bans", live.bans().size());
    live.bans().stream()
        .mapToLong(Ban::endsMs)
        .filter(ends -> ends != Long.MAX_VALUE)
        .min()
        .ifPresent(ends -> sums.put("nextBanEnds", SessionJson.instant(ends)));
    return new JsonObject()
        .put("verdict", verdict(wrong + denied + limited, rows))
        .put("figures", sums)
        .put("refusals", rows)
        .put("coverage", found.coverage());
  }

  private static JsonObject verdict(double perSecond, JsonArray rows) {
    String text =
        rows.isEmpty()
            ? "Nobody was refused in the last hour."
            : perSecond < 1
                ? "Refusals are few; nothing got through that a rule denies."
                : String.format(
                    Locale.ROOT,
                    "%.0f refusals a second; nothing got through that a rule denies.",
                    perSecond);
    JsonObject verdict =
        new JsonObject().put("severity", perSecond > 10 ? "warning" : "ok").put("text", text);
    JsonArray causes = new JsonArray();
    if (perSecond > 10 && !rows.isEmpty()) {
      JsonObject first = rows.getJsonObject(0);
      causes.add(
          new JsonObject()
              .put("severity", "warning")
              .put(
                  "text",
                  first.getString("source") + ": " + first.getString("reason") + ", most of all")
              .put("advice", "If it is nobody you know, ban the network."));
    }
    return verdict.put("causes", causes);
  }

  /** The key is as {@link #key} makes it. */
  private JsonObject row(String key, long count) {
    String[] parts = key.split("\t", 4);
    String source = parts.length > 1 ? parts[1] : key;
    JsonObject row =
        new JsonObject()
            .put("source", source)
            .put("kind", parts[0].equals("user") ? "user" : "network")
            .put("reason", parts.length > 3 ? parts[3] : "")
            .put("count", count);
    if (parts.length > 2 && !parts[2].equals("0")) {
      row.put("code", Integer.parseInt(parts[2]));
    }
    Optional<Ban> ban = live.bans().stream().filter(one -> one.target().equals(source)).findFirst();
    ban.ifPresent(one -> row.put("ban", one.id()));
    return row;
  }

  // ---- peers

  private JsonObject hits() {
    JsonObject hits = new JsonObject();
    live.peerRules().forEach(rule -> hits.put(rule.name(), rule.hits()));
    return hits;
  }

  private Future<Answer> rules(Call call) {
    call.allowParameters();
    return cluster
        .all("peer-hits", new JsonObject())
        .map(
            found -> {
              JsonArray rules = new JsonArray();
              for (PeerRule rule : live.peerRules()) {
                long hits = 0;
                for (JsonObject part : found.byNode().values()) {
                  hits += part.getLong(rule.name(), 0L);
                }
                rules.add(
                    new JsonObject()
                        .put("name", rule.name())
                        .put("allow", rule.allow())
                        .put("covers", new JsonArray(rule.covers()))
                        .put("hits", hits)
                        .put("origin", rule.origin()));
              }
              return Answer.json(200, new JsonObject().put("rules", rules));
            });
  }

  private Future<Answer> check(Call call) {
    call.allowParameters("peer");
    String peer =
        call.parameter("peer")
            .filter(text -> text.length() <= PEER_MAX)
            .orElseThrow(() -> new IllegalArgumentException("peer: an IP address, or IP:port."));
    LiveView.PeerVerdict verdict = live.judgePeer(peer);
    List<PeerRule> rules = live.peerRules();
    String deciding =
        rules.stream()
            .filter(rule -> rule.names().contains(verdict.rule()))
            .map(PeerRule::name)
            .findFirst()
            .orElse(verdict.allowed() ? "public" : "special-purpose");
    JsonArray steps = new JsonArray();
    boolean decided = false;
    for (PeerRule rule : rules) {
      boolean decides = !decided && rule.name().equals(deciding);
      steps.add(
          new JsonObject()
              .put("rule", rule.name())
              .put("result", decided ? "not-reached" : decides ? "decides" : "passes")
              .put("text", (rule.allow() ? "allows " : "denies ") + shown(rule.covers())));
      decided |= decides;
    }
    JsonObject json =
        new JsonObject()
            .put("peer", verdict.peer())
            .put("allowed", verdict.allowed())
            .put("rule", verdict.rule())
            .put("steps", steps);
    if (!verdict.allowed()) {
      json.put("advice", "allowed-peer-ip=" + verdict.ip() + " would allow it.");
    }
    return Future.succeededFuture(Answer.json(200, json));
  }

  private static String shown(List<String> covers) {
    List<String> few = new ArrayList<>(covers.subList(0, Math.min(3, covers.size())));
    return String.join(", ", few) + (covers.size() > 3 ? " and " + (covers.size() - 3) : "");
  }
}
