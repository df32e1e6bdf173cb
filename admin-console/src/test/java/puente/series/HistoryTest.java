package puente.series;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Means and greatest values over time, from seconds to hours, and as bytes. */
class HistoryTest {

  private static final long START = 1_800_000_000L;
  private final List<Point> closed = new ArrayList<>();
  private final History history = new History(closed::add);

  private static float[] figures(float value) {
    float[] figures = new float[Figure.values().length];
    Arrays.fill(figures, value);
    return figures;
  }

  private void run(int seconds) {
    for (int i = 0; i < seconds; i++) {
      history.record(START + i, figures(i % 60));
    }
  }

  private double[] read(Tier tier, long from, long to, long step, boolean max) {
    return history.read(
        Figure.ALLOC_TOTAL, new History.Question(tier, START + from, START + to, step, max));
  }

  @Test
  void coarserTiersHaveMeanAndMax() {
    run(7300);
    assertEquals(29.5, read(Tier.MINUTE, 60, 120, 60, false)[0]);
    assertEquals(59, read(Tier.MINUTE, 60, 120, 60, true)[0]);
    assertEquals(4.5, read(Tier.TEN_SECONDS, 60, 70, 10, false)[0]);
    assertEquals(29.5, read(Tier.HOUR, 0, 3600, 3600, false)[0]);
    assertEquals(29.5, read(Tier.TEN_SECONDS, 0, 3600, 600, false)[3]);
    long hours = closed.stream().filter(point -> point.tier() == Tier.HOUR).count();
    assertEquals(2, hours);
  }

  /** Only as much as fits; what is older is a gap and no old number. */
  @Test
  void theOldestSecondsGo() {
    run(2000);
    assertTrue(Double.isNaN(read(Tier.SECOND, 1000, 1001, 1, false)[0]));
    assertEquals(1999 % 60, read(Tier.SECOND, 1999, 2000, 1, false)[0]);
    assertEquals(900, history.points(Tier.SECOND, 0, START + 5000).size());
  }

  @Test
  void aGapIsAGap() {
    history.record(START, figures(1));
    history.record(START + 5, figures(2));
    assertEquals(
        "[1.0, NaN, NaN, NaN, NaN, 2.0]", Arrays.toString(read(Tier.SECOND, 0, 6, 1, false)));
    // A clock that goes back does not change what was.
    history.record(START + 3, figures(9));
    assertTrue(Double.isNaN(read(Tier.SECOND, 3, 4, 1, false)[0]));
  }

  @Test
  void theFinestTierThatReaches() {
    long now = START + 1_000_000;
    assertEquals(Tier.SECOND, History.tier(now, now - 600, 1));
    assertEquals(Tier.TEN_SECONDS, History.tier(now, now - 3600, 1));
    assertEquals(Tier.MINUTE, History.tier(now, now - 3600, 60));
    assertEquals(Tier.QUARTER, History.tier(now, now - 8 * 86_400, 60));
    assertEquals(Tier.HOUR, History.tier(now, now - 200 * 86_400, 60));
  }

  @Test
  void pointsOutliveTheProcess() {
    run(3700);
    byte[] head = PointCodec.head();
    List<Point> kept = closed.stream().filter(point -> point.tier().isKept()).toList();
    ByteBuffer bytes =
        ByteBuffer.allocate(head.length + kept.size() * PointCodec.present().length());
    bytes.put(head);
    kept.forEach(point -> bytes.put(PointCodec.encode(point)));
    ByteBuffer in = bytes.flip();
    PointCodec codec = PointCodec.ofHead(in).orElseThrow();
    assertTrue(codec.isPresent());
    List<Point> back = codec.decode(in.duplicate());
    assertEquals(kept.size(), back.size());
    for (int i = 0; i < back.size(); i++) {
      assertEquals(kept.get(i).step(), back.get(i).step());
      assertTrue(Arrays.equals(kept.get(i).max(), back.get(i).max()));
    }
    // Cut in the middle of the last, or with one byte turned: what is before it stays.
    ByteBuffer cut = in.duplicate().limit(in.limit() - 5);
    assertEquals(kept.size() - 1, codec.decode(cut).size());
    ByteBuffer turned = ByteBuffer.wrap(bytes.array().clone()).position(in.position());
    turned.put(turned.limit() - 20, (byte) 77);
    assertEquals(kept.size() - 1, codec.decode(turned).size());
  }

  @Test
  void figuresOfSeveralNodesAreOne() {
    assertEquals(5, Figure.ALLOC_TOTAL.together(2, 3));
    assertEquals(2.5, Figure.PROCESSOR.together(2, 3));
    assertEquals(3, Figure.LOOP_LAG.together(2, 3, Double.NaN));
    assertTrue(Double.isNaN(Figure.ALLOC_TOTAL.together(Double.NaN)));
  }
}
