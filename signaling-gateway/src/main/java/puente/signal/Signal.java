package puente.signal;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The messages of {@code puente.v1}, one record each; docs/SIGNALING.md tells what they mean. On the
 * wire a message is {@code {"t":type,"id","re","room","from","to","seq","d":{...}}}, and names it
 * does not need are left out.
 */
public sealed interface Signal {

  /** What clients say. */
  sealed interface FromClient extends Signal {
    /** The client's number for it, which the answer names; null asks for no answer. */
    @Nullable String id();
  }

  /** What the server says. */
  sealed interface ToClient extends Signal {
    /** As JSON; {@code seq} 0 is none. */
    String text(long seq);
  }

  /** Why a request failed, with the code for a connection that ends for it. */
  enum Code {
    BAD_REQUEST(4000),
    UNAUTHORIZED(4001),
    TOKEN_EXPIRED(4001),
    FORBIDDEN(4003),
    ROOM_FULL(4030),
    ROOM_NOT_FOUND(4000),
    PEER_UNAVAILABLE(4000),
    ID_TAKEN(4003),
    MESSAGE_TOO_LARGE(4013),
    RATE_LIMITED(4029),
    RESUME_EXPIRED(4000),
    SERVER_DRAINING(1012),
    INTERNAL(1011);

    private final int closeCode;

    Code(int closeCode) {
      this.closeCode = closeCode;
    }

    int closeCode() {
      return closeCode;
    }

    /** As it is written: {@code peer-unavailable}. */
    String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Why a peer is not in a room any more. */
  enum Reason {
    LEFT,
    TIMEOUT,
    KICKED,
    DRAIN;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  // From clients

  record Resume(String sid, String key, long lastSeq) {}

  record Hello(
      @Nullable String id,
      @Nullable String token,
      @Nullable String peerId,
      Map<String, @Nullable Object> meta,
      @Nullable Resume resume)
      implements FromClient {
    /** Without the token. */
    @Override
    public String toString() {
      return "Hello[" + peerId + "]";
    }
  }

  record Join(
      @Nullable String id,
      String room,
      Map<String, @Nullable Object> meta,
      Map<String, @Nullable Object> presence)
      implements FromClient {}

  record Leave(@Nullable String id, String room) implements FromClient {}

  /**
   * To one peer, or to everybody in the room.
   *
   * @param to null for everybody
   * @param echo whether the sender, too, is somebody
   */
  record Send(@Nullable String id, String room, @Nullable String to, boolean echo, Json.Raw d)
      implements FromClient {}

  record Presence(@Nullable String id, String room, Map<String, @Nullable Object> presence)
      implements FromClient {}

  record ListPeers(@Nullable String id, String room) implements FromClient {}

  record AskIce(@Nullable String id) implements FromClient {}

  record Kick(@Nullable String id, String room, String to) implements FromClient {}

  record Bye(@Nullable String id) implements FromClient {}

  record Ping(@Nullable String id) implements FromClient {}

  // To clients

  /**
   * Somebody in a room.
   *
   * @param polite whether this peer, not the reader, gives way when two offers cross
   */
  record Peer(
      String id,
      Map<String, @Nullable Object> meta,
      Map<String, @Nullable Object> presence,
      boolean polite) {
    Map<String, @Nullable Object> json() {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      json.put("id", id);
      json.put("meta", meta);
      json.put("presence", presence);
      json.put("polite", polite);
      return json;
    }
  }

  /** A list of ICE servers and how long its credential is good. */
  record IceList(List<Map<String, Object>> servers, long ttlSeconds, long refreshAfterSeconds) {}

  record Welcome(
      @Nullable String re,
      String sid,
      String peerId,
      String resumeKey,
      long resumeWindowMs,
      long heartbeatMs,
      int maxBytes,
      boolean resumed,
      IceList ice,
      String server)
      implements ToClient {
    @Override
    public String text(long seq) {
      Map<String, @Nullable Object> d = new LinkedHashMap<>();
      d.put("sid", sid);
      d.put("peerId", peerId);
      d.put("resumeKey", resumeKey);
      d.put("resumeWindowMs", resumeWindowMs);
      d.put("heartbeatMs", heartbeatMs);
      d.put("maxBytes", maxBytes);
      d.put("resumed", resumed);
      d.put("iceServers", ice.servers);
      d.put("iceTtl", ice.ttlSeconds);
      d.put("server", server);
      return new Frame("welcome").re(re).seq(seq).text(d);
    }

    /** Without the keys. */
    @Override
    public String toString() {
      return "Welcome[" + peerId + "]";
    }
  }

  record Joined(@Nullable String re, String room, String self, List<Peer> peers)
      implements ToClient {
    @Override
    public String text(long seq) {
      Map<String, @Nullable Object> d = new LinkedHashMap<>();
      d.put("self", self);
      d.put("peers", peers.stream().map(Peer::json).toList());
      return new Frame("joined").re(re).room(room).seq(seq).text(d);
    }
  }

  /** The answer to {@link ListPeers}. */
  record Peers(@Nullable String re, String room, List<Peer> peers) implements ToClient {
    @Override
    public String text(long seq) {
      List<Map<String, @Nullable Object>> all = new ArrayList<>();
      peers.forEach(peer -> all.add(peer.json()));
      return new Frame("peers").re(re).room(room).seq(seq).text(Map.of("peers", all));
    }
  }

  record PeerJoined(String room, Peer peer) implements ToClient {
    @Override
    public String text(long seq) {
      return new Frame("peer.joined").room(room).seq(seq).text(peer.json());
    }
  }

  record PeerUpdated(String room, Peer peer) implements ToClient {
    @Override
    public String text(long seq) {
      return new Frame("peer.updated").room(room).seq(seq).text(peer.json());
    }
  }

  record PeerLeft(String room, String peerId, Reason reason) implements ToClient {
    @Override
    public String text(long seq) {
      return new Frame("peer.left")
          .room(room)
          .seq(seq)
          .text(Map.of("id", peerId, "reason", reason.text()));
    }
  }

  record Message(String room, String from, Json.Raw d) implements ToClient {
    @Override
    public String text(long seq) {
      return new Frame("msg").from(from).room(room).seq(seq).text(d);
    }
  }

  /**
   * A request was carried out.
   *
   * @param delivered to so many that are connected
   * @param queued for so many that may come back
   */
  record Ack(@Nullable String re, int delivered, int queued) implements ToClient {
    @Override
    public String text(long seq) {
      Map<String, Object> d = new LinkedHashMap<>();
      d.put("delivered", delivered);
      d.put("queued", queued);
      return new Frame("ack").re(re).seq(seq).text(d);
    }
  }

  record Ice(@Nullable String re, IceList ice) implements ToClient {
    @Override
    public String text(long seq) {
      Map<String, Object> d = new LinkedHashMap<>();
      d.put("iceServers", ice.servers);
      d.put("ttl", ice.ttlSeconds);
      return new Frame("ice").re(re).seq(seq).text(d);
    }
  }

  /**
   * The client is to connect anew.
   *
   * @param reconnect where; null is the same address
   */
  record GoAway(String reason, long afterMs, @Nullable String reconnect, boolean resume)
      implements ToClient {
    /** The same to one node; null leaves the choice to the client. */
    GoAway to(@Nullable String url) {
      return new GoAway(reason, afterMs, url, resume);
    }

    @Override
    public String text(long seq) {
      Map<String, @Nullable Object> d = new LinkedHashMap<>();
      d.put("reason", reason);
      d.put("afterMs", afterMs);
      if (reconnect != null) {
        d.put("reconnect", reconnect);
      }
      d.put("resume", resume);
      return new Frame("goaway").seq(seq).text(d);
    }
  }

  record Failure(@Nullable String re, Code code, String message, long retryAfterMs)
      implements ToClient {
    Failure(@Nullable String re, Code code, String message) {
      this(re, code, message, 0);
    }

    boolean isRetryable() {
      return switch (code) {
        case RATE_LIMITED, SERVER_DRAINING, INTERNAL, TOKEN_EXPIRED, ROOM_FULL -> true;
        case BAD_REQUEST,
            UNAUTHORIZED,
            FORBIDDEN,
            ROOM_NOT_FOUND,
            PEER_UNAVAILABLE,
            ID_TAKEN,
            MESSAGE_TOO_LARGE,
            RESUME_EXPIRED ->
            false;
      };
    }

    @Override
    public String text(long seq) {
      Map<String, Object> d = new LinkedHashMap<>();
      d.put("code", code.text());
      d.put("message", message);
      d.put("retryable", isRetryable());
      d.put("retryAfterMs", retryAfterMs);
      d.put("docs", "/signal/errors#" + code.text());
      return new Frame("error").re(re).seq(seq).text(d);
    }
  }

  record Pong(@Nullable String re) implements ToClient {
    @Override
    public String text(long seq) {
      return new Frame("pong").re(re).seq(seq).text();
    }
  }

  /** A message that was written on another node, without its number. */
  record Again(String text) implements ToClient {
    @Override
    public String text(long seq) {
      if (seq == 0) {
        return text;
      }
      try {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>(Json.object(text));
        Object d = fields.remove("d");
        fields.put("seq", seq);
        fields.put("d", d == null ? Map.of() : d);
        return Json.write(fields);
      } catch (Json.Malformed impossible) {
        throw new IllegalStateException("a node wrote what is not JSON", impossible);
      }
    }
  }

  /** The envelope, in the order in which it is written. */
  final class Frame {
    private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();

    Frame(String type) {
      fields.put("t", type);
    }

    Frame re(@Nullable String id) {
      return put("re", id);
    }

    Frame from(String peerId) {
      return put("from", peerId);
    }

    Frame room(String name) {
      return put("room", name);
    }

    Frame seq(long number) {
      return put("seq", number == 0 ? null : number);
    }

    String text(Object d) {
      fields.put("d", d);
      return text();
    }

    String text() {
      return Json.write(fields);
    }

    private Frame put(String name, @Nullable Object value) {
      if (value != null) {
        fields.put(name, value);
      }
      return this;
    }
  }
}
