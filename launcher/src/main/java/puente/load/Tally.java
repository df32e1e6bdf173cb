package puente.load;

import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What one loop of the generator counted; all of them are added up at the end. */
public final class Tally {

  private static final long SLOWEST_NS = TimeUnit.SECONDS.toNanos(120);

  /** Later than this is late: the server was not asked when it should have been. */
  private static final long LATE_NS = TimeUnit.MILLISECONDS.toNanos(10);

  private static final int SECONDS_MAX = 86_400;

  public final Histogram latency = histogram();
  public final Histogram lag = histogram();
  public final Histogram jitter = histogram();
  public final Histogram challenge = histogram();
  public final Histogram allocate = histogram();
  public final Histogram bind = histogram();
  public final Histogram free = histogram();
  public final Histogram whole = histogram();
  public final Histogram firstPacket = histogram();

  /** In the measured time; the rest as well. */
  public long sent;

  public long received;
  public long bytesReceived;
  public long reordered;
  public long duplicated;
  public long corrupted;

  /** Came out at the wrong client, channel or relayed address. */
  public long crossed;

  /** Of an earlier run, or answers that nobody waits for. */
  public long stray;

  public long retransmitted;
  public long late;
  public long paced;
  public long unsent;
  public long asked;
  public long allocated;
  public long bound;
  public long freed;
  public long timedOut;

  /** ICMP says that nobody is there. */
  public long unreachable;

  /** Payloads that came to a peer and were sent back. */
  public long turned;

  /** Allocations that had to wait for a free socket of ours. */
  public long starved;

  /** Sockets that this system did not give. */
  public long noSocket;

  public final SortedMap<Integer, Long> refusals = new TreeMap<>();
  public final SortedMap<Integer, long[]> bySecond = new TreeMap<>();

  private int lastSecond = -1;
  private long[] lastCounts = {};

  private static Histogram histogram() {
    return new Histogram(SLOWEST_NS, 3);
  }

  static void record(Histogram histogram, long nanos) {
    histogram.recordValue(Math.clamp(nanos, 0, SLOWEST_NS));
  }

  void lag(long nanos) {
    record(lag, nanos);
    paced++;
    if (nanos > LATE_NS) {
      late++;
    }
  }

  void refused(int code) {
    refusals.merge(code, 1L, Long::sum);
  }

  public long refusedInAll() {
    return refusals.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Sent and received of the second of the run in which it was due. */
  long[] second(long sinceBegin) {
    int second = Math.clamp(sinceBegin / 1_000_000_000L, 0, SECONDS_MAX);
    if (second != lastSecond) {
      lastSecond = second;
      lastCounts = bySecond.computeIfAbsent(second, none -> new long[2]);
    }
    return lastCounts;
  }

  void add(Tally other) {
    Histogram[] mine = histograms();
    Histogram[] others = other.histograms();
    for (int i = 0; i < mine.length; i++) {
      mine[i].add(others[i]);
    }
    sent += other.sent;
    received += other.received;
    bytesReceived += other.bytesReceived;
    reordered += other.reordered;
    duplicated += other.duplicated;
    corrupted += other.corrupted;
    crossed += other.crossed;
    stray += other.stray;
    retransmitted += other.retransmitted;
    late += other.late;
    paced += other.paced;
    unsent += other.unsent;
    asked += other.asked;
    allocated += other.allocated;
    bound += other.bound;
    freed += other.freed;
    timedOut += other.timedOut;
    unreachable += other.unreachable;
    turned += other.turned;
    starved += other.starved;
    noSocket += other.noSocket;
    other.refusals.forEach((code, count) -> refusals.merge(code, count, Long::sum));
    other.bySecond.forEach(
        (second, counts) -> {
          long[] sum = bySecond.computeIfAbsent(second, none -> new long[2]);
          sum[0] += counts[0];
          sum[1] += counts[1];
        });
  }

  private Histogram[] histograms() {
    return new Histogram[] {
      latency, lag, jitter, challenge, allocate, bind, free, whole, firstPacket
    };
  }
}
