package puente.peer;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Messages over datagrams: each once and in order, whatever the path loses, doubles or turns round,
 * and whichever path it is: the numbers go on when the path is another. A function of packets and
 * time. Congestion is answered as TCP does (RFC 5681, with selective acknowledgements as RFC 2018 and
 * time instead of counts as RFC 8985).
 *
 * <pre>
 *  0       1               5               9
 * +-------+---------------+---------------+---------------------
 * |  1    | number        | sent at (ms)  | message                          DATA
 * +-------+---------------+---------------+----+----------------
 * |  2    | all before    | echoed time   | n  | n times: from, to            ACK
 * +-------+---------------+---------------+----+----------------
 * |  3    | 0             | sent at (ms)  |                                  PING
 * |  4    | 0             | echoed time   |                                  PONG
 * +-------+---------------+---------------+
 * </pre>
 */
final class Flow {
  /** With DTLS, TURN, UDP and IP around it, it fits 1280 bytes: every path takes it. */
  static final int MESSAGE_MAX = 1150;

  private static final int DATA = 1;
  private static final int ACK = 2;
  private static final int PING = 3;
  private static final int PONG = 4;
  private static final int HEAD = 9;

  static final int WAITING_MAX = 1024;
  private static final int EARLY_MAX = 8192;
  private static final int RANGES_MAX = 16;
  private static final double WINDOW_FIRST = 16;
  private static final double WINDOW_MIN = 4;
  private static final double WINDOW_MAX = 4096;
  private static final int BURST_MAX = 48;
  private static final long RTO_FIRST_MS = 500;
  private static final long RTO_MIN_MS = 200;
  private static final long RTO_MAX_MS = 3_000;
  private static final long PING_MS = 1_000;
  private static final int QUEUE_MIN_MS = 4;
  private static final int QUEUE_MAX_MS = 16;
  private static final int ACK_EVERY = 2;
  private static final long ACK_LATE_MS = 10;

  private static final class Segment {
    final int number;
    final byte[] message;
    long sentAt;
    boolean isLost;

    Segment(int number, byte[] message) {
      this.number = number;
      this.message = message;
    }
  }

  private final Deque<byte[]> waiting = new ArrayDeque<>();
  private final Map<Integer, Segment> flying = new LinkedHashMap<>();
  private final Deque<Segment> lost = new ArrayDeque<>();
  private final TreeMap<Integer, byte[]> early = new TreeMap<>();
  private final Consumer<byte[]> wire;
  private final Consumer<byte[]> receiver;
  private int nextNumber;
  private int acknowledged;
  private int expected;
  private double window = WINDOW_FIRST;
  private double threshold = WINDOW_MAX;
  private long recoverySince = -1;
  private double smoothed;
  private int least = Integer.MAX_VALUE;
  private double variance;
  private long rto = RTO_FIRST_MS;
  private int unacknowledged;
  private long ackDue = Long.MAX_VALUE;
  private int echo;
  private long nextPing;
  private boolean hasRoom = true;
  private long resent;

  /**
   * @param wire takes packets; it must not call back
   * @param receiver takes messages in order
   */
  Flow(long now, Consumer<byte[]> wire, Consumer<byte[]> receiver) {
    this.wire = wire;
    this.receiver = receiver;
    nextPing = now;
  }

  /** False if there is no room now. */
  boolean offer(byte[] message, long now) {
    if (message.length > MESSAGE_MAX) {
      throw new IllegalArgumentException("a message has " + MESSAGE_MAX + " bytes at most");
    }
    if (waiting.size() >= WAITING_MAX) {
      return false;
    }
    waiting.add(message);
    pump(now);
    return true;
  }

  int room() {
    return WAITING_MAX - waiting.size();
  }

  boolean isEmpty() {
    return waiting.isEmpty() && flying.isEmpty();
  }

  /** Smoothed round-trip time in ms; 0 if it was never measured. */
  double rttMs() {
    return smoothed;
  }

  /** Segments that were sent again. */
  long resent() {
    return resent;
  }

  /**
   * The path is another one, and the old one's pace says nothing.
   *
   * @param isOldDead what is on the old one will not arrive
   */
  void onNewPath(boolean isOldDead, long now) {
    window = WINDOW_FIRST;
    threshold = WINDOW_MAX;
    rto = RTO_FIRST_MS;
    smoothed = 0;
    least = Integer.MAX_VALUE;
    nextPing = now;
    recoverySince = now;
    if (isOldDead) {
      flying.values().forEach(this::lose);
    }
    pump(now);
  }

  /** Without room, what comes is as good as lost: the other side slows down and says it again. */
  void setRoom(boolean has) {
    hasRoom = has;
  }

  long nextDeadline() {
    long next = Math.min(nextPing, ackDue);
    return Math.min(next, timeOutAt());
  }

  /** When the first of those that are out and not yet given up is late. */
  private long timeOutAt() {
    for (Segment segment : flying.values()) {
      if (!segment.isLost) {
        return segment.sentAt + rto;
      }
    }
    return Long.MAX_VALUE;
  }

  void onTime(long now) {
    if (now >= ackDue) {
      acknowledge();
    }
    if (now >= nextPing) {
      nextPing = now + PING_MS;
      wire.accept(head(PING, 0, (int) now, 0).array());
    }
    if (now >= timeOutAt()) {
      timeOut(now);
    }
    pump(now);
  }

  /** RFC 6298 §5, RFC 5681 §3.1. */
  private void timeOut(long now) {
    threshold = Math.max(flying.size() / 2.0, WINDOW_MIN);
    window = WINDOW_MIN;
    recoverySince = now;
    rto = Math.min(rto * 2, RTO_MAX_MS);
    flying.values().forEach(this::lose);
  }

  private void lose(Segment segment) {
    if (!segment.isLost) {
      segment.isLost = true;
      lost.add(segment);
    }
  }

  void onPacket(byte[] packet, int length, long now) {
    ByteBuffer in = ByteBuffer.wrap(packet, 0, length);
    try {
      int kind = in.get();
      int number = in.getInt();
      int time = in.getInt();
      switch (kind) {
        case DATA -> onData(number, time, in, now);
        case ACK -> onAck(number, time, in, now);
        case PING -> wire.accept(head(PONG, 0, time, 0).array());
        case PONG -> measure(time, now);
        default -> {} // of a later version
      }
    } catch (BufferUnderflowException cut) {
      return; // as if it had not come
    }
  }

  private void onData(int number, int time, ByteBuffer in, long now) {
    int ahead = number - expected;
    if (!hasRoom && ahead >= 0) {
      return;
    }
    boolean isNew = ahead >= 0 && ahead < EARLY_MAX && !early.containsKey(number);
    if (isNew) {
      byte[] message = new byte[in.remaining()];
      in.get(message);
      early.put(number, message);
    }
    echo = time;
    unacknowledged++;
    boolean inOrder = ahead == 0 && early.size() == 1;
    while (!early.isEmpty() && early.firstKey() == expected) {
      expected++;
      receiver.accept(early.pollFirstEntry().getValue());
    }
    if (!inOrder || unacknowledged >= ACK_EVERY) {
      acknowledge();
    } else {
      ackDue = Math.min(ackDue, now + ACK_LATE_MS);
    }
  }

  private void acknowledge() {
    unacknowledged = 0;
    ackDue = Long.MAX_VALUE;
    ByteBuffer ranges = ByteBuffer.allocate(RANGES_MAX * 8);
    int from = 0;
    int to = 0;
    for (int number : early.keySet()) {
      if (number == to && to != from) {
        to++;
        continue;
      }
      if (to != from) {
        ranges.putInt(from).putInt(to);
      }
      if (!ranges.hasRemaining()) {
        to = from;
        break;
      }
      from = number;
      to = number + 1;
    }
    if (to != from && ranges.hasRemaining()) {
      ranges.putInt(from).putInt(to);
    }
    int length = ranges.position();
    wire.accept(
        head(ACK, expected, echo, 1 + length)
            .put((byte) (length / 8))
            .put(ranges.array(), 0, length)
            .array());
  }

  private void onAck(int before, int time, ByteBuffer in, long now) {
    if (before - nextNumber > 0) {
      return; // of what was never sent
    }
    acknowledged = before - acknowledged > 0 ? before : acknowledged;
    measure(time, now);
    int count = 0;
    long latest = -1;
    for (Iterator<Segment> all = flying.values().iterator(); all.hasNext(); ) {
      Segment segment = all.next();
      if (segment.number - before < 0) {
        latest = Math.max(latest, segment.sentAt);
        arrived(segment);
        all.remove();
        count++;
      }
    }
    for (int ranges = in.get(); ranges > 0; ranges--) {
      int from = in.getInt();
      int to = in.getInt();
      if (from - acknowledged < 0 || from - to > 0 || to - from > EARLY_MAX) {
        continue; // nothing that is out
      }
      for (int number = from; number != to; number++) {
        Segment segment = flying.remove(number);
        if (segment != null) {
          latest = Math.max(latest, segment.sentAt);
          arrived(segment);
          count++;
        }
      }
    }
    grow(count);
    findLost(latest, now);
    pump(now);
  }

  private void arrived(Segment segment) {
    if (segment.isLost) {
      lost.remove(segment);
    }
  }

  private void grow(int count) {
    if (window < threshold) {
      window = Math.min(window + count, WINDOW_MAX);
      if (smoothed > least + Math.clamp(least / 8, QUEUE_MIN_MS, QUEUE_MAX_MS)) {
        threshold = window; // a queue builds up: no need to wait until it overflows (RFC 9406 §4.2)
      }
    } else {
      window = Math.min(window + count / window, WINDOW_MAX);
    }
  }

  /** RFC 8985 §6.2: what was sent well before something that arrived is lost. */
  private void findLost(long latest, long now) {
    if (latest < 0) {
      return;
    }
    long margin = Math.max(2, (long) (smoothed / 4));
    boolean any = false;
    for (Segment segment : flying.values()) {
      if (!segment.isLost && segment.sentAt + margin < latest) {
        any |= segment.sentAt > recoverySince;
        lose(segment);
      }
    }
    if (any) {
      recoverySince = now;
      window = Math.max(window * 0.7, WINDOW_MIN);
      threshold = window;
    }
  }

  /** RFC 6298 §2. */
  private void measure(int time, long now) {
    int sample = (int) now - time;
    if (sample < 0 || sample > 60_000) {
      return;
    }
    least = Math.min(least, sample);
    if (smoothed == 0) {
      smoothed = Math.max(sample, 0.1);
      variance = smoothed / 2;
    } else {
      variance += (Math.abs(sample - smoothed) - variance) / 4;
      smoothed = Math.max(0.1, smoothed + (sample - smoothed) / 8);
    }
    rto = Math.clamp((long) (smoothed + 4 * variance) + ACK_LATE_MS, RTO_MIN_MS, RTO_MAX_MS);
  }

  private void pump(long now) {
    for (int burst = 0; burst < BURST_MAX; burst++) {
      if (flying.size() - lost.size() >= window) {
        return;
      }
      Segment next = lost.poll();
      if (next != null) {
        flying.remove(next.number);
        resent++;
      } else {
        // Further ahead than the other keeps would be in vain.
        byte[] message = nextNumber - acknowledged < EARLY_MAX ? waiting.poll() : null;
        if (message == null) {
          return;
        }
        next = new Segment(nextNumber++, message);
      }
      next.isLost = false;
      next.sentAt = now;
      flying.put(next.number, next); // in the order in which they were sent
      wire.accept(
          head(DATA, next.number, (int) now, next.message.length).put(next.message).array());
    }
  }

  private static ByteBuffer head(int kind, int number, int time, int more) {
    return ByteBuffer.allocate(HEAD + more).put((byte) kind).putInt(number).putInt(time);
  }
}
