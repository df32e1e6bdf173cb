package puente.admin;

import java.util.Arrays;
import java.util.List;
import puente.series.Figure;

/**
 * A figure of several nodes, put together step by step. A node that was too busy to note a second has
 * not lost its traffic: its last value stands for one step more, and then the sum is not known.
 */
final class SummedSeries {

  /** Who notes nothing for longer was not busy but away, and relayed nothing. */
  private static final long AWAY_SECONDS = 10;

  private SummedSeries() {}

  /**
   * What they are together.
   *
   * @param parts of each node, one value a step; NaN where it noted none
   * @return NaN where that is not known
   */
  static double[] of(Figure figure, List<double[]> parts, int steps, long stepSeconds) {
    boolean[] unknown = new boolean[steps];
    List<double[]> bridged =
        parts.stream().map(part -> bridged(part, stepSeconds, unknown)).toList();
    double[] sums = new double[steps];
    for (int i = 0; i < steps; i++) {
      int step = i;
      sums[i] =
          unknown[i]
              ? Double.NaN
              : figure.together(bridged.stream().mapToDouble(part -> part[step]).toArray());
    }
    return sums;
  }

  private static double[] bridged(double[] part, long stepSeconds, boolean[] unknown) {
    double[] bridged = part.clone();
    int i = 0;
    while (i < part.length) {
      int end = i;
      while (end < part.length && Double.isNaN(part[end])) {
        end++;
      }
      boolean hasBegun = i > 0;
      if (end > i && hasBegun) {
        if (stepSeconds <= AWAY_SECONDS) {
          bridged[i] = part[i - 1];
        }
        if ((end - i) * stepSeconds <= AWAY_SECONDS) {
          Arrays.fill(unknown, i + 1, end, true);
        }
      }
      i = end + 1;
    }
    return bridged;
  }
}
