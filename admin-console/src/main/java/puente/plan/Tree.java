package puente.plan;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parsed JSON, of which each complaint names the place. */
record Tree(String path, @Nullable Object value) {
  /** What a complaint shows of a name that somebody sent. */
  private static final int NAME_SHOWN = 60;

  Tree at(String name) {
    return new Tree(path.isEmpty() ? name : path + "." + name, object().get(name));
  }

  boolean isGiven() {
    return value != null;
  }

  @SuppressWarnings("unchecked") // The keys of parsed JSON are texts.
  Map<String, @Nullable Object> object() {
    if (value == null) {
      return Map.of();
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw new BadInput(path.isEmpty() ? "request" : path, "must be an object");
    }
    return (Map<String, @Nullable Object>) map;
  }

  /** Of what a name is not known, nothing is kept: a mistyped field must not be ignored. */
  Tree only(Set<String> names) {
    for (String name : object().keySet()) {
      if (!names.contains(name)) {
        throw new BadInput(new Tree(path, Map.of()).at(shown(name)).path, "is not a known field");
      }
    }
    return this;
  }

  List<Tree> list(int max) {
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list)) {
      throw new BadInput(path, "must be a list");
    }
    BadInput.within(path, list.size(), 0, max);
    List<Tree> trees = new ArrayList<>();
    for (Object one : list) {
      trees.add(new Tree(path + "[" + trees.size() + "]", one));
    }
    return trees;
  }

  double number() {
    if (!(value instanceof Number number)) {
      throw new BadInput(path, value == null ? "is missing" : "must be a number");
    }
    return number.doubleValue();
  }

  double number(double fallback) {
    return value == null ? fallback : number();
  }

  String text() {
    if (!(value instanceof String text)) {
      throw new BadInput(path, value == null ? "is missing" : "must be a text");
    }
    return text;
  }

  String text(String fallback) {
    return value == null ? fallback : text();
  }

  boolean bool(boolean fallback) {
    if (value == null) {
      return fallback;
    }
    if (!(value instanceof Boolean bool)) {
      throw new BadInput(path, "must be true or false");
    }
    return bool;
  }

  LocalDate date() {
    try {
      return LocalDate.parse(text());
    } catch (DateTimeException notOne) {
      throw new BadInput(path, "must be a date such as 2026-11-20");
    }
  }

  static String shown(String name) {
    String safe = name.replaceAll("[^\\w.-]", "?");
    return safe.length() <= NAME_SHOWN ? safe : safe.substring(0, NAME_SHOWN) + "...";
  }
}
