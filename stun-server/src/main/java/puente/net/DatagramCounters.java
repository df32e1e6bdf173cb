package puente.net;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;

/** What happened on one loop's UDP sockets. Written by the loop, read by anyone. */
public final class DatagramCounters {

  /** One constant per fact. */
  public enum Fact {
    /** recvmmsg calls that returned datagrams. */
    RECEIVE_CALLS,
    /** recvmmsg calls that found nothing: each was in vain. */
    EMPTY_RECEIVE_CALLS,
    /** Datagrams received; a coalesced one counts as one. */
    RECEIVED,
    /** Datagrams that arrived coalesced (UDP_GRO), counted after splitting. */
    RECEIVED_SEGMENTS,
    /** Datagrams longer than the largest buffer, dropped. */
    TRUNCATED,
    /** sendmmsg calls. */
    SEND_CALLS,
    /** Messages handed to the kernel; a coalesced one counts as one. */
    SENT,
    /** Datagrams sent inside coalesced messages (UDP_SEGMENT). */
    SENT_SEGMENTS,
    /** Coalesced sends that the system refused and that were sent again one by one. */
    GSO_REFUSED,
    /** Datagrams dropped because the send buffer was full. */
    SEND_BUFFER_FULL,
    /** Datagrams dropped because they were too large to send. */
    TOO_LARGE,
    /** Datagrams dropped because the system refused them: no route, prohibited and the like. */
    UNREACHABLE,
    /** Exceptions of our own that a packet caused: each is a defect. */
    DEFECTS
  }

  /** Upper bounds of the histogram of times in here, in nanoseconds; a last bucket has the rest. */
  private static final long[] NANOS = {
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    250_000_000
  };

  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] values = new long[Fact.values().length];
  private final long[] took = new long[NANOS.length + 2];

  void add(Fact fact, long amount) {
    int i = fact.ordinal();
    SLOT.setOpaque(values, i, values[i] + amount);
  }

  /** So many datagrams were read, looked at and sent on within this time. */
  void took(long nanos, int datagrams) {
    int bucket = 0;
    while (bucket < NANOS.length && nanos > NANOS[bucket]) {
      bucket++;
    }
    SLOT.setOpaque(took, bucket, took[bucket] + datagrams);
    SLOT.setOpaque(took, took.length - 1, took[took.length - 1] + nanos * datagrams);
  }

  /** Upper bounds of the buckets of {@link #took}, in nanoseconds. */
  public static long[] bounds() {
    return NANOS.clone();
  }

  /** Counts by {@link #bounds}, one for the rest, and the sum in nanoseconds; of a sample. */
  public long[] took() {
    long[] copy = new long[took.length];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = (long) SLOT.getOpaque(took, i);
    }
    return copy;
  }

  /** What all loops have counted. */
  public static long sum(List<DatagramCounters> loops, Fact fact) {
    return loops.stream().mapToLong(loop -> loop.value(fact)).sum();
  }

  public long value(Fact fact) {
    return (long) SLOT.getOpaque(values, fact.ordinal());
  }
}
