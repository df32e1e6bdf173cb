package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import puente.admin.Cluster.Gathered;
import puente.series.Figure;
import puente.series.Point;
import puente.series.Tier;

/** Rooms and who is in them, on all nodes. For the control loop. */
final class SignalingRoutes {

  private static final int ROOMS_MAX = 5000;

  private final LiveView live;
  private final Cluster cluster;

  SignalingRoutes(LiveView live, Cluster cluster) {
    this.live = live;
    this.cluster = cluster;
    cluster.answer("signaling", words -> Future.succeededFuture(here()));
    cluster.answer("rooms", words -> Future.succeededFuture(rooms(words.getString("q", ""))));
    cluster.answer("room", words -> Future.succeededFuture(room(words.getString("id", ""))));
  }

  void addTo(ApiTable table) {
    table.get("signaling", this::signaling);
    table.get("rooms", this::rooms);
    table.get("rooms/{room}", this::room);
  }

  private JsonObject here() {
    JsonObject counts = new JsonObject();
    live.signaling().forEach(counts::put);
    Point newest = live.history().newest(Tier.SECOND);
    float messages = newest == null ? Float.NaN : newest.mean()[Figure.SIGNAL_MESSAGES.ordinal()];
    return new JsonObject()
        .put("counts", counts)
        .put("messagesPerSecond", Float.isNaN(messages) ? 0 : (double) messages);
  }

  private Future<Answer> signaling(Call call) {
    call.allowParameters();
    return cluster
        .all("signaling", new JsonObject())
        .compose(
            found ->
                cluster
                    .all("rooms", new JsonObject())
                    .map(rooms -> Answer.json(200, signaling(found, rooms))));
  }

  private static JsonObject signaling(Gathered found, Gathered rooms) {
    Map<String, Long> sums = new TreeMap<>();
    double messages = 0;
    for (JsonObject part : found.byNode().values()) {
      messages += part.getDouble("messagesPerSecond", 0.0);
      for (Map.Entry<String, Object> count : part.getJsonObject("counts")) {
        sums.merge(count.getKey(), ((Number) count.getValue()).longValue(), Long::sum);
      }
    }
    JsonObject byProtocol = new JsonObject();
    sums.forEach(
        (name, count) -> {
          if (name.startsWith("connections.")) {
            byProtocol.put(name.substring("connections.".length()), count);
          }
        });
    JsonObject refused = new JsonObject();
    for (String reason :
        List.of("unauthorized", "forbidden", "rate_limited", "room_full", "bad_request")) {
      refused.put(reason, sums.getOrDefault(reason, 0L));
    }
    return new JsonObject()
        .put("peers", sums.getOrDefault("peers", 0L))
        .put("rooms", merged(rooms).size())
        .put("byProtocol", byProtocol)
        .put("messagesPerSecond", messages)
        .put(
            "resumes",
            new JsonObject()
                .put("resumed", sums.getOrDefault("resumed", 0L))
                .put("expired", sums.getOrDefault("resume_expired", 0L)))
        .put("refused", refused)
        .put("expired", sums.getOrDefault("expired", 0L))
        .put("coverage", found.coverage());
  }

  // ---- rooms

  private JsonObject rooms(String beginning) {
    JsonObject sizes = new JsonObject();
    for (LiveView.RoomInfo room : live.rooms()) {
      if (room.id().startsWith(beginning) && sizes.size() < ROOMS_MAX) {
        sizes.put(room.id(), room.members().size());
      }
    }
    return new JsonObject().put("rooms", sizes);
  }

  /** A room may have members on several nodes. */
  private static Map<String, Integer> merged(Gathered found) {
    Map<String, Integer> sizes = new TreeMap<>();
    for (JsonObject part : found.byNode().values()) {
      for (Map.Entry<String, Object> room : part.getJsonObject("rooms")) {
        sizes.merge(room.getKey(), ((Number) room.getValue()).intValue(), Integer::sum);
      }
    }
    return sizes;
  }

  private Future<Answer> rooms(Call call) {
    call.allowParameters("q", "cursor", "limit");
    int limit = call.limit();
    int from = (int) call.number("cursor", 0, 0, Integer.MAX_VALUE);
    JsonObject question = new JsonObject().put("q", call.parameter("q").orElse(""));
    return cluster
        .all("rooms", question)
        .map(
            found -> {
              List<Map.Entry<String, Integer>> all = new ArrayList<>(merged(found).entrySet());
              all.sort(
                  Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                      .thenComparing(Map.Entry.comparingByKey()));
              JsonArray rooms = new JsonArray();
              all.stream()
                  .skip(from)
                  .limit(limit)
                  .forEach(
                      room ->
                          rooms.add(
                              new JsonObject()
                                  .put("id", room.getKey())
                                  .put("peers", room.getValue())
                                  .put("protocol", "puente")));
              JsonObject json =
                  new JsonObject()
                      .put("rooms", rooms)
                      .put("total", all.size())
                      .put("coverage", found.coverage());
              return Answer.json(
                  200, from + limit < all.size() ? json.put("next", "" + (from + limit)) : json);
            });
  }

  private JsonObject room(String id) {
    JsonArray members = new JsonArray();
    for (LiveView.RoomInfo room : live.rooms()) {
      if (room.id().equals(id)) {
        for (LiveView.Member member : room.members()) {
          JsonObject json =
              new JsonObject()
                  .put("id", member.id())
                  .put("node", live.node())
                  .put("user", member.user())
                  .put("connected", member.connected());
          members.add(member.client().isEmpty() ? json : json.put("client", member.client()));
        }
      }
    }
    return new JsonObject().put("members", members);
  }

  private Future<Answer> room(Call call) {
    String id = call.name("room");
    return cluster
        .all("room", new JsonObject().put("id", id))
        .map(
            found -> {
              JsonArray members = new JsonArray();
              for (JsonObject part : found.byNode().values()) {
                part.getJsonArray("members").forEach(members::add);
              }
              return members.isEmpty()
                  ? Answer.problem(404, "Nobody is in such a room.")
                  : Answer.json(
                      200,
                      new JsonObject()
                          .put("id", id)
                          .put("peers", members.size())
                          .put("protocol", "puente")
                          .put("members", members));
            });
  }
}
