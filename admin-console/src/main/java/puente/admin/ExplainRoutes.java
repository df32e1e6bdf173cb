package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import puente.story.Story;

/** What happened to somebody, allocated or refused, on whichever node. */
final class ExplainRoutes {

  private static final int STORIES_MAX = 50;
  private static final List<String> KEYS = List.of("user", "client", "room", "session");

  private final LiveView live;
  private final Cluster cluster;

  ExplainRoutes(LiveView live, Cluster cluster) {
    this.live = live;
    this.cluster = cluster;
    cluster.answer("explain", words -> Future.succeededFuture(stories(words)));
    cluster.answer("room-members", words -> Future.succeededFuture(members(words)));
  }

  void addTo(ApiTable table) {
    table.get("explain", this::explain);
  }

  private Future<Answer> explain(Call call) {
    call.allowParameters("user", "client", "room", "session");
    List<String> given = KEYS.stream().filter(key -> call.parameter(key).isPresent()).toList();
    if (given.size() != 1) {
      throw new IllegalArgumentException("Give one of user, client, room and session.");
    }
    String key = given.getFirst();
    String value = call.parameter(key).orElseThrow();
    Future<JsonObject> question =
        key.equals("room")
            ? ofRoom(value)
            : Future.succeededFuture(new JsonObject().put(key, value));
    return question
        .compose(words -> cluster.all("explain", words))
        .map(
            found -> {
              List<JsonObject> stories = new ArrayList<>();
              for (JsonObject part : found.byNode().values()) {
                part.getJsonArray("stories").forEach(story -> stories.add((JsonObject) story));
              }
              stories.sort((a, b) -> lastOf(b).compareTo(lastOf(a)));
              JsonObject json =
                  new JsonObject()
                      .put(
                          "stories",
                          new JsonArray(stories.subList(0, Math.min(STORIES_MAX, stories.size()))))
                      .put("remembered", "Each node keeps " + live.stories().remembered() + ".")
                      .put("coverage", found.coverage());
              return Answer.json(200, json);
            });
  }

  private static String lastOf(JsonObject story) {
    JsonArray steps = story.getJsonArray("timeline");
    JsonObject last = steps.isEmpty() ? new JsonObject() : steps.getJsonObject(steps.size() - 1);
    return last.getString("until", last.getString("t", ""));
  }

  /** Who is in the room, on any node: by the users and the addresses that they came with. */
  private Future<JsonObject> ofRoom(String room) {
    return cluster
        .all("room-members", new JsonObject().put("room", room))
        .map(
            found -> {
              JsonArray users = new JsonArray();
              JsonArray clients = new JsonArray();
              for (JsonObject part : found.byNode().values()) {
                part.getJsonArray("users").forEach(users::add);
                part.getJsonArray("clients").forEach(clients::add);
              }
              return new JsonObject().put("users", users).put("clients", clients).put("room", room);
            });
  }

  private JsonObject members(JsonObject words) {
    Set<String> users = new HashSet<>();
    Set<String> clients = new HashSet<>();
    String room = words.getString("room", "");
    for (LiveView.RoomInfo info : live.rooms()) {
      if (info.id().equals(room)) {
        info.members().forEach(member -> users.add(member.user()));
        info.members().forEach(member -> clients.add(member.client()));
      }
    }
    users.remove("");
    clients.remove("");
    return new JsonObject()
        .put("users", new JsonArray(List.copyOf(users)))
        .put("clients", new JsonArray(List.copyOf(clients)));
  }

  private JsonObject stories(JsonObject words) {
    JsonArray list = new JsonArray();
    for (Story story : found(words)) {
      JsonObject json = StoryJson.of(story, live.node());
      Optional.ofNullable(words.getString("room"))
          .ifPresent(room -> json.put("rooms", new JsonArray().add(room)));
      list.add(json);
    }
    return new JsonObject().put("stories", list);
  }

  private List<Story> found(JsonObject words) {
    String session = words.getString("session");
    if (session == null) {
      return live.stories().find(meant(words), STORIES_MAX);
    }
    Story story = live.stories().ofSession(session);
    return story == null ? List.of() : List.of(story);
  }

  private static Predicate<Story> meant(JsonObject words) {
    if (words.containsKey("client")) {
      String client = words.getString("client");
      return story -> isAt(story, client);
    }
    if (words.containsKey("user")) {
      String user = words.getString("user");
      return story -> isUser(story.user(), user);
    }
    List<String> users = texts(words.getJsonArray("users", new JsonArray()));
    List<String> clients = texts(words.getJsonArray("clients", new JsonArray()));
    return story ->
        users.stream().anyMatch(user -> isUser(story.user(), user))
            || clients.stream().anyMatch(client -> isAt(story, client));
  }

  private static List<String> texts(JsonArray array) {
    return array.stream().map(String::valueOf).toList();
  }

  /** Whole, or without the expiry of an ephemeral name. */
  private static boolean isUser(String user, String asked) {
    return user.equals(asked) || !asked.isEmpty() && user.endsWith(":" + asked);
  }

  /** By the address alone, or with its port. */
  private static boolean isAt(Story story, String client) {
    String at = story.client();
    return at.equals(client) || at.startsWith(client + ":") || at.startsWith("[" + client + "]:");
  }
}
