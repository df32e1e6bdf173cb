package puente.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import puente.admin.LiveView.SessionDetail;
import puente.story.Check;
import puente.story.Step;
import puente.story.Story;

/** What happened to clients, as the API tells it. */
final class StoryJson {

  private StoryJson() {}

  /** A session that lives. */
  static JsonObject alive(SessionDetail session, LiveView live) {
    JsonObject json = SessionJson.of(session.session(), live.node());
    Story story = live.stories().ofSession(session.session().id());
    JsonArray peers = new JsonArray();
    session.peers().forEach(peer -> peers.add(SessionJson.of(peer)));
    JsonObject detail = new JsonObject().put("peers", peers).put("timeline", timeline(story));
    long misses = session.session().misses();
    detail.put("dropped", new JsonObject().put("no_permission", misses));
    return json.put("detail", detail);
  }

  /** One that has ended; empty if it is not remembered. */
  static JsonObject remembered(String id, LiveView live) {
    Story story = live.stories().ofSession(id);
    if (story == null) {
      return new JsonObject();
    }
    List<Step> steps = story.steps();
    JsonObject detail =
        new JsonObject().put("peers", new JsonArray()).put("timeline", timeline(story));
    steps.stream()
        .filter(step -> step.what().equals("close"))
        .findFirst()
        .ifPresent(step -> detail.put("closeReason", reason(step.text())));
    return new JsonObject()
        .put("id", id)
        .put("user", story.user())
        .put("node", live.node())
        .put("state", "closed")
        .put("transport", story.transport())
        .put("client", story.client())
        .put("created", SessionJson.instant(steps.isEmpty() ? 0 : steps.getFirst().atMs()))
        .put("detail", detail);
  }

  /** The text of a close begins with its reason. */
  private static String reason(String text) {
    int end = text.indexOf(':');
    return end < 0 ? text : text.substring(0, end);
  }

  static JsonObject of(Story story, String node) {
    JsonObject json =
        new JsonObject()
            .put("client", story.client())
            .put("node", node)
            .put("summary", story.summary())
            .put("timeline", timeline(story));
    if (!story.session().isEmpty()) {
      json.put("session", story.session());
    }
    return story.user().isEmpty() ? json : json.put("user", story.user());
  }

  private static JsonArray timeline(@Nullable Story story) {
    JsonArray steps = new JsonArray();
    if (story != null) {
      story.steps().forEach(step -> steps.add(of(step)));
    }
    return steps;
  }

  private static JsonObject of(Step step) {
    JsonObject json =
        new JsonObject()
            .put("t", SessionJson.instant(step.atMs()))
            .put("what", step.what())
            .put("outcome", step.outcome().name().toLowerCase(Locale.ROOT))
            .put("text", step.text());
    if (step.code() > 0) {
      json.put("code", step.code());
    }
    if (step.count() > 1) {
      json.put("count", step.count()).put("until", SessionJson.instant(step.untilMs()));
    }
    if (!step.peer().isEmpty()) {
      json.put("peer", step.peer());
    }
    if (step.outcome() == Step.Outcome.REFUSED || step.outcome() == Step.Outcome.ASKED) {
      checks(step, json);
    }
    return json;
  }

  private static void checks(Step step, JsonObject json) {
    JsonArray checks = new JsonArray();
    for (Check.Line line : Check.of(step.what(), step.text())) {
      JsonObject check =
          new JsonObject()
              .put("name", line.check().title())
              .put("result", line.result().name().toLowerCase(Locale.ROOT).replace('_', '-'));
      if (line.result() == Check.Result.DECIDED) {
        check.put("text", step.text());
        if (!line.check().clause().isEmpty()) {
          json.put("clause", line.check().clause());
        }
        if (!line.check().advice().isEmpty()) {
          json.put("advice", line.check().advice());
        }
      }
      checks.add(check);
    }
    if (!checks.isEmpty()) {
      json.put("checks", checks);
    }
  }
}
