package puente.admin;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Judges what a node measures, once a second: an alert opens when a figure has been beyond its
 * threshold for a while, and ends when it has been well below for a while. Between the two nothing
 * changes, so that a figure at the threshold does not ring all night. For one loop.
 */
public final class Alerts {

  /** Ended ones are told for so long, to those who ask once a second. */
  private static final long TOLD_MS = 60_000;

  private static final int ENDED_MAX = 200;
  private static final int OPEN_MAX = 500;

  /**
   * When something is worth a look.
   *
   * @param on opens at this value or above, after {@code onSeconds} in a row
   * @param off ends below this value, after {@code offSeconds} in a row
   * @param text what is so, given the value
   */
  public record Rule(
      String name,
      String severity,
      double on,
      double off,
      int onSeconds,
      int offSeconds,
      String page,
      DoubleFunction<String> text,
      String advice) {

    public Rule {
      if (!(off <= on) || onSeconds < 1 || offSeconds < 1) {
        throw new IllegalArgumentException(name + ": ends above where it opens");
      }
    }

    /** The same with another advice. */
    Rule advising(String other) {
      return new Rule(name, severity, on, off, onSeconds, offSeconds, page, text, other);
    }
  }

  /** How long a figure has been on which side. */
  private static final class Watch {
    private int beyond;
    private int below;
  }

  private final EventLog events;
  private final Map<String, Watch> watches = new HashMap<>();
  private final Map<String, Alert> open = new TreeMap<>();
  private final Deque<Alert> ended = new ArrayDeque<>();

  /**
   * @param events where it is written down
   */
  public Alerts(EventLog events) {
    this.events = events;
  }

  /**
   * Called once a second for each figure that a rule is about.
   *
   * @param node that it is about
   * @param value NaN if it is not known: nothing changes then
   */
  public void judge(Rule rule, String node, double value, long nowMs) {
    if (Double.isNaN(value)) {
      return;
    }
    String key = key(rule.name, node);
    Watch watch = watches.computeIfAbsent(key, any -> new Watch());
    watch.beyond = value >= rule.on ? watch.beyond + 1 : 0;
    watch.below = value < rule.off ? watch.below + 1 : 0;
    if (watch.beyond >= rule.onSeconds && !open.containsKey(key)) {
      Alert alert =
          new Alert(
              key,
              rule.severity,
              node,
              rule.text.apply(value),
              rule.advice,
              rule.page.replace("{node}", node),
              nowMs,
              0);
      raise(alert);
      write(nowMs, alert, rule.severity, alert.text() + ". " + alert.advice());
    } else if (watch.below >= rule.offSeconds && open.containsKey(key)) {
      write(nowMs, open.get(key), "ok", "No longer: " + open.get(key).text());
      end(key, nowMs);
    }
  }

  private void write(long nowMs, @Nullable Alert alert, String severity, String text) {
    if (alert != null) {
      events.add(nowMs, "alert", severity, alert.node(), text, "");
    }
  }

  /** Opens what is no figure but a fact, written down by others; not twice. */
  public void raise(Alert alert) {
    if (open.size() < OPEN_MAX) {
      open.putIfAbsent(alert.key(), alert);
    }
  }

  /** Ends what is open by this key, if anything is. */
  public void end(String key, long nowMs) {
    Alert alert = open.remove(key);
    if (alert != null) {
      ended.addFirst(alert.ended(nowMs));
      while (ended.size() > ENDED_MAX) {
        ended.removeLast();
      }
    }
  }

  /** Ends all that are open by such keys. */
  public void endAll(Predicate<String> keys, long nowMs) {
    for (String key : List.copyOf(open.keySet())) {
      if (keys.test(key)) {
        end(key, nowMs);
      }
    }
  }

  boolean isOpen(Rule rule, String node) {
    return open.containsKey(key(rule.name, node));
  }

  public static String key(String rule, String node) {
    return rule + ":" + node;
  }

  /** The open ones, and those that ended within a minute, the newest of these first. */
  List<Alert> told(long nowMs) {
    List<Alert> told = new ArrayList<>(open.values());
    ended.stream().filter(alert -> alert.endedMs() > nowMs - TOLD_MS).forEach(told::add);
    return told;
  }
}
