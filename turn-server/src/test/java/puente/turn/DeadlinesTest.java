package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What waits for a time, against a list that is searched. */
class DeadlinesTest {

  @Test
  void theSoonestComesFirst() {
    Deadlines deadlines = new Deadlines();
    assertEquals(Long.MAX_VALUE, deadlines.nextMs());
    assertNull(deadlines.poll(Long.MAX_VALUE));
    Deadline late = new Reservation(1);
    Deadline early = new Reservation(2);
    deadlines.schedule(late, 20);
    deadlines.schedule(early, 10);
    assertEquals(10, deadlines.nextMs());
    assertNull(deadlines.poll(9));
    assertSame(early, deadlines.poll(10));
    deadlines.schedule(late, 5);
    assertSame(late, deadlines.poll(10));
    assertEquals(0, deadlines.size());
    deadlines.cancel(late);
    assertEquals(Long.MAX_VALUE, deadlines.nextMs());
  }

  /** Scheduled, moved to earlier and later times, taken out and polled, in any order. */
  @ParameterizedTest
  @ValueSource(ints = {1, 5, 100, 3000})
  void alwaysTheSoonest(int most) {
    Random random = new Random(most);
    Deadlines deadlines = new Deadlines();
    List<Deadline> waiting = new ArrayList<>();
    long now = 0;
    for (int step = 0; step < 20_000; step++) {
      int what = random.nextInt(10);
      if (what < 5 && waiting.size() < most) {
        Deadline entry = new Reservation(step);
        waiting.add(entry);
        deadlines.schedule(entry, now + random.nextInt(1000));
      } else if (what < 7 && !waiting.isEmpty()) {
        deadlines.schedule(waiting.get(random.nextInt(waiting.size())), now + random.nextInt(1000));
      } else if (what < 8 && !waiting.isEmpty()) {
        deadlines.cancel(waiting.remove(random.nextInt(waiting.size())));
      } else {
        now += random.nextInt(3);
        Deadline due = deadlines.poll(now);
        if (due == null) {
          assertEquals(soonest(waiting), deadlines.nextMs());
        } else {
          assertEquals(soonest(waiting), due.dueMs);
          waiting.remove(due);
        }
      }
      assertEquals(waiting.size(), deadlines.size());
    }
    while (!waiting.isEmpty()) {
      Deadline due = Objects.requireNonNull(deadlines.poll(Long.MAX_VALUE));
      assertEquals(soonest(waiting), due.dueMs);
      waiting.remove(due);
    }
    assertNull(deadlines.poll(Long.MAX_VALUE));
  }

  private static long soonest(List<Deadline> waiting) {
    return waiting.stream().mapToLong(entry -> entry.dueMs).min().orElse(Long.MAX_VALUE);
  }
}
