package puente.admin;

import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import puente.admin.access.Caller;

/**
 * One request to the API, past the gate. What is wrong with it is thrown as an {@link
 * IllegalArgumentException} with a sentence for the caller, and becomes a 400.
 *
 * @param names the values of the names in the route's path, decoded
 */
record Call(HttpServerRequest request, Caller caller, Map<String, String> names, Buffer body) {

  private static final int REASON_MAX = 200;
  private static final int LIMIT = 100;
  private static final int LIMIT_MAX = 1000;

  /** A part of the path. */
  String name(String name) {
    return Objects.requireNonNull(names.get(name), name);
  }

  /** A parameter of the query; one that is empty is not there. */
  Optional<String> parameter(String name) {
    List<String> values = parameters().getAll(name);
    if (values.size() > 1) {
      throw new IllegalArgumentException(name + " is there twice.");
    }
    return values.stream().findFirst().filter(value -> !value.isEmpty());
  }

  /** Refuses every other parameter, so that no misspelt filter answers with everything. */
  void allowParameters(String... allowed) {
    for (String name : parameters().names()) {
      if (!Set.of(allowed).contains(name)) {
        throw new IllegalArgumentException(
            "The query knows "
                + (allowed.length == 0 ? "nothing." : String.join(", ", allowed) + "."));
      }
    }
  }

  /** A whole number of the query. */
  long number(String name, long fallback, long min, long max) {
    Optional<String> text = parameter(name);
    if (text.isEmpty()) {
      return fallback;
    }
    if (text.get().matches("[0-9]{1,15}")) {
      long number = Long.parseLong(text.get());
      if (number >= min && number <= max) {
        return number;
      }
    }
    throw new IllegalArgumentException(name + ": from " + min + " to " + max + ".");
  }

  /** How many rows a page has. */
  int limit() {
    return (int) number("limit", LIMIT, 1, LIMIT_MAX);
  }

  /** The body, a JSON object with these words at most; without a body, an empty one. */
  JsonObject words(String... allowed) {
    if (body.length() == 0) {
      return new JsonObject();
    }
    JsonObject words;
    try {
      words = new JsonObject(body);
    } catch (DecodeException | ClassCastException notJson) {
      throw new IllegalArgumentException("The body is not a JSON object.", notJson);
    }
    for (String word : words.fieldNames()) {
      if (!Set.of(allowed).contains(word)) {
        throw new IllegalArgumentException("The body knows " + String.join(", ", allowed) + ".");
      }
    }
    return words;
  }

  /** What the body gives as the reason; empty without one. */
  static String reason(JsonObject words) {
    return text(words, "reason", 0, REASON_MAX).orElse("");
  }

  /** A text of the body. */
  static Optional<String> text(JsonObject words, String name, int min, int max) {
    Object value = words.getValue(name);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof String text && text.length() >= min && text.length() <= max) {
      return Optional.of(text);
    }
    throw new IllegalArgumentException(
        name
            + ": text, "
            + (min == 0 ? "at most " : "from " + min + " to ")
            + max
            + " characters.");
  }

  /** A text that the body must have. */
  static String neededText(JsonObject words, String name, int min, int max) {
    return text(words, name, min, max)
        .orElseThrow(() -> new IllegalArgumentException("The body needs " + name + "."));
  }

  /** A whole number of the body. */
  static Optional<Integer> number(JsonObject words, String name, int min, int max) {
    Object value = words.getValue(name);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof Integer number && number >= min && number <= max) {
      return Optional.of(number);
    }
    throw new IllegalArgumentException(name + ": a whole number from " + min + " to " + max + ".");
  }

  private MultiMap parameters() {
    try {
      return request.params();
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException("The query is wrongly encoded.", wrong);
    }
  }
}
