package puente.launcher;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import puente.net.DatagramCounters;

/** How long datagrams were in here lately. For one thread. */
final class RelayTimes {

  /** Of so many calls: few are timed, and a percentile of few says little. */
  private static final int REMEMBERED = 60;

  private static final double SHARE = 0.99;

  private final Deque<long[]> before = new ArrayDeque<>();

  /** What all loops have counted. */
  static long[] sum(List<DatagramCounters> loops) {
    long[] sum = new long[DatagramCounters.bounds().length + 2];
    for (DatagramCounters loop : loops) {
      long[] one = loop.took();
      for (int i = 0; i < sum.length; i++) {
        sum[i] += one[i];
      }
    }
    return sum;
  }

  /**
   * The 99th percentile in seconds, of the last minute when it is called once a second; as far into a
   * bucket as it has to be. NaN when nothing was timed.
   */
  double p99(long[] now) {
    before.addLast(now);
    if (before.size() > REMEMBERED + 1) {
      before.removeFirst();
    }
    long[] then = before.getFirst();
    long[] bounds = DatagramCounters.bounds();
    long all = 0;
    for (int i = 0; i <= bounds.length; i++) {
      all += now[i] - then[i];
    }
    double wanted = SHARE * all;
    long seen = 0;
    for (int i = 0; i < bounds.length && all > 0; i++) {
      long here = now[i] - then[i];
      if (here > 0 && seen + here >= wanted) {
        long low = i == 0 ? 0 : bounds[i - 1];
        return (low + (bounds[i] - low) * (wanted - seen) / here) / 1e9;
      }
      seen += here;
    }
    return all == 0 ? Double.NaN : bounds[bounds.length - 1] / 1e9;
  }
}
