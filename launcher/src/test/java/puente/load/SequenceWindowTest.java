package puente.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static puente.load.SequenceWindow.Verdict.AGAIN;
import static puente.load.SequenceWindow.Verdict.ANCIENT;
import static puente.load.SequenceWindow.Verdict.BEHIND;
import static puente.load.SequenceWindow.Verdict.NEXT;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Lost, late and repeated packets are told apart. */
class SequenceWindowTest {
  @Test
  void eachNumberIsJudgedOnce() {
    SequenceWindow window = new SequenceWindow();
    assertEquals(NEXT, window.accept(0));
    assertEquals(NEXT, window.accept(3));
    assertEquals(BEHIND, window.accept(1));
    assertEquals(AGAIN, window.accept(1));
    assertEquals(AGAIN, window.accept(3));
    assertEquals(NEXT, window.accept(66));
    assertEquals(ANCIENT, window.accept(2), "64 behind: nobody knows any more");
    assertEquals(AGAIN, window.accept(3), "63 behind is still known");
    assertEquals(NEXT, window.accept(1000));
    assertEquals(BEHIND, window.accept(999));
  }

  /** Against a set that remembers everything. */
  @Test
  void agreesWithAFullMemory() {
    Random random = new Random(7);
    SequenceWindow window = new SequenceWindow();
    Set<Long> seen = new HashSet<>();
    long highest = -1;
    for (int i = 0; i < 100_000; i++) {
      long number = Math.max(0, highest + random.nextInt(70) - 60);
      List<SequenceWindow.Verdict> expected = new ArrayList<>();
      if (number > highest) {
        expected.add(NEXT);
      } else if (highest - number >= 64) {
        expected.add(ANCIENT);
      } else {
        expected.add(seen.contains(number) ? AGAIN : BEHIND);
      }
      assertEquals(expected.getFirst(), window.accept(number), "number " + number);
      seen.add(number);
      highest = Math.max(highest, number);
    }
  }
}
