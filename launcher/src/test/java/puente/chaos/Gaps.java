package puente.chaos;

import java.util.Arrays;
import java.util.Locale;

/** Figures of many flows, put in order: the longest silence of each, or what each has lost. */
record Gaps(long[] sorted) {

  private static final long[] STEPS_MS = {
    100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 15_000, 30_000, 60_000
  };
  private static final int WIDTH = 50;

  static Gaps of(long... figures) {
    long[] copy = figures.clone();
    Arrays.sort(copy);
    return new Gaps(copy);
  }

  /** The least figure that this share of all does not exceed; 0 when there are none. */
  long percentile(double share) {
    if (sorted.length == 0) {
      return 0;
    }
    int rank = (int) Math.ceil(share * sorted.length);
    return sorted[Math.clamp(rank - 1L, 0, sorted.length - 1)];
  }

  long max() {
    return sorted.length == 0 ? 0 : sorted[sorted.length - 1];
  }

  long sum() {
    return Arrays.stream(sorted).sum();
  }

  /** How many flows were silent for how long. */
  String histogram() {
    StringBuilder text = new StringBuilder();
    long from = 0;
    for (int i = 0; i <= STEPS_MS.length; i++) {
      long low = from;
      long high = i < STEPS_MS.length ? STEPS_MS[i] : Long.MAX_VALUE;
      long count = Arrays.stream(sorted).filter(gap -> gap >= low && gap < high).count();
      if (count > 0) {
        int bar = (int) Math.max(1, count * WIDTH / sorted.length);
        String upTo = high == Long.MAX_VALUE ? "     more" : "<%6d ms".formatted(high);
        text.append(String.format(Locale.ROOT, "    %s %5d %s%n", upTo, count, "#".repeat(bar)));
      }
      from = high;
    }
    return text.toString();
  }
}
