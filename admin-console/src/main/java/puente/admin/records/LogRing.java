package puente.admin.records;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The last lines of the log. Writers are any threads and wait for nobody but each other; readers come
 * with the number of the line they know. A line that is overwritten before it was read is missed, and
 * its number says so.
 */
public final class LogRing {

  /** A few megabytes at most, and minutes of a busy log. */
  public static final int LINES_MAX = 2000;

  static final int TEXT_MAX = 2000;
  private static final int FIELDS_MAX = 30;

  /** How loud, in ascending order of detail. */
  public enum Level {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<Level> ofWord(String word) {
      for (Level level : values()) {
        if (level.word().equals(word)) {
          return Optional.of(level);
        }
      }
      return Optional.empty();
    }
  }

  /**
   * A line.
   *
   * @param seq counts from 1 at the start of the process
   * @param component the logger
   * @param exception its name, words and places; null for most
   */
  public record Line(
      long seq,
      long timeMs,
      Level level,
      String component,
      String message,
      Map<String, String> fields,
      @Nullable String exception) {

    /** Whether the text is anywhere in it, in any case. */
    public boolean contains(String text) {
      String wanted = text.toLowerCase(Locale.ROOT);
      return has(message, wanted)
          || has(component, wanted)
          || exception != null && has(exception, wanted)
          || fields.entrySet().stream()
              .anyMatch(field -> has(field.getKey() + "=" + field.getValue(), wanted));
    }

    private static boolean has(String text, String wanted) {
      return text.toLowerCase(Locale.ROOT).contains(wanted);
    }
  }

  /**
   * What a reader gets.
   *
   * @param lines the oldest first
   * @param lost lines that were overwritten before this reader came
   * @param last the number to come back with
   */
  public record Reading(List<Line> lines, long lost, long last) {}

  private final @Nullable Line[] lines = new @Nullable Line[LINES_MAX];
  private final Consumer<Line> onLine;
  private long last;

  public LogRing() {
    this(line -> {});
  }

  /**
   * @param onLine told of each line, in order; returns at once
   */
  public LogRing(Consumer<Line> onLine) {
    this.onLine = onLine;
  }

  public synchronized void add(
      long timeMs,
      Level level,
      String component,
      String message,
      Map<String, String> fields,
      @Nullable String exception) {
    Map<String, String> bounded = new LinkedHashMap<>();
    for (Map.Entry<String, String> field : fields.entrySet()) {
      if (bounded.size() < FIELDS_MAX) {
        bounded.put(bounded(field.getKey()), bounded(field.getValue()));
      }
    }
    last++;
    Line line =
        new Line(
            last,
            timeMs,
            level,
            component,
            bounded(message),
            Collections.unmodifiableMap(bounded),
            exception == null ? null : bounded(exception));
    lines[(int) (last % LINES_MAX)] = line;
    onLine.accept(line);
  }

  /** The newest lines that are wanted. */
  public synchronized Reading newest(Predicate<Line> wanted, long after, int limit) {
    List<Line> found = new ArrayList<>();
    for (long seq = last; seq > Math.max(after, last - LINES_MAX) && found.size() < limit; seq--) {
      Line line = lines[(int) (seq % LINES_MAX)];
      if (line != null && wanted.test(line)) {
        found.add(line);
      }
    }
    return new Reading(found.reversed(), 0, last);
  }

  /** What came after a line, as much as a reader takes at a time. */
  public synchronized Reading after(long known, Predicate<Line> wanted, int limit) {
    long oldest = Math.max(0, last - LINES_MAX);
    long lost = Math.max(0, oldest - known);
    List<Line> found = new ArrayList<>();
    long seq = Math.max(known, oldest);
    while (seq < last && found.size() < limit) {
      seq++;
      Line line = lines[(int) (seq % LINES_MAX)];
      if (line != null && wanted.test(line)) {
        found.add(line);
      }
    }
    return new Reading(found, lost, seq);
  }

  public synchronized int size() {
    return (int) Math.min(last, LINES_MAX);
  }

  private static String bounded(String text) {
    return text.length() <= TEXT_MAX ? text : text.substring(0, TEXT_MAX) + "…";
  }
}
