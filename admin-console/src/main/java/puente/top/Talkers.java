package puente.top;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who causes most, lately: one sketch for each kind of who and of what, and for each step of a
 * window. For one thread.
 */
public final class Talkers {

  /** Who. */
  public enum By {
    USER,
    CLIENT,
    PEER,
    REALM,
    /** Who is refused for what. */
    REFUSED
  }

  /** What is summed up. */
  public enum Metric {
    EGRESS,
    PPS,
    ALLOCS,
    ERRORS
  }

  /** Counters of one sketch. */
  public static final int COUNTERS = 256;

  /** Windows are made of these: so many minutes, then so many of five. */
  private static final long MINUTE_MS = 60_000;

  private static final int MINUTES = 6;
  private static final long FIVE_MS = 5 * MINUTE_MS;
  private static final int FIVES = 13;

  /**
   * The greatest, and of how much.
   *
   * @param missedMax what a key that is not here may have at most
   */
  public record Top(List<SpaceSaving.Count> counts, long total, long missedMax, long windowMs) {}

  private record Step(long number, SpaceSaving sketch) {}

  private static final class Line {
    private final Deque<Step> minutes = new ArrayDeque<>();
    private final Deque<Step> fives = new ArrayDeque<>();

    void add(String key, long weight, long nowMs) {
      step(minutes, nowMs / MINUTE_MS, MINUTES).add(key, weight);
      step(fives, nowMs / FIVE_MS, FIVES).add(key, weight);
    }

    private static SpaceSaving step(Deque<Step> steps, long number, int most) {
      Step last = steps.peekLast();
      if (last == null || number > last.number) {
        last = new Step(number, new SpaceSaving(COUNTERS));
        steps.add(last);
        while (steps.size() > most || steps.getFirst().number <= number - most) {
          steps.remove();
        }
      }
      return last.sketch;
    }
  }

  private final Map<By, Map<Metric, Line>> lines = new EnumMap<>(By.class);
  private long sinceMs = Long.MAX_VALUE;

  public void add(By by, Metric metric, String key, long weight, long nowMs) {
    sinceMs = Math.min(sinceMs, nowMs);
    line(by, metric).add(key, weight, nowMs);
  }

  private Line line(By by, Metric metric) {
    return lines
        .computeIfAbsent(by, any -> new EnumMap<>(Metric.class))
        .computeIfAbsent(metric, any -> new Line());
  }

  /** The greatest of the last so many milliseconds; the step that has just begun is in it. */
  public Top top(By by, Metric metric, long windowMs, long nowMs) {
    Line line = line(by, metric);
    boolean byMinutes = windowMs <= (MINUTES - 1) * MINUTE_MS;
    long stepMs = byMinutes ? MINUTE_MS : FIVE_MS;
    long first = Math.floorDiv(nowMs - windowMs, stepMs) + (windowMs % stepMs == 0 ? 1 : 0);
    if (nowMs % stepMs < stepMs / 2) {
      // Else a window would hold little more than half of what it is called.
      first--;
    }
    List<SpaceSaving> sketches = new ArrayList<>();
    for (Step step : byMinutes ? line.minutes : line.fives) {
      if (step.number >= first) {
        sketches.add(step.sketch);
      }
    }
    long covered = nowMs - Math.max(first * stepMs, Math.min(sinceMs, nowMs));
    return merge(sketches, Math.max(1000, covered));
  }

  private static Top merge(List<SpaceSaving> sketches, long windowMs) {
    List<List<SpaceSaving.Count>> parts = new ArrayList<>();
    List<Long> missed = new ArrayList<>();
    long total = 0;
    for (SpaceSaving sketch : sketches) {
      parts.add(sketch.counts());
      missed.add(sketch.missedMax());
      total += sketch.total();
    }
    long missedMax = missed.stream().mapToLong(Long::longValue).sum();
    return new Top(merged(parts, missed), total, missedMax, windowMs);
  }

  /**
   * Sketches of different streams as one: a key without a counter in a part may have had as much
   * there as that part has missed at most.
   */
  public static List<SpaceSaving.Count> merged(
      List<List<SpaceSaving.Count>> parts, List<Long> missedMax) {
    long missedTotal = missedMax.stream().mapToLong(Long::longValue).sum();
    Map<String, long[]> sums = new HashMap<>();
    for (int i = 0; i < parts.size(); i++) {
      for (SpaceSaving.Count count : parts.get(i)) {
        long[] sum = sums.computeIfAbsent(count.key(), any -> new long[] {0, 0, 0});
        sum[0] += count.count();
        sum[1] += count.error();
        sum[2] += missedMax.get(i);
      }
    }
    List<SpaceSaving.Count> counts = new ArrayList<>();
    sums.forEach(
        (key, sum) -> {
          long elsewhere = missedTotal - sum[2];
          counts.add(new SpaceSaving.Count(key, sum[0] + elsewhere, sum[1] + elsewhere));
        });
    counts.sort(
        Comparator.comparingLong(SpaceSaving.Count::count)
            .reversed()
            .thenComparing(SpaceSaving.Count::key));
    return List.copyOf(counts.subList(0, Math.min(COUNTERS, counts.size())));
  }
}
