package puente.admin;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;

/**
 * How far a reader has come in the log of each node: {@code RUN.SEQ}, since lines are counted anew when
 * a node starts again. A bare number is a line of the node that is asked.
 */
final class LogPlaces {

  private static final int TEXT_MAX = 6000;
  private static final String PLACE = "([0-9a-z]{1,12}\\.)?[0-9]{1,18}";

  private final JsonObject byNode;

  private LogPlaces(JsonObject byNode) {
    this.byNode = byNode;
  }

  static LogPlaces none() {
    return new LogPlaces(new JsonObject());
  }

  /**
   * What an answer before gave, or the number of a line.
   *
   * @throws IllegalArgumentException if it is neither
   */
  static LogPlaces read(String text, String own) {
    if (text.matches("[0-9]{1,18}")) {
      return new LogPlaces(new JsonObject().put(own, text));
    }
    try {
      if (text.length() <= TEXT_MAX) {
        byte[] json = Base64.getUrlDecoder().decode(text);
        JsonObject byNode = new JsonObject(new String(json, StandardCharsets.UTF_8));
        if (byNode.stream().allMatch(one -> String.valueOf(one.getValue()).matches(PLACE))) {
          return new LogPlaces(byNode);
        }
      }
    } catch (IllegalArgumentException | DecodeException | ClassCastException notOurs) {
      // Said below.
    }
    throw new IllegalArgumentException("after: the next of an answer before, or a line's number.");
  }

  String text() {
    byte[] json = byNode.encode().getBytes(StandardCharsets.UTF_8);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(json);
  }

  JsonObject json() {
    return byNode.copy();
  }

  /** Takes over how far these answers go. */
  void move(Map<String, JsonObject> answerByNode) {
    answerByNode.forEach((node, answer) -> byNode.put(node, answer.getString("place")));
  }

  /**
   * The line that a place stands for.
   *
   * @return 0 if it is of a former run: all of this one's are new
   */
  static long line(String place, String run) {
    int dot = place.indexOf('.');
    return dot < 0 || place.substring(0, dot).equals(run)
        ? Long.parseLong(place.substring(dot + 1))
        : 0;
  }
}
