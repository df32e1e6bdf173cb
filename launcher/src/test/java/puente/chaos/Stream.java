package puente.chaos;

import java.util.BitSet;

/** Numbered packets one way through the relay, as sent and as they came in. For one thread. */
final class Stream {

  private final BitSet received = new BitSet();
  private int sent;
  private int twice;
  private int sentAtBegin;
  private int receivedTwiceAtBegin;
  private long lastNanos;
  private long longestNanos;
  private long countFromNanos = Long.MIN_VALUE;
  private long firstNanos;

  /** The number of the packet that goes out now. */
  int next() {
    return sent++;
  }

  void arrived(int number, long now) {
    if (received.get(number)) {
      twice++;
      return;
    }
    received.set(number);
    longestNanos = Math.max(longestNanos, now - lastNanos);
    lastNanos = now;
    if (firstNanos == 0 && now >= countFromNanos) {
      firstNanos = now;
    }
  }

  /** What is counted is counted from now on. */
  void begin(long now) {
    sentAtBegin = sent;
    receivedTwiceAtBegin = twice;
    lastNanos = now;
    longestNanos = 0;
    mark(now);
  }

  /** {@link #sinceMarkNanos} is counted from now on. */
  void mark(long now) {
    countFromNanos = now;
    firstNanos = 0;
  }

  /** The longest silence, an unfinished one included. */
  long longestNanos(long now) {
    return Math.max(longestNanos, now - lastNanos);
  }

  /** From the mark to the first packet that came in after it. */
  long sinceMarkNanos(long now) {
    return (firstNanos == 0 ? now : firstNanos) - countFromNanos;
  }

  boolean flowsSinceMark() {
    return firstNanos != 0;
  }

  int sentSinceBegin() {
    return sent - sentAtBegin;
  }

  /** Of the packets sent since the beginning, those that have not come in. */
  int lost() {
    int arrived = received.get(sentAtBegin, sent).cardinality();
    return sent - sentAtBegin - arrived;
  }

  int twice() {
    return twice - receivedTwiceAtBegin;
  }
}
