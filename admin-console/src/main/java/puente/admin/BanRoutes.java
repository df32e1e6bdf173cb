package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import puente.admin.AuditTrail.Change;
import puente.admin.Cluster.Gathered;
import puente.admin.LiveView.Ban;
import puente.admin.access.Role;

/** Who gets nothing any more, in the whole cluster. For the control loop. */
final class BanRoutes {

  private static final int TARGET_MAX = 508;
  private static final int SECONDS_MIN = 60;
  private static final int SECONDS_MAX = 31_536_000;
  private static final int ID_BYTES = 9;

  private final LiveView live;
  private final Cluster cluster;
  private final AuditTrail trail;
  private final SecureRandom random = new SecureRandom();

  BanRoutes(LiveView live, Cluster cluster, AuditTrail trail) {
    this.live = live;
    this.cluster = cluster;
    this.trail = trail;
    cluster.answer("ban-hits", words -> Future.succeededFuture(hits()));
  }

  void addTo(ApiTable table) {
    table.get("bans", call -> bans());
    table.post("bans", Role.OPERATOR, this::ban);
    table.delete("bans/{ban}", Role.OPERATOR, this::lift);
  }

  private JsonObject hits() {
    JsonObject hits = new JsonObject();
    live.banHits().forEach(hits::put);
    return hits;
  }

  private Future<Answer> bans() {
    return cluster
        .all("ban-hits", new JsonObject())
        .map(
            found -> {
              JsonArray list = new JsonArray();
              live.bans().stream()
                  .sorted(Comparator.comparingLong(Ban::endsMs).thenComparing(Ban::id))
                  .forEach(ban -> list.add(json(ban).put("hits", hits(found, ban.id()))));
              return Answer.json(
                  200, new JsonObject().put("bans", list).put("coverage", found.coverage()));
            });
  }

  private static long hits(Gathered found, String id) {
    return found.byNode().values().stream().mapToLong(part -> part.getLong(id, 0L)).sum();
  }

  private static JsonObject json(Ban ban) {
    JsonObject json =
        new JsonObject()
            .put("id", ban.id())
            .put("kind", ban.kind())
            .put("target", ban.target())
            .put("since", SessionJson.instant(ban.sinceMs()))
            .put("by", ban.by())
            .put("reason", ban.reason());
    return ban.endsMs() == Long.MAX_VALUE
        ? json
        : json.put("ends", SessionJson.instant(ban.endsMs()));
  }

  private Future<Answer> ban(Call call) {
    JsonObject words = call.words("kind", "target", "seconds", "reason");
    String kind = Call.neededText(words, "kind", 1, 10);
    if (!List.of("network", "user").contains(kind)) {
      throw new IllegalArgumentException("kind: network or user.");
    }
    String target = Call.neededText(words, "target", 1, TARGET_MAX);
    Optional<Integer> seconds = Call.number(words, "seconds", SECONDS_MIN, SECONDS_MAX);
    String reason = Call.reason(words);
    long now = System.currentTimeMillis();
    long ends = seconds.map(count -> now + 1000L * count).orElse(Long.MAX_VALUE);
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    Ban ban =
        new Ban(
            Base64.getUrlEncoder().encodeToString(id),
            kind,
            target,
            now,
            ends,
            call.caller().who(),
            reason);
    return Future.fromCompletionStage(live.ban(ban))
        .map(
            ended -> {
              trail.note(call, Change.done("ban", kind + " " + target, reason));
              return Answer.json(201, json(ban));
            });
  }

  private Future<Answer> lift(Call call) {
    String id = call.name("ban");
    Optional<Ban> ban = live.bans().stream().filter(one -> one.id().equals(id)).findFirst();
    boolean lifted = live.liftBan(id);
    String target = ban.map(one -> one.kind() + " " + one.target()).orElse("");
    trail.note(call, Change.of("lift-ban", target, "", lifted ? "done" : "unknown"));
    return Future.succeededFuture(
        lifted ? Answer.done() : Answer.problem(404, "There is no such ban."));
  }
}
