package puente.admin;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import puente.series.Figure;

/** Sums over nodes that were too busy to note a second, that went and that came. */
class SummedSeriesTest {

  private static final double NO = Double.NaN;

  @Test
  void aMissedSecondIsNoDip() {
    assertSum(values(30, 30, 30, 30), values(20, 20, 20, 20), values(10, NO, 10, 10));
  }

  @Test
  void afterOneStepTheSumIsNotKnown() {
    assertSum(values(30, 30, NO, NO, 30), values(20, 20, 20, 20, 20), values(10, NO, NO, NO, 10));
  }

  @Test
  void atTheEndAsWell() {
    assertSum(values(30, 30, NO), values(20, 20, 20), values(10, NO, NO));
  }

  @Test
  void theGreatestIsCarriedAsTheSumIs() {
    double[] together =
        SummedSeries.of(Figure.LOOP_LAG, List.of(values(1, 1, 1), values(5, NO, 2)), 3, 1);
    assertArrayEquals(values(5, 5, 2), together);
  }

  /** Its last value once more, and from then on it is not there. */
  @Test
  void aNodeThatWasAwayAddsNothing() {
    double[] all = new double[20];
    double[] away = new double[20];
    double[] sum = new double[20];
    Arrays.fill(all, 20);
    Arrays.fill(away, NO);
    Arrays.fill(sum, 20);
    away[2] = 10;
    sum[2] = 30;
    sum[3] = 30;
    assertSum(sum, all, away);
    away[19] = 10;
    sum[19] = 30;
    assertSum(sum, all, away);
  }

  @Test
  void beforeItsFirstSecondANodeIsNotThere() {
    assertSum(values(20, 20, 30), values(20, 20, 20), values(NO, NO, 10));
    assertSum(values(NO, 20), values(NO, 20));
  }

  /** An hour is not carried: a node that is down for one relays nothing in it. */
  @Test
  void coarseStepsAreLeftAsTheyAre() {
    double[] together =
        SummedSeries.of(Figure.ALLOC_TOTAL, List.of(values(20, 20, 20), values(10, NO, 10)), 3, 60);
    assertArrayEquals(values(30, 20, 30), together);
  }

  private static void assertSum(double[] expected, double[]... parts) {
    double[] sum = SummedSeries.of(Figure.ALLOC_TOTAL, List.of(parts), expected.length, 1);
    assertArrayEquals(expected, sum, () -> Arrays.toString(sum));
  }

  private static double[] values(double... values) {
    return values;
  }
}
