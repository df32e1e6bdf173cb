package puente.chaos.restart;

import java.util.Arrays;
import java.util.Locale;

/**
 * What a failure did to the calls. A direction is one way of one flow: client to peer, or back.
 *
 * @param before allocations before
 * @param after those that are still there, with their relayed address, permission and channel
 * @param gapsMs how long nothing arrived, the longest time of each direction, sorted
 * @param lost packets that never arrived, of each direction, sorted
 * @param twice packets that arrived more than once
 * @param icmp port-unreachable errors that clients and peers have seen
 * @param ownLagMs how long the load generator itself was away at most: a gap is blurred by as much
 */
record Outcome(
    String name,
    int before,
    int after,
    long[] gapsMs,
    int[] lost,
    int twice,
    int icmp,
    long ownLagMs) {

  private static final int BUCKETS = 12;

  Outcome {
    gapsMs = gapsMs.clone();
    lost = lost.clone();
    Arrays.sort(gapsMs);
    Arrays.sort(lost);
  }

  long gapMs(double quantile) {
    return gapsMs[(int) Math.min(gapsMs.length - 1, gapsMs.length * quantile)];
  }

  int lost(double quantile) {
    return lost[(int) Math.min(lost.length - 1, lost.length * quantile)];
  }

  static String head() {
    return "scenario                       before after  gap p50   p99   max ms"
        + "  lost p50 max  icmp  own lag ms";
  }

  String line() {
    return String.format(
        Locale.ROOT,
        "%-30s %6d %5d %8d %5d %5d %12d %3d %5d %11d",
        name,
        before,
        after,
        gapMs(0.5),
        gapMs(0.99),
        gapMs(1),
        lost(0.5),
        lost(1),
        icmp,
        ownLagMs);
  }

  /** How the gaps are spread. */
  String histogram() {
    long width = Math.max(1, (gapMs(1) + BUCKETS) / BUCKETS);
    StringBuilder text = new StringBuilder();
    for (long from = 0; from <= gapMs(1); from += width) {
      long low = from;
      long count = Arrays.stream(gapsMs).filter(gap -> gap >= low && gap < low + width).count();
      if (count > 0) {
        String bar = "#".repeat((int) Math.ceilDiv(count * 50, gapsMs.length));
        text.append(String.format(Locale.ROOT, "  %6d ms %5d %s%n", from, count, bar));
      }
    }
    return text.toString();
  }
}
