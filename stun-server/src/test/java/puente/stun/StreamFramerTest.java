package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Frames on a byte stream. */
class StreamFramerTest {

  private static final int LENGTH_MAX = 4096;

  /** RFC 8489 §6.2.2: a STUN message tells its own length; it is a multiple of four. */
  @Test
  void stun() {
    assertEquals(20, StreamFramer.frameLength(0x0001_0000));
    assertEquals(28, StreamFramer.frameLength(0x0003_0008));
    assertEquals(20 + 0xfffc, StreamFramer.frameLength(0x3fff_fffc));
    for (int rest = 1; rest < 4; rest++) {
      assertEquals(StreamFramer.BROKEN, StreamFramer.frameLength(0x0001_0004 + rest));
    }
  }

  /** RFC 8656 §12.5: ChannelData is padded to four bytes on streams. */
  @Test
  void channelData() {
    assertEquals(4, StreamFramer.frameLength(0x4000_0000));
    assertEquals(8, StreamFramer.frameLength(0x4000_0001));
    assertEquals(8, StreamFramer.frameLength(0x4fff_0004));
    assertEquals(12, StreamFramer.frameLength(0x4001_0005));
    assertEquals(4 + 0x1_0000, StreamFramer.frameLength(0x4001_ffff));
  }

  /**
   * RFC 8656 §12.6: ChannelData of a reserved number is discarded, so its length must be known.
   * RFC 5766 §11 lays out 0x4000 to 0x7FFF so; nothing else starts a frame.
   */
  @Test
  void neither() {
    for (int first = 0; first <= 0xffff; first++) {
      boolean known = first <= 0x7fff;
      int expected = first < 0x4000 ? 20 : known ? 4 : StreamFramer.BROKEN;
      assertEquals(expected, StreamFramer.frameLength(first << 16));
    }
  }

  /** RFC 8489 §6.2.2: what is longer than the limit is not waited for. */
  @Test
  void limit() {
    ByteBuffer four = ByteBuffer.allocate(4).putInt(0, 0x0001_1000);
    assertEquals(StreamFramer.BROKEN, StreamFramer.next(four, 0, 4, LENGTH_MAX));
    assertEquals(StreamFramer.INCOMPLETE, StreamFramer.next(four, 0, 4, LENGTH_MAX + 20));
    assertEquals(StreamFramer.INCOMPLETE, StreamFramer.next(four, 0, 3, LENGTH_MAX));
  }

  /** RFC 8489 §6.2.2: frames come out the same however the stream is cut. */
  @Test
  void anySplit() {
    Random random = new Random(42);
    List<Integer> lengths = new ArrayList<>();
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    for (int i = 0; i < 200; i++) {
      int value = random.nextInt(300);
      boolean channel = random.nextBoolean();
      int word = channel ? 0x4000_0000 | value : 0x0001_0000 | (value & ~3);
      int length = StreamFramer.frameLength(word);
      ByteBuffer frame = ByteBuffer.allocate(length).putInt(0, word);
      stream.writeBytes(frame.array());
      lengths.add(length);
    }
    ByteBuffer bytes = ByteBuffer.wrap(stream.toByteArray());
    for (int round = 0; round < 50; round++) {
      assertEquals(lengths, cut(bytes, random, round == 0 ? 1 : 500));
    }
  }

  private static List<Integer> cut(ByteBuffer bytes, Random random, int stepMax) {
    List<Integer> frames = new ArrayList<>();
    int from = 0;
    int to = 0;
    while (to < bytes.limit()) {
      to = Math.min(bytes.limit(), to + 1 + random.nextInt(stepMax));
      int length = StreamFramer.next(bytes, from, to, LENGTH_MAX);
      while (length > 0) {
        frames.add(length);
        from += length;
        length = StreamFramer.next(bytes, from, to, LENGTH_MAX);
      }
      assertEquals(StreamFramer.INCOMPLETE, length);
    }
    return frames;
  }
}
