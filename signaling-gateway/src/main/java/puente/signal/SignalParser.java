package puente.signal;

import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what clients of {@code puente.v1} say. Every text and object has a bound. */
final class SignalParser {
  static final int ID_LENGTH_MAX = 64;
  static final int ROOM_LENGTH_MAX = 128;
  static final int TOKEN_LENGTH_MAX = 8192;

  /** Of what a peer says about itself: everybody in the room is told. */
  static final int META_BYTES_MAX = 4096;

  /** Browsers send a candidate line of some hundred bytes; a batch holds all of an interface. */
  private static final int CANDIDATES_MAX = 64;

  private static final Set<String> DESCRIPTIONS = Set.of("offer", "answer", "pranswer", "rollback");

  /** A message that cannot be carried out. */
  static final class Refused extends Exception {
    @Serial private static final long serialVersionUID = 1;

    private final transient Signal.Failure failure;
    private final boolean isHopeless;

    private Refused(Signal.Failure failure, boolean isHopeless) {
      super(failure.message(), null, false, false);
      this.failure = failure;
      this.isHopeless = isHopeless;
    }

    Signal.Failure failure() {
      return failure;
    }

    /** Whether the client speaks another language altogether. */
    boolean isHopeless() {
      return isHopeless;
    }
  }

  private final Map<String, @Nullable Object> frame;
  private final Map<String, @Nullable Object> data;
  private @Nullable String id;

  private SignalParser(Map<String, @Nullable Object> frame) throws Refused {
    this.frame = frame;
    id = text("id", ID_LENGTH_MAX);
    Object d = frame.get("d");
    if (d != null && !(d instanceof Map)) {
      throw refuse("d is not an object");
    }
    data = d instanceof Map<?, ?> map ? Json.checked(map) : Map.of();
  }

  static Signal.FromClient parse(String text) throws Refused {
    Map<String, @Nullable Object> frame;
    try {
      frame = Json.object(text);
    } catch (Json.Malformed malformed) {
      throw new Refused(new Signal.Failure(null, Signal.Code.BAD_REQUEST, malformed.why()), true);
    }
    return new SignalParser(frame).message();
  }

  private Signal.FromClient message() throws Refused {
    String type = text("t", ID_LENGTH_MAX);
    return switch (type == null ? "" : type) {
      case "hello" -> hello();
      case "join" -> new Signal.Join(id, room(), about(data, "meta"), about(data, "presence"));
      case "leave" -> new Signal.Leave(id, room());
      case "msg" -> send();
      case "presence" -> new Signal.Presence(id, room(), about(data, "presence"));
      case "list" -> new Signal.ListPeers(id, room());
      case "ice" -> new Signal.AskIce(id);
      case "kick" -> new Signal.Kick(id, room(), required("to"));
      case "bye" -> new Signal.Bye(id);
      case "ping" -> new Signal.Ping(id);
      default -> throw refuse("t is none of the types of puente.v1");
    };
  }

  private Signal.Hello hello() throws Refused {
    return new Signal.Hello(
        id,
        text(data, "token", TOKEN_LENGTH_MAX),
        text(data, "peerId", ID_LENGTH_MAX),
        about(data, "meta"),
        resume());
  }

  private Signal.@Nullable Resume resume() throws Refused {
    Object resume = data.get("resume");
    if (resume == null) {
      return null;
    }
    if (!(resume instanceof Map<?, ?> map)) {
      throw refuse("resume is not an object");
    }
    Map<String, @Nullable Object> fields = Json.checked(map);
    String sid = text(fields, "sid", ID_LENGTH_MAX);
    String key = text(fields, "key", ID_LENGTH_MAX);
    if (sid == null || key == null) {
      throw refuse("resume needs sid and key");
    }
    return new Signal.Resume(sid, key, number(fields, "lastSeq"));
  }

  private Signal.Send send() throws Refused {
    Object echo = frame.get("echo");
    if (echo != null && !(echo instanceof Boolean)) {
      throw refuse("echo is not true or false");
    }
    checkKind();
    String to = text("to", ID_LENGTH_MAX);
    String room = room();
    return new Signal.Send(id, room, to, echo == Boolean.TRUE, new Json.Raw(Json.write(data)));
  }

  /** What peers tell each other is theirs; but what is not WebRTC must not look like it. */
  private void checkKind() throws Refused {
    String kind = text(data, "k", ID_LENGTH_MAX);
    number(data, "neg");
    switch (kind) {
      case null -> {}
      case "app", "bye", "restart" -> {}
      case "description" -> checkDescription();
      case "candidate" -> checkCandidate(data.get("candidate"));
      case "candidates" -> {
        if (!(data.get("candidates") instanceof List<?> list) || list.size() > CANDIDATES_MAX) {
          throw refuse("candidates is not a list of at most " + CANDIDATES_MAX);
        }
        for (Object one : list) {
          checkCandidate(one);
        }
      }
      default -> throw refuse("k is none of the kinds of puente.v1");
    }
  }

  private void checkDescription() throws Refused {
    if (!(data.get("description") instanceof Map<?, ?> map)) {
      throw refuse("description is not an object");
    }
    Map<String, @Nullable Object> description = Json.checked(map);
    Object sdp = description.get("sdp");
    boolean isSdp = sdp == null || sdp instanceof String;
    if (!(description.get("type") instanceof String type)
        || !DESCRIPTIONS.contains(type)
        || !isSdp) {
      throw refuse("description is not an RTCSessionDescriptionInit");
    }
  }

  /** Null is the end of the candidates. */
  private void checkCandidate(@Nullable Object candidate) throws Refused {
    if (candidate instanceof Map<?, ?> map && map.get("candidate") instanceof String) {
      return;
    }
    if (candidate != null) {
      throw refuse("candidate is not an RTCIceCandidateInit");
    }
  }

  /** What somebody says of himself: any object, but a small one. */
  private Map<String, @Nullable Object> about(Map<String, @Nullable Object> in, String name)
      throws Refused {
    Object value = in.get(name);
    if (value == null) {
      return Map.of();
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw refuse(name + " is not an object");
    }
    if (Json.write(map).getBytes(StandardCharsets.UTF_8).length > META_BYTES_MAX) {
      throw new Refused(
          new Signal.Failure(
              id,
              Signal.Code.MESSAGE_TOO_LARGE,
              name + " has more than " + META_BYTES_MAX + " bytes"),
          false);
    }
    return Json.checked(map);
  }

  private String room() throws Refused {
    String room = text("room", ROOM_LENGTH_MAX);
    if (room == null || room.isEmpty()) {
      throw refuse("room is missing");
    }
    return room;
  }

  private String required(String name) throws Refused {
    String value = text(name, ID_LENGTH_MAX);
    if (value == null) {
      throw refuse(name + " is missing");
    }
    return value;
  }

  private @Nullable String text(String name, int max) throws Refused {
    return text(frame, name, max);
  }

  private @Nullable String text(Map<String, @Nullable Object> in, String name, int max)
      throws Refused {
    Object value = in.get(name);
    if (value == null) {
      return null;
    }
    if (!(value instanceof String text) || text.length() > max) {
      throw refuse(name + " is not a text of at most " + max + " characters");
    }
    if (text.codePoints().anyMatch(SignalParser::isUnsafe)) {
      throw refuse(name + " holds control characters");
    }
    return text;
  }

  /** Controls, line and paragraph separators, bidirectional overrides, lone surrogates. */
  private static boolean isUnsafe(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      default -> false;
    };
  }

  private long number(Map<String, @Nullable Object> in, String name) throws Refused {
    Object value = in.get(name);
    if (value == null) {
      return 0;
    }
    if (!(value instanceof Long number) || number < 0) {
      throw refuse(name + " is not a whole number from 0");
    }
    return number;
  }

  private Refused refuse(String why) {
    return new Refused(new Signal.Failure(id, Signal.Code.BAD_REQUEST, why), false);
  }
}
