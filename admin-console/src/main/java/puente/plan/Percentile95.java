package puente.plan;

import java.util.Arrays;

/** What carriers bill: the month's five-minute means without the highest twentieth. */
public final class Percentile95 {
  private static final int DISCARDED_IN = 20;

  private Percentile95() {}

  /** The highest mean that is left when the top ⌊n/20⌋ are discarded. */
  public static double billable(double[] means) {
    if (means.length == 0) {
      throw new BadInput("means", "there is none");
    }
    double[] sorted = BadInput.allFinite("means", means).clone();
    Arrays.sort(sorted);
    return sorted[sorted.length - 1 - sorted.length / DISCARDED_IN];
  }
}
