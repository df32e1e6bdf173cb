package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import puente.admin.AuditTrail.Change;
import puente.admin.NodeView.SessionPage;
import puente.admin.NodeView.SessionQuery;
import puente.admin.access.Role;

/** Sessions: what there is, and an end to one. Used on one loop only. */
final class SessionRoutes {

  /** Lists go over all sessions: more at once than people ask for would be work for nobody. */
  private static final int LISTS_MAX = 4;

  /** The beginning of a session's id says when it began; the rest would tell the client. */
  private static final int SESSION_SHOWN = 10;

  private final NodeView view;
  private final AuditTrail trail;
  private int lists;

  SessionRoutes(NodeView view, AuditTrail trail) {
    this.view = view;
    this.trail = trail;
  }

  void addTo(ApiTable table) {
    table.get("sessions", this::sessions);
    table.delete("sessions/{session}", Role.OPERATOR, this::close);
  }

  private Future<Answer> sessions(Call call) {
    call.allowParameters("user", "client", "transport", "cursor", "limit");
    SessionQuery query =
        new SessionQuery(
            call.parameter("user"),
            call.parameter("client"),
            call.parameter("transport"),
            call.parameter("cursor"),
            call.limit());
    if (lists >= LISTS_MAX) {
      return Future.succeededFuture(
          Answer.problem(503, "Other lists are being made.").with("Retry-After", "1"));
    }
    Future<SessionPage> page = Future.fromCompletionStage(view.sessions(query));
    lists++;
    return page.onComplete(done -> lists--).map(found -> Answer.json(200, json(found)));
  }

  private Future<Answer> close(Call call) {
    call.allowParameters("reason");
    String id = call.name("session");
    String reason = call.parameter("reason").orElse("");
    return Future.fromCompletionStage(view.closeSession(id))
        .map(
            closed -> {
              String shown = id.substring(0, Math.min(id.length(), SESSION_SHOWN));
              String outcome = closed ? "done" : "unknown";
              trail.note(call, Change.of("close-session", shown, reason, outcome));
              return closed
                  ? Answer.done()
                  : Answer.problem(404, "There is no such session on this node.");
            });
  }

  private static JsonObject json(SessionPage page) {
    JsonArray list = new JsonArray();
    for (NodeView.SessionInfo session : page.sessions()) {
      list.add(
          new JsonObject()
              .put("id", session.id())
              .put("user", session.user())
              .put("transport", session.transport())
              .put("client", session.client())
              .put("server", session.server())
              .put("relayed", new JsonArray(session.relayed()))
              .put("created", instant(session.createdMs()))
              .put("expires", instant(session.expiresMs()))
              .put("permissions", session.permissions())
              .put("channels", session.channels())
              .put("bytesUp", session.bytesUp())
              .put("bytesDown", session.bytesDown())
              .put("packetsUp", session.packetsUp())
              .put("packetsDown", session.packetsDown()));
    }
    JsonObject json = new JsonObject().put("sessions", list);
    page.next().ifPresent(next -> json.put("next", next));
    return json;
  }

  private static String instant(long ms) {
    return Instant.ofEpochMilli(ms).toString();
  }
}
