package puente.top;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is promised of the estimates: never too low, and too high by a known amount at most. */
class SpaceSavingTest {

  @Test
  void fewKeysAreCountedExactly() {
    SpaceSaving sketch = new SpaceSaving(3);
    sketch.add("a", 5);
    sketch.add("b", 1);
    sketch.add("a", 2);
    assertEquals(
        List.of(new SpaceSaving.Count("a", 7, 0), new SpaceSaving.Count("b", 1, 0)),
        sketch.counts());
    assertEquals(8, sketch.total());
    assertEquals(0, sketch.missedMax());
  }

  @Test
  void estimatesHoldTheirBoundsUnderAFlood() {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      Map<String, Long> truth = new HashMap<>();
      SpaceSaving sketch = new SpaceSaving(50);
      for (int i = 0; i < 20_000; i++) {
        String key = "k" + (int) Math.abs(random.nextGaussian() * random.nextInt(2000));
        long weight = 1 + random.nextInt(1500);
        sketch.add(key, weight);
        truth.merge(key, weight, Long::sum);
      }
      assertTrue(sketch.counts().size() <= 50);
      assertTrue(sketch.missedMax() <= sketch.total() / 50);
      for (SpaceSaving.Count count : sketch.counts()) {
        long is = truth.getOrDefault(count.key(), 0L);
        assertTrue(count.count() >= is && count.count() - count.error() <= is, count::toString);
      }
      // Nothing greater than the least counter is missing.
      List<String> kept = sketch.counts().stream().map(SpaceSaving.Count::key).toList();
      truth.forEach((key, is) -> assertTrue(kept.contains(key) || is <= sketch.missedMax(), key));
    }
  }

  @Test
  void mergedPartsHoldTheSameBounds() {
    Random random = new Random(3);
    Map<String, Long> truth = new HashMap<>();
    SpaceSaving[] parts = {new SpaceSaving(40), new SpaceSaving(40), new SpaceSaving(40)};
    for (int i = 0; i < 30_000; i++) {
      String key = "k" + (int) Math.abs(random.nextGaussian() * 300);
      parts[random.nextInt(3)].add(key, 1);
      truth.merge(key, 1L, Long::sum);
    }
    List<SpaceSaving.Count> merged =
        Talkers.merged(
            List.of(parts[0].counts(), parts[1].counts(), parts[2].counts()),
            List.of(parts[0].missedMax(), parts[1].missedMax(), parts[2].missedMax()));
    for (SpaceSaving.Count count : merged) {
      long is = truth.getOrDefault(count.key(), 0L);
      assertTrue(count.count() >= is && count.count() - count.error() <= is, count::toString);
    }
  }

  @Test
  void aWindowForgets() {
    Talkers talkers = new Talkers();
    long now = 1_800_000_000_000L;
    talkers.add(Talkers.By.USER, Talkers.Metric.EGRESS, "ana", 1000, now);
    talkers.add(Talkers.By.USER, Talkers.Metric.EGRESS, "ben", 500, now + 600_000);
    Talkers.Top lately =
        talkers.top(Talkers.By.USER, Talkers.Metric.EGRESS, 300_000, now + 601_000);
    assertEquals(List.of("ben"), lately.counts().stream().map(SpaceSaving.Count::key).toList());
    Talkers.Top hour =
        talkers.top(Talkers.By.USER, Talkers.Metric.EGRESS, 3_600_000, now + 601_000);
    assertEquals(1500, hour.total());
    assertEquals("ana", hour.counts().getFirst().key());
  }
}
