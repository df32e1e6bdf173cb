package puente.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Erlang's formulae against the classic tables, each other, and their limits. */
class ErlangTest {

  @ParameterizedTest
  @CsvSource({
    "1, 1, 0.5",
    "2, 2, 0.4",
    "2, 3, 0.2105263158",
    "2, 4, 0.0952380952",
    "5, 10, 0.0183845703",
    "10, 10, 0.2145823431",
    "10, 15, 0.0364969455",
    "10, 20, 0.0018690499",
    "20, 30, 0.0084574983",
    "100, 117, 0.0097900711",
    "100, 121, 0.0046805142",
    "1000, 1029, 0.0099418865",
    "16000, 16384, 0.0000322717",
    "16384, 16384, 0.0062076448",
    "30000, 16384, 0.4539",
    "4.461, 10, 0.0099978",
    "12.03, 20, 0.0099959",
    "37.9, 50, 0.0099954",
    "84.06, 100, 0.0099917",
  })
  void blocking(double erlangs, int servers, String expected) {
    double digits = Math.pow(10, -(expected.length() - 2)) / 2;
    assertEquals(Double.parseDouble(expected), ErlangB.blocking(erlangs, servers), digits * 1.0001);
  }

  @ParameterizedTest
  @CsvSource({"0.3, 4", "7, 3", "16384, 16384", "15000, 16384", "1e5, 100000", "1e6, 1000"})
  void blockingByTheRecursion(double erlangs, int servers) {
    double inverse = 1;
    for (int n = 1; n <= servers && inverse < 1e300; n++) {
      inverse = 1 + n / erlangs * inverse;
    }
    double recursion = inverse < 1e300 ? 1 / inverse : 0;
    assertEquals(recursion, ErlangB.blocking(erlangs, servers), 1e-12);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0.01, .0101",
    "2, 0.01, .1526",
    "5, 0.01, 1.3608",
    "10, 0.01, 4.4612",
    "20, 0.01, 12.0306",
    "50, 0.01, 37.9014",
    "100, 0.01, 84.0642",
    "1000, 0.01, 971.2041",
    "16384, 0.01, 16473.4436",
    "10, 0.001, 3.0920",
    "20, 0.001, 9.4115",
    "50, 0.001, 32.5119",
    "100, 0.001, 75.2420",
    "1000, 0.001, 930.3251",
    "10000, 0.001, 9831.87",
    "16384, 0.001, 16186.6008",
  })
  void load(int servers, double blocking, String expected) {
    int decimals = expected.length() - expected.indexOf('.') - 1;
    assertEquals(
        Double.parseDouble(expected),
        ErlangB.load(servers, blocking),
        Math.pow(10, -decimals) / 2 * 1.0001);
    assertEquals(
        blocking, ErlangB.blocking(ErlangB.load(servers, blocking), servers), 1e-9 * blocking);
  }

  @ParameterizedTest
  @CsvSource({
    "5, 10, 11, 14",
    "10, 17, 18, 21",
    "20, 28, 30, 35",
    "50, 61, 64, 71",
    "100, 113, 117, 128",
    "1000, 1009, 1029, 1072",
    "10000, 9842, 9970, 10170",
  })
  void servers(double erlangs, int at2, int at1, int atThousandth) {
    assertEquals(at2, ErlangB.servers(erlangs, 0.02));
    assertEquals(at1, ErlangB.servers(erlangs, 0.01));
    assertEquals(atThousandth, ErlangB.servers(erlangs, 0.001));
    assertTrue(ErlangB.blocking(erlangs, at1 - 1) > 0.01, "one fewer is too few");
  }

  @Test
  void moreServersBlockLessAndMoreLoadBlocksMore() {
    for (double erlangs : new double[] {0.01, 1, 10, 1000, 20_000}) {
      double before = 1;
      for (int servers = 0; servers < 400; servers++) {
        double blocking = ErlangB.blocking(erlangs, servers);
        assertTrue(blocking <= before && blocking >= 0, erlangs + " " + servers);
        assertTrue(blocking <= ErlangB.blocking(erlangs * 1.01, servers));
        before = blocking;
      }
    }
  }

  @Test
  void limits() {
    assertEquals(1, ErlangB.blocking(0, 0));
    assertEquals(0, ErlangB.blocking(0, 5));
    assertEquals(1, ErlangB.blocking(3, 0));
    assertEquals(0, ErlangB.blocking(1, 100_000_000));
    assertEquals(1, ErlangB.blocking(1e300, 16384), 1e-9);
    assertEquals(1 - 16384 / 1e9, ErlangB.blocking(1e9, 16384), 1e-9);
    assertEquals(0, ErlangB.load(0, 0.01));
    assertEquals(0, ErlangB.servers(0, 1));
    assertEquals(1, ErlangB.servers(0, 0.5));
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, -1, Double.POSITIVE_INFINITY})
  void nonsenseIsRefusedByName(double erlangs) {
    BadInput refusal = assertThrows(BadInput.class, () -> ErlangB.blocking(erlangs, 1));
    assertEquals("erlangs", refusal.field());
    assertTrue(refusal.toString().contains("not a finite number of 0 or more"));
    assertThrows(BadInput.class, () -> ErlangB.blocking(1, -1));
    assertThrows(BadInput.class, () -> ErlangB.load(1, 0));
    assertThrows(BadInput.class, () -> ErlangB.loadWithRetries(1, 1, 1));
  }

  @ParameterizedTest
  @CsvSource({"10, 12, 0.9", "30000, 16384, 0.9", "100, 100, 0.5", "5, 10, 0", "0, 0, .5"})
  void retriesSettle(double erlangs, int servers, double recall) {
    double load = ErlangB.loadWithRetries(erlangs, servers, recall);
    double again = erlangs + recall * load * ErlangB.blocking(load, servers);
    assertEquals(again, load, 1e-6 * Math.max(1, load));
    assertTrue(load >= erlangs && load <= erlangs / (1 - recall) + 1e-6);
    assertTrue(
        ErlangB.blocking(erlangs, servers, recall) >= ErlangB.blocking(erlangs, servers) - 1e-12);
  }

  @ParameterizedTest
  @CsvSource({
    "10, 15, 0.10204237",
    "10, 20, 0.00373113",
    "20, 30, 0.02495046",
    "100, 117, 0.06370977",
    "2, 4, 0.17391304",
  })
  void waiting(double erlangs, int servers, double expected) {
    assertEquals(expected, ErlangC.waiting(erlangs, servers), 5.0001e-9);
    // The queue's own sum: C = (A^N/N!)(N/(N-A)) / (sum A^k/k! + the same).
    double term = 1;
    double sum = 0;
    for (int k = 0; k < servers; k++) {
      sum += term;
      term *= erlangs / (k + 1);
    }
    double wait = term * servers / (servers - erlangs);
    assertEquals(wait / (sum + wait), ErlangC.waiting(erlangs, servers), 1e-12);
  }

  @Test
  void waits() {
    assertEquals(0.17391304 * 300 / 2, ErlangC.meanWait(2, 4, 300), 1e-5);
    assertEquals(0.17391304 * Math.exp(-2), ErlangC.waitingLonger(2, 4, 300, 300), 1e-8);
    assertEquals(ErlangC.waiting(2, 4), ErlangC.waitingLonger(2, 4, 300, 0));
    assertEquals(1, ErlangC.waiting(5, 5), "overload: all wait");
    assertEquals(Double.POSITIVE_INFINITY, ErlangC.meanWait(6, 5, 1));
    assertEquals(1, ErlangC.waitingLonger(6, 5, 1, 1e9));
    assertThrows(BadInput.class, () -> ErlangC.waitingLonger(1, 5, 0, 1));
  }
}
