package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import puente.net.DatagramCounters;

/** The percentile that the overview shows, of what the loops have counted. */
class RelayTimesTest {

  private final RelayTimes times = new RelayTimes();
  private final long[] cells = new long[DatagramCounters.bounds().length + 2];

  @Test
  void nothingTimedIsNotKnown() {
    assertEquals(Double.NaN, times.p99(cells.clone()));
    assertEquals(Double.NaN, times.p99(cells.clone()));
  }

  /** 980 under 10 us and 20 from 20 to 50 us: the 990th of them is halfway in there. */
  @Test
  void itLiesInABucket() {
    times.p99(cells.clone());
    cells[0] = 980;
    cells[2] = 20;
    assertEquals(35e-6, times.p99(cells.clone()), 1e-9);
  }

  @Test
  void whatIsLongAgoDoesNotCount() {
    times.p99(cells.clone());
    cells[13] = 1000;
    assertEquals(0.2485, times.p99(cells.clone()), 1e-9);
    for (int second = 0; second < 60; second++) {
      cells[0] += 10;
      times.p99(cells.clone());
    }
    cells[0] += 10;
    assertEquals(9.9e-6, times.p99(cells.clone()), 1e-9);
  }

  @Test
  void beyondTheLastBoundThatIsSaid() {
    times.p99(cells.clone());
    cells[14] = 5;
    assertEquals(0.25, times.p99(cells.clone()), 1e-9);
  }
}
