package puente.plan;

import java.util.Arrays;
import java.util.List;

/**
 * Calls of several sizes share one pipe: who is turned away how often. J. S. Kaufman, J. W. Roberts,
 * 1981: j q(j) = sum over classes of A b q(j-b).
 */
public final class KaufmanRoberts {
  /** A state per unit of capacity is kept: 32 MiB. */
  static final int CAPACITY_MAX = 4_000_000;

  private static final double RESCALE_ABOVE = 1e200;

  /** Offered traffic of calls that take {@code units} of the capacity each. */
  public record TrafficClass(double erlangs, int units) {
    public TrafficClass {
      BadInput.notNegative("erlangs", erlangs);
      BadInput.within("units", units, 1, CAPACITY_MAX);
    }
  }

  private final List<TrafficClass> classes;

  /** The share of time that so many units are in use. */
  private final double[] occupancy;

  public KaufmanRoberts(int capacity, List<TrafficClass> classes) {
    BadInput.within("capacity", capacity, 0, CAPACITY_MAX);
    this.classes = List.copyOf(classes);
    occupancy = occupancy(capacity, this.classes);
  }

  /** The share of calls of a class that are blocked: fewer than its units are free. */
  public double blocking(int ofClass) {
    int capacity = occupancy.length - 1;
    double blocked = 0;
    for (int i = 0; i < Math.min(classes.get(ofClass).units, capacity + 1); i++) {
      blocked += occupancy[capacity - i];
    }
    return Math.min(1, blocked);
  }

  /** Units in use, on average. */
  public double meanUse() {
    double use = 0;
    for (int j = 1; j < occupancy.length; j++) {
      use += j * occupancy[j];
    }
    return use;
  }

  private static double[] occupancy(int capacity, List<TrafficClass> classes) {
    double[] q = new double[capacity + 1];
    q[0] = 1;
    for (int j = 1; j <= capacity; j++) {
      double sum = 0;
      for (TrafficClass one : classes) {
        if (one.units <= j) {
          sum += one.erlangs * one.units * q[j - one.units];
        }
      }
      q[j] = sum / j;
      if (q[j] > RESCALE_ABOVE) {
        // Only ratios count: states this much rarer may fall to zero.
        scale(q, j, 1 / RESCALE_ABOVE);
      }
    }
    scale(q, capacity, 1 / Arrays.stream(q).sum());
    return q;
  }

  private static void scale(double[] q, int last, double factor) {
    for (int j = 0; j <= last; j++) {
      q[j] *= factor;
    }
  }
}
