package puente.signal;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;

/**
 * The way to one other node and back, over a messenger that may lose and swap bodies: each body has
 * a number, is sent until it is acknowledged, and is delivered once and in order. Both ends have a
 * life, a number that grows; when one end begins a new life, both count from one again.
 *
 * <pre>
 *  0        1              9              17             25             33       34
 * +--------+--------------+--------------+--------------+--------------+--------+-------
 * |version |  own life    |  its life    |    number    | acknowledged |  more  | words
 * +--------+--------------+--------------+--------------+--------------+--------+-------
 * </pre>
 *
 * The other's life is 0 as long as it is unknown; a body with number 0 carries no words; more is 1
 * when the last word goes on in the next body.
 */
final class Link {
  static final int HEADER = 34;

  /** Of words in one body; a messenger takes four times as much. */
  static final int BODY_BYTES = 0x4_0000;

  /** Bodies on their way at a time. */
  private static final int FLYING_MAX = 256;

  /** Bodies that came too early and are kept. */
  private static final int EARLY_MAX = 256;

  /** What waits and flies; beyond it the link begins a new life, with facts instead of news. */
  static final int BYTES_MAX = 64 << 20;

  private static final long RESEND_MS = 400;
  private static final int RESENT_AT_ONCE = 32;
  private static final int UNACKNOWLEDGED_MAX = 16;

  /** Takes a body away; false if it could not. */
  interface Wire {
    boolean send(byte[] body);
  }

  /** A word, or a part of one that is too long. */
  private record Piece(byte[] bytes, boolean goesOn) {}

  private static final class Flying {
    final long number;
    final Piece words;
    long sentMs;

    Flying(long number, Piece words, long sentMs) {
      this.number = number;
      this.words = words;
      this.sentMs = sentMs;
    }
  }

  private static final Piece NOTHING = new Piece(new byte[0], false);

  private final long life;
  private long otherLife;
  private long number;
  private long heardNumber;
  private int unacknowledged;
  private boolean mustAnswer = true;
  private long bytes;
  private final Deque<Piece> waiting = new ArrayDeque<>();
  private final Deque<Flying> flying = new ArrayDeque<>();
  private final TreeMap<Long, Piece> early = new TreeMap<>();
  private final ByteArrayOutputStream begun = new ByteArrayOutputStream();
  private final List<byte[]> lost = new ArrayList<>();

  Link(long life) {
    this.life = life;
  }

  /** Whether the other end is known, and words can go. */
  boolean isOpen() {
    return otherLife != 0;
  }

  boolean isOverfull() {
    return bytes > BYTES_MAX;
  }

  void say(Word word) {
    byte[] one = WordCodec.encode(word);
    bytes += one.length;
    for (int from = 0; from < one.length; from += BODY_BYTES) {
      int to = Math.min(one.length, from + BODY_BYTES);
      byte[] part = to - from == one.length ? one : Arrays.copyOfRange(one, from, to);
      waiting.add(new Piece(part, to < one.length));
    }
  }

  /** Words that may not have come to the other node, which is gone. */
  List<byte[]> undelivered() {
    List<byte[]> all = new ArrayList<>(lost);
    lost.clear();
    ByteArrayOutputStream word = new ByteArrayOutputStream();
    List<Piece> pieces = new ArrayList<>();
    flying.forEach(body -> pieces.add(body.words));
    pieces.addAll(waiting);
    for (Piece piece : pieces) {
      word.writeBytes(piece.bytes);
      if (!piece.goesOn) {
        all.add(word.toByteArray());
        word.reset();
      }
    }
    return all;
  }

  /** What became of a body. */
  enum Heard {
    NOTHING,
    /** The other end is new: it knows nothing of what it was told, nor do we of it. */
    NEW_LIFE
  }

  /** A body came; what can be delivered now is added to {@code words}. */
  Heard onBody(byte[] body, List<byte[]> words) {
    ByteBuffer in = ByteBuffer.wrap(body);
    if (body.length < HEADER || in.get() != WordCodec.VERSION) {
      return Heard.NOTHING;
    }
    long itsLife = in.getLong();
    long myLife = in.getLong();
    long itsNumber = in.getLong();
    long acknowledged = in.getLong();
    if (itsLife < otherLife) {
      mustAnswer = true;
      return Heard.NOTHING;
    }
    Heard heard = itsLife > otherLife ? Heard.NEW_LIFE : Heard.NOTHING;
    if (heard == Heard.NEW_LIFE) {
      begin(itsLife);
    }
    if (myLife != life) {
      mustAnswer = true;
      return heard;
    }
    acknowledge(acknowledged);
    if (itsNumber > 0) {
      boolean goesOn = in.get() != 0;
      byte[] content = new byte[in.remaining()];
      in.get(content);
      deliver(itsNumber, new Piece(content, goesOn), words);
    }
    return heard;
  }

  private void begin(long itsLife) {
    lost.addAll(undelivered());
    otherLife = itsLife;
    begun.reset();
    number = 0;
    heardNumber = 0;
    unacknowledged = 0;
    bytes = 0;
    waiting.clear();
    flying.clear();
    early.clear();
    mustAnswer = true;
  }

  private void acknowledge(long upTo) {
    while (!flying.isEmpty() && flying.peek().number <= upTo) {
      bytes -= flying.remove().words.bytes.length;
    }
  }

  private void deliver(long itsNumber, Piece content, List<byte[]> words) {
    unacknowledged++;
    if (itsNumber <= heardNumber) {
      mustAnswer = true;
      return;
    }
    if (itsNumber > heardNumber + 1) {
      if (early.size() < EARLY_MAX) {
        early.put(itsNumber, content);
      }
      return;
    }
    heardNumber = itsNumber;
    add(content, words);
    while (!early.isEmpty() && early.firstKey() <= heardNumber + 1) {
      var next = early.pollFirstEntry();
      if (next.getKey() == heardNumber + 1) {
        heardNumber++;
        add(next.getValue(), words);
      }
    }
  }

  private void add(Piece piece, List<byte[]> words) {
    if (piece.goesOn || begun.size() > 0) {
      begun.writeBytes(piece.bytes);
      if (!piece.goesOn) {
        words.add(begun.toByteArray());
        begun.reset();
      }
    } else {
      words.add(piece.bytes);
    }
  }

  /** Sends what waits, as far as it may fly. */
  void flush(long now, Wire wire) {
    if (!isOpen()) {
      if (mustAnswer) {
        mustAnswer = false;
        wire.send(body(0, NOTHING));
      }
      return;
    }
    while (!waiting.isEmpty() && flying.size() < FLYING_MAX) {
      Piece words = gather();
      Flying body = new Flying(++number, words, now);
      flying.add(body);
      send(body, wire);
    }
    if (mustAnswer || unacknowledged >= UNACKNOWLEDGED_MAX) {
      acknowledgeNow(wire);
    }
  }

  private Piece gather() {
    ByteArrayOutputStream words = new ByteArrayOutputStream();
    boolean goesOn = false;
    while (!waiting.isEmpty() && !goesOn) {
      Piece piece = waiting.peek();
      if (words.size() > 0 && words.size() + piece.bytes.length > BODY_BYTES) {
        break;
      }
      waiting.remove();
      words.writeBytes(piece.bytes);
      goesOn = piece.goesOn;
    }
    return new Piece(words.toByteArray(), goesOn);
  }

  /** Comes round about ten times a second: acknowledges, and sends again what got lost. */
  void onTime(long now, Wire wire) {
    if (!isOpen()) {
      mustAnswer = true;
    }
    flush(now, wire);
    if (unacknowledged > 0) {
      acknowledgeNow(wire);
    }
    int resent = 0;
    for (Flying body : flying) {
      if (now - body.sentMs < RESEND_MS || ++resent > RESENT_AT_ONCE) {
        break;
      }
      body.sentMs = now;
      send(body, wire);
    }
  }

  private void send(Flying body, Wire wire) {
    if (wire.send(body(body.number, body.words))) {
      unacknowledged = 0;
      mustAnswer = false;
    }
  }

  private void acknowledgeNow(Wire wire) {
    if (wire.send(body(0, NOTHING))) {
      unacknowledged = 0;
      mustAnswer = false;
    }
  }

  private byte[] body(long of, Piece words) {
    return ByteBuffer.allocate(HEADER + words.bytes.length)
        .put(WordCodec.VERSION)
        .putLong(life)
        .putLong(otherLife)
        .putLong(of)
        .putLong(heardNumber)
        .put((byte) (words.goesOn ? 1 : 0))
        .put(words.bytes)
        .array();
  }
}
