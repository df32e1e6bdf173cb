package puente.series;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one node measured: every second for a quarter of an hour, and ever more coarsely for more
 * than a year. Its size is bounded whatever happens. For one thread.
 */
public final class History {

  private static final int FIGURES = Figure.values().length;

  private final Map<Tier, Ring> rings = new EnumMap<>(Tier.class);
  private final Map<Tier, Heap> heaps = new EnumMap<>(Tier.class);
  private final Consumer<Point> closed;

  /**
   * @param closed told each point of a tier beyond the first, when it is whole
   */
  public History(Consumer<Point> closed) {
    this.closed = closed;
    for (Tier tier : Tier.values()) {
      rings.put(tier, new Ring(tier));
      if (tier != Tier.SECOND) {
        heaps.put(tier, new Heap(tier));
      }
    }
  }

  /**
   * The figures of this second. A clock that goes back is not followed: what is older than the
   * newest is left out.
   *
   * @param values by {@link Figure}
   */
  public void record(long second, float[] values) {
    Ring seconds = ring(Tier.SECOND);
    if (second <= seconds.newest()) {
      return;
    }
    seconds.put(new Point(Tier.SECOND, second, values, values));
    heaps.forEach((tier, heap) -> heap.add(second, values));
  }

  /** A point that was told before: by a file, by another node. */
  public void put(Point point) {
    ring(point.tier()).put(point);
  }

  /** The points of one tier from one second up to, and without, another; the oldest first. */
  public List<Point> points(Tier tier, long from, long to) {
    List<Point> points = new ArrayList<>();
    Ring ring = ring(tier);
    long first = Math.max(Math.ceilDiv(from, tier.seconds()), ring.newest() - tier.points() + 1);
    long last = Math.min(Math.ceilDiv(to, tier.seconds()) - 1, ring.newest());
    for (long step = Math.max(0, first); step <= last; step++) {
      Point point = ring.at(step);
      if (point != null) {
        points.add(point);
      }
    }
    return points;
  }

  /** The finest tier that reaches back so far, and whose points are no finer than wanted. */
  public static Tier tier(long now, long from, long stepSeconds) {
    Tier best = Tier.SECOND;
    for (Tier tier : Tier.values()) {
      boolean reaches = now - best.reachSeconds() <= from;
      if (!reaches || tier.seconds() <= stepSeconds) {
        best = tier;
      }
    }
    return best;
  }

  /**
   * One figure in equal steps.
   *
   * @param max the greatest in each step, else the mean
   * @return one value for each step from {@code from} on; NaN where there is none
   */
  public double[] read(Figure figure, Question question) {
    int count = (int) Math.max(0, Math.ceilDiv(question.to - question.from, question.step));
    double[] sums = new double[count];
    int[] counts = new int[count];
    for (Point point : points(question.tier, question.from, question.to)) {
      float value = (question.max ? point.max() : point.mean())[figure.ordinal()];
      int i = (int) ((point.second() - question.from) / question.step);
      if (!Float.isNaN(value) && i >= 0 && i < count) {
        sums[i] = question.max && counts[i] > 0 ? Math.max(sums[i], value) : sums[i] + value;
        counts[i]++;
      }
    }
    for (int i = 0; i < count; i++) {
      sums[i] = counts[i] == 0 ? Double.NaN : question.max ? sums[i] : sums[i] / counts[i];
    }
    return sums;
  }

  /**
   * What is read.
   *
   * @param from the first second; a whole number of steps
   * @param to the second after the last
   */
  public record Question(Tier tier, long from, long to, long step, boolean max) {}

  private Ring ring(Tier tier) {
    Ring ring = rings.get(tier);
    if (ring == null) {
      throw new IllegalStateException("no ring of " + tier);
    }
    return ring;
  }

  /** A coarser point while it grows. */
  private final class Heap {
    private final Tier tier;
    private final double[] sums = new double[FIGURES];
    private final int[] counts = new int[FIGURES];
    private float[] max = new float[FIGURES];
    private long step = -1;

    Heap(Tier tier) {
      this.tier = tier;
    }

    void add(long second, float[] values) {
      long now = second / tier.seconds();
      if (now != step) {
        close();
        step = now;
        Arrays.fill(sums, 0);
        Arrays.fill(counts, 0);
        max = new float[FIGURES];
        Arrays.fill(max, Float.NaN);
      }
      for (int i = 0; i < FIGURES; i++) {
        float value = values[i];
        if (!Float.isNaN(value)) {
          sums[i] += value;
          counts[i]++;
          max[i] = Float.isNaN(max[i]) ? value : Math.max(max[i], value);
        }
      }
    }

    private void close() {
      if (step < 0) {
        return;
      }
      float[] mean = new float[FIGURES];
      for (int i = 0; i < FIGURES; i++) {
        mean[i] = counts[i] == 0 ? Float.NaN : (float) (sums[i] / counts[i]);
      }
      Point point = new Point(tier, step, mean, max);
      put(point);
      closed.accept(point);
    }
  }

  /** The newest point of a tier, or null. */
  public @Nullable Point newest(Tier tier) {
    return ring(tier).at(ring(tier).newest());
  }
}
