package puente.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import puente.plan.KaufmanRoberts.TrafficClass;

/** Mixed calls on one pipe, against published values and against counting every state. */
class KaufmanRobertsTest {

  @Test
  void smallMix() {
    KaufmanRoberts pipe = pipe(10, new TrafficClass(2, 1), new TrafficClass(1, 3));
    assertEquals(0.0368858620, pipe.blocking(0), 5e-11);
    assertEquals(0.1539159751, pipe.blocking(1), 5e-11);
    assertEquals(4.464480, pipe.meanUse(), 5e-7);
  }

  @Test
  void largeMix() {
    KaufmanRoberts pipe = pipe(100, new TrafficClass(40, 1), new TrafficClass(5, 6));
    assertEquals(0.0038939624, pipe.blocking(0), 5e-11);
    assertEquals(0.0308796397, pipe.blocking(1), 5e-11);
    assertEquals(68.917852, pipe.meanUse(), 5e-7);
  }

  @ParameterizedTest
  @CsvSource({"10, 15", "0.5, 3", "2000, 2000", "30000, 16384"})
  void ofOneClassIsErlangB(double erlangs, int capacity) {
    assertEquals(
        ErlangB.blocking(erlangs, capacity),
        pipe(capacity, new TrafficClass(erlangs, 1)).blocking(0),
        1e-10);
  }

  /** The product form: each state (n1, n2) weighs A1^n1/n1! A2^n2/n2!. */
  @ParameterizedTest
  @CsvSource({"10, 2, 1, 1, 3", "20, 3, 2, 1.5, 5", "7, 0.1, 1, 4, 7", "12, 5, 4, 2, 3"})
  void likeCountingEveryState(int capacity, double a1, int b1, double a2, int b2) {
    double all = 0;
    double blocked1 = 0;
    double blocked2 = 0;
    double w1 = 1;
    for (int n1 = 0; n1 * b1 <= capacity; n1++) {
      double w = w1;
      for (int n2 = 0; n1 * b1 + n2 * b2 <= capacity; n2++) {
        int free = capacity - n1 * b1 - n2 * b2;
        all += w;
        blocked1 += free < b1 ? w : 0;
        blocked2 += free < b2 ? w : 0;
        w *= a2 / (n2 + 1);
      }
      w1 *= a1 / (n1 + 1);
    }
    KaufmanRoberts pipe = pipe(capacity, new TrafficClass(a1, b1), new TrafficClass(a2, b2));
    assertEquals(blocked1 / all, pipe.blocking(0), 1e-12);
    assertEquals(blocked2 / all, pipe.blocking(1), 1e-12);
  }

  @Test
  void extremes() {
    assertEquals(0, pipe(10).meanUse());
    assertEquals(1, pipe(5, new TrafficClass(1, 6)).blocking(0), "never fits");
    assertEquals(0, pipe(5, new TrafficClass(0, 1)).blocking(0));
    KaufmanRoberts flooded = pipe(80_000, new TrafficClass(1e6, 27), new TrafficClass(1e6, 1));
    assertTrue(flooded.blocking(0) > 0.9 && flooded.blocking(0) <= 1);
    assertTrue(flooded.meanUse() <= 80_000);
    assertThrows(BadInput.class, () -> new TrafficClass(Double.NaN, 1));
    assertThrows(BadInput.class, () -> new TrafficClass(1, 0));
    assertThrows(BadInput.class, () -> pipe(-1));
  }

  @Test
  void greaterCallsAreBlockedMore() {
    KaufmanRoberts pipe =
        pipe(200, new TrafficClass(50, 1), new TrafficClass(20, 4), new TrafficClass(5, 20));
    assertTrue(pipe.blocking(0) < pipe.blocking(1));
    assertTrue(pipe.blocking(1) < pipe.blocking(2));
  }

  private static KaufmanRoberts pipe(int capacity, TrafficClass... classes) {
    return new KaufmanRoberts(capacity, List.of(classes));
  }
}
