package puente.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.Optional;
import puente.admin.LiveView.PeerInfo;
import puente.admin.LiveView.Place;
import puente.admin.LiveView.Rates;
import puente.admin.LiveView.SessionFilter;
import puente.admin.LiveView.SessionInfo;
import puente.admin.LiveView.SessionPage;
import puente.admin.LiveView.SessionQuery;

/** Sessions and questions about them, as the API and the other nodes spell them. */
final class SessionJson {

  private SessionJson() {}

  static JsonObject of(SessionInfo session, String node) {
    Rates rates = session.rates();
    return new JsonObject()
        .put("id", session.id())
        .put("user", session.user())
        .put("realm", session.realm())
        .put("node", node)
        .put("state", session.isActive() ? "active" : "idle")
        .put("transport", session.transport())
        .put("client", session.client())
        .put("server", session.server())
        .put("relayed", new JsonArray(session.relayed()))
        .put("created", instant(session.createdMs()))
        .put("expires", instant(session.expiresMs()))
        .put("lifetimeSeconds", session.lifetimeSeconds())
        .put("permissions", session.permissions())
        .put("channels", session.channels())
        .put("bytesUp", session.bytesUp())
        .put("bytesDown", session.bytesDown())
        .put("packetsUp", session.packetsUp())
        .put("packetsDown", session.packetsDown())
        .put("upBytesPerSecond", rates.bytesUp())
        .put("downBytesPerSecond", rates.bytesDown())
        .put("upPacketsPerSecond", rates.packetsUp())
        .put("downPacketsPerSecond", rates.packetsDown());
  }

  static JsonObject of(PeerInfo peer) {
    JsonObject json = new JsonObject().put("address", peer.address());
    if (peer.channel() == 0) {
      return json.put("permissionEnds", instant(peer.expiresMs()))
          .put("bytesUp", peer.bytesUp())
          .put("bytesDown", peer.bytesDown());
    }
    return json.put("channel", String.format("0x%04X", peer.channel()))
        .put("channelEnds", instant(peer.expiresMs()));
  }

  static JsonObject of(SessionPage page, String node) {
    JsonArray list = new JsonArray();
    page.sessions().forEach(session -> list.add(of(session, node)));
    return new JsonObject()
        .put("sessions", list)
        .put("total", page.total())
        .put("matching", page.matching())
        .put("matchingActive", page.matchingActive());
  }

  static String instant(long ms) {
    return Instant.ofEpochMilli(ms).toString();
  }

  // ---- questions

  static JsonObject of(SessionFilter filter) {
    JsonObject json = new JsonObject();
    filter.user().ifPresent(value -> json.put("user", value));
    filter.client().ifPresent(value -> json.put("client", value));
    filter.transport().ifPresent(value -> json.put("transport", value));
    filter.peer().ifPresent(value -> json.put("peer", value));
    filter.state().ifPresent(value -> json.put("state", value));
    return json.put("minBytesPerSecond", filter.minBytesPerSecond())
        .put("minAgeSeconds", filter.minAgeSeconds());
  }

  static SessionFilter filter(JsonObject json) {
    return new SessionFilter(
        Optional.ofNullable(json.getString("user")),
        Optional.ofNullable(json.getString("client")),
        Optional.ofNullable(json.getString("transport")),
        Optional.ofNullable(json.getString("peer")),
        Optional.ofNullable(json.getString("state")),
        json.getLong("minBytesPerSecond", 0L),
        json.getLong("minAgeSeconds", 0L));
  }

  static JsonObject of(SessionQuery query) {
    JsonObject json =
        new JsonObject()
            .put("filter", of(query.filter()))
            .put("by", query.by())
            .put("descending", query.descending())
            .put("limit", query.limit());
    query.after().ifPresent(place -> json.put("after", of(place)));
    return json;
  }

  static SessionQuery query(JsonObject json) {
    return new SessionQuery(
        filter(json.getJsonObject("filter", new JsonObject())),
        json.getString("by", "created"),
        json.getBoolean("descending", false),
        Optional.ofNullable(json.getJsonArray("after")).map(SessionJson::place),
        json.getInteger("limit", 1));
  }

  private static JsonArray of(Place place) {
    return new JsonArray().add(place.value()).add(place.name()).add(place.id());
  }

  private static Place place(JsonArray json) {
    return new Place(json.getLong(0), json.getString(1), json.getString(2));
  }

  // ---- order

  /** How a list of this order goes, across nodes. */
  static Comparator<JsonObject> order(String by, boolean descending) {
    Comparator<JsonObject> order =
        Comparator.<JsonObject>comparingLong(session -> value(session, by))
            .thenComparing(session -> name(session, by));
    return (descending ? order.reversed() : order)
        .thenComparing(SessionJson::id, Arrays::compareUnsigned);
  }

  private static long value(JsonObject session, String by) {
    return switch (by) {
      case "created" -> ByteBuffer.wrap(id(session)).getLong();
      case "rate" ->
          session.getLong("upBytesPerSecond", 0L) + session.getLong("downBytesPerSecond", 0L);
      case "up" -> session.getLong("upBytesPerSecond", 0L);
      case "down" -> session.getLong("downBytesPerSecond", 0L);
      case "bytes" -> session.getLong("bytesUp", 0L) + session.getLong("bytesDown", 0L);
      default -> 0;
    };
  }

  private static String name(JsonObject session, String by) {
    return by.equals("user") ? session.getString("user", "") : "";
  }

  /** As the shards compare it: the time first, then the address; all of it unsigned. */
  private static byte[] id(JsonObject session) {
    byte[] bytes = Base64.getUrlDecoder().decode(session.getString("id", ""));
    return bytes.length < Long.BYTES ? new byte[Long.BYTES] : bytes;
  }

  /** The place of this session in such a list, for {@code cursor=}. */
  static String cursor(JsonObject session, String by, boolean descending) {
    String text =
        new JsonArray()
            .add((descending ? "-" : "") + by)
            .add(value(session, by))
            .add(name(session, by))
            .add(session.getString("id"))
            .encode();
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** What {@link #cursor} wrote, of a list in the same order. */
  static Place place(String cursor, String sort) {
    try {
      byte[] text = Base64.getUrlDecoder().decode(cursor);
      JsonArray json = new JsonArray(new String(text, StandardCharsets.UTF_8));
      if (json.size() == 4 && sort.equals(json.getString(0))) {
        return new Place(json.getLong(1), json.getString(2), json.getString(3));
      }
    } catch (RuntimeException notOurs) {
      // Said below.
    }
    throw new IllegalArgumentException("cursor: the next of a page before, of the same sort.");
  }
}
