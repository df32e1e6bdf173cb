package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import puente.admin.Cluster.Gathered;
import puente.admin.access.Role;

/**
 * Who changed what, on whichever node: each keeps what was asked of it, and any shows all of it, the
 * newest first. For the control loop.
 */
final class AuditRoutes {

  /** Files are read for it. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private static final int CURSOR_MAX = 8000;

  private final AuditTrail trail;
  private final Cluster cluster;

  AuditRoutes(AuditTrail trail, Cluster cluster) {
    this.trail = trail;
    this.cluster = cluster;
    cluster.answer("audit", trail::page);
  }

  void addTo(ApiTable table) {
    table.get("audit", Role.OPERATOR, this::page);
  }

  private Future<Answer> page(Call call) {
    call.allowParameters("who", "action", "node", "cursor", "limit");
    int limit = call.limit();
    JsonObject before = call.parameter("cursor").map(AuditRoutes::read).orElse(new JsonObject());
    JsonObject question = new JsonObject().put("limit", limit).put("before", before);
    call.parameter("who").ifPresent(who -> question.put("who", who));
    call.parameter("action").ifPresent(action -> question.put("action", action));
    Optional<String> node = call.parameter("node");
    if (node.isPresent() && !cluster.isAlive(node.get())) {
      return Future.succeededFuture(Answer.problem(404, "There is no such node that lives."));
    }
    Future<Gathered> found =
        node.map(
                id ->
                    cluster
                        .one(id, "audit", question)
                        .map(part -> new Gathered(Map.of(id, part), List.of())))
            .orElseGet(() -> cluster.all("audit", question, PATIENCE));
    return found.map(parts -> Answer.json(200, merged(parts, before, limit)));
  }

  /** What one node gave, and how much of it is on the page. */
  private static final class Part {
    private final JsonArray entries;
    private int taken;

    Part(JsonObject answer) {
      entries = answer.getJsonArray("entries", new JsonArray());
    }

    @Nullable JsonObject next() {
      return taken < entries.size() ? entries.getJsonObject(taken) : null;
    }

    /** The number below which its next page begins. */
    Optional<String> before() {
      if (taken > 0) {
        return Optional.of(entries.getJsonObject(taken - 1).getString("id"));
      }
      return Optional.ofNullable(next())
          .map(first -> Long.toString(Long.parseLong(first.getString("id")) + 1));
    }
  }

  /** Each node's own order stays, whatever its clock did; between nodes the later goes first. */
  private static JsonObject merged(Gathered found, JsonObject before, int limit) {
    Map<String, Part> partByNode = new HashMap<>();
    boolean more = false;
    for (Map.Entry<String, JsonObject> answer : found.byNode().entrySet()) {
      partByNode.put(answer.getKey(), new Part(answer.getValue()));
      more |= answer.getValue().getBoolean("more", false);
    }
    List<JsonObject> page = new ArrayList<>();
    while (page.size() < limit) {
      Part latest = latest(partByNode);
      JsonObject entry = latest == null ? null : latest.next();
      if (latest == null || entry == null) {
        break;
      }
      latest.taken++;
      page.add(entry);
    }
    JsonObject next = before.copy();
    partByNode.forEach((node, part) -> part.before().ifPresent(id -> next.put(node, id)));
    more |= partByNode.values().stream().anyMatch(part -> part.next() != null);
    JsonObject body =
        new JsonObject()
            .put("entries", new JsonArray(page.stream().map(AuditRoutes::named).toList()))
            .put("coverage", found.coverage());
    return more ? body.put("next", written(next)) : body;
  }

  private static @Nullable Part latest(Map<String, Part> partByNode) {
    Part latest = null;
    for (Part part : partByNode.values()) {
      JsonObject entry = part.next();
      JsonObject best = latest == null ? null : latest.next();
      if (entry != null && (best == null || isLater(entry, best))) {
        latest = part;
      }
    }
    return latest;
  }

  private static boolean isLater(JsonObject one, JsonObject other) {
    int order = one.getString("t").compareTo(other.getString("t"));
    return order > 0 || order == 0 && one.getString("node").compareTo(other.getString("node")) < 0;
  }

  /** Numbers are each node's own. */
  private static JsonObject named(JsonObject entry) {
    return entry.copy().put("id", entry.getString("node") + "/" + entry.getString("id"));
  }

  private static String written(JsonObject before) {
    byte[] text = before.encode().getBytes(StandardCharsets.UTF_8);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text);
  }

  private static JsonObject read(String cursor) {
    try {
      if (cursor.length() <= CURSOR_MAX) {
        byte[] text = Base64.getUrlDecoder().decode(cursor);
        JsonObject before = new JsonObject(new String(text, StandardCharsets.UTF_8));
        if (before.stream()
            .allMatch(one -> String.valueOf(one.getValue()).matches("[0-9]{1,18}"))) {
          return before;
        }
      }
    } catch (IllegalArgumentException | DecodeException notOurs) {
      // Said below.
    }
    throw new IllegalArgumentException("cursor: the next of a page before.");
  }
}
