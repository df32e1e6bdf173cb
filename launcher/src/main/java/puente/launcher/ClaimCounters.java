package puente.launcher;

import java.util.concurrent.atomic.LongAdder;

/** What came of the attempts to take allocations over. One constant per fact. */
final class ClaimCounters {

  enum Fact {
    /** A shard has asked: a packet of an unknown client came in. */
    ASKED,
    /** An allocation is this node's now: asked for by a packet. */
    WON,
    /** The same, of what a dead node or a former process has left. */
    INHERITED,
    /** No, there is no record of this client. */
    NO_RECORD,
    /** No, its owner lives: packets are forwarded to it. */
    OWNER_ALIVE,
    /** No, its relayed addresses, or the address that the client sends to, are not here. */
    NOT_HERE,
    /** No, its time is over. */
    EXPIRED,
    /** No, another node was faster. */
    TOO_LATE,
    /** The directory has not answered in time, or this node is alone; asked again while it is new. */
    UNREACHABLE,
    /** Another node has taken over what was served here. */
    LOST
  }

  private final LongAdder[] counts = new LongAdder[Fact.values().length];

  ClaimCounters() {
    for (int i = 0; i < counts.length; i++) {
      counts[i] = new LongAdder();
    }
  }

  void count(Fact fact) {
    counts[fact.ordinal()].increment();
  }

  void add(Fact fact, long many) {
    counts[fact.ordinal()].add(many);
  }

  long value(Fact fact) {
    return counts[fact.ordinal()].sum();
  }
}
