package puente.net;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

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

  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] values = new long[Fact.values().length];

  void add(Fact fact, long amount) {
    int i = fact.ordinal();
    SLOT.setOpaque(values, i, values[i] + amount);
  }

  public long value(Fact fact) {
    return (long) SLOT.getOpaque(values, fact.ordinal());
  }
}
