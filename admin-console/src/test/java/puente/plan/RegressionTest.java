package puente.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines, non-negative regressions and billed percentiles. */
class RegressionTest {

  @Test
  void leastSquares() {
    LeastSquaresLine line =
        LeastSquaresLine.through(new double[] {1, 2, 3, 4, 5}, new double[] {2, 4, 5, 4, 5});
    assertEquals(0.6, line.slope(), 1e-12);
    assertEquals(2.2, line.intercept(), 1e-12);
    assertEquals(0.7745967, line.correlation(), 5e-8);
    assertThrows(BadInput.class, () -> LeastSquaresLine.through(new double[] {1}));
    assertThrows(
        BadInput.class, () -> LeastSquaresLine.through(new double[2], new double[] {1, 2}));
  }

  @Test
  void anOutlierBendsOneLineAndNotTheOther() {
    double[] y = {10, 12, 11, 14, 90, 16, 17, 19, 18, 21};
    TheilSen.Line robust = TheilSen.line(y);
    assertEquals(1.1666667, robust.slope(), 5e-8);
    assertEquals(11.25, robust.intercept(), 1e-12);
    LeastSquaresLine bent = LeastSquaresLine.through(y);
    assertEquals(0.7030, bent.slope(), 5e-5);
    assertEquals(19.636, bent.intercept(), 5e-4);
  }

  @Test
  void percentile95() {
    double[] month = IntStream.rangeClosed(1, 8640).mapToDouble(i -> 8641 - i).toArray();
    assertEquals(8208, Percentile95.billable(month));
    assertEquals(8641 - 1.0, month[0], "the caller's array is left alone");
    assertEquals(
        95, Percentile95.billable(IntStream.rangeClosed(1, 100).asDoubleStream().toArray()));
    assertEquals(7, Percentile95.billable(new double[] {7}));
    assertThrows(BadInput.class, () -> Percentile95.billable(new double[0]));
    assertThrows(BadInput.class, () -> Percentile95.billable(new double[] {Double.NaN}));
  }

  @Test
  void costsAreFoundAgain() {
    double[] costs = {0.05, 0.004, 0.001, 0.0002};
    SplittableRandom random = new SplittableRandom(42);
    double[][] work = new double[500][];
    double[] cpu = new double[work.length];
    for (int i = 0; i < work.length; i++) {
      work[i] =
          new double[] {
            random.nextDouble() * 200, random.nextDouble() * 50, random.nextDouble() * 900
          };
      cpu[i] = costs[0] + costs[1] * work[i][0] + costs[2] * work[i][1] + costs[3] * work[i][2];
    }
    CpuModel model = CpuModel.fit(List.of("kpps", "allocations/s", "tlsMbps"), work, cpu);
    assertArrayEquals(costs, model.costs(), 1e-9);
    assertEquals(1, model.rSquared(), 1e-9);
    assertEquals(0.05 + 0.4 + 0.01 + 0.02, model.predict(new double[] {100, 10, 100}), 1e-9);
    assertFalse(model.isExtrapolation(new double[] {290, 10, 100}));
    assertTrue(model.isExtrapolation(new double[] {310, 10, 100}));
  }

  /** The best of all subsets of columns that has no negative coefficient. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void noSubsetFitsBetter(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] rows = new double[30][4];
    double[] y = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      Arrays.setAll(rows[i], j -> random.nextDouble() * Math.pow(10, j));
      y[i] = random.nextDouble() * 10 + rows[i][0] * 5 - rows[i][2] * 0.2;
    }
    double[] solved = NonNegativeLeastSquares.solve(rows, y);
    assertTrue(Arrays.stream(solved).allMatch(x -> x >= 0));
    assertEquals(bestOfSubsets(rows, y), error(rows, y, solved), 1e-9);
  }

  @Test
  void degenerateRegressions() {
    double[][] twins = {{1, 1}, {2, 2}, {3, 3}};
    double[] solved = NonNegativeLeastSquares.solve(twins, new double[] {2, 4, 6});
    assertEquals(2, solved[0] + solved[1], 1e-9);
    assertArrayEquals(
        new double[] {0}, NonNegativeLeastSquares.solve(new double[][] {{1}}, new double[] {-5}));
    assertArrayEquals(
        new double[] {0}, NonNegativeLeastSquares.solve(new double[][] {{0}}, new double[] {5}));
    double[][] bad = {{1}, {Double.NaN}};
    BadInput refusal =
        assertThrows(BadInput.class, () -> NonNegativeLeastSquares.solve(bad, new double[2]));
    assertEquals("rows[1][0]", refusal.field());
  }

  private static double bestOfSubsets(double[][] rows, double[] y) {
    int columns = rows[0].length;
    double best = Numbers.squares(y);
    for (int subset = 1; subset < 1 << columns; subset++) {
      boolean[] isFree = new boolean[columns];
      double[][] normal = new double[columns][columns];
      double[] right = new double[columns];
      for (int j = 0; j < columns; j++) {
        isFree[j] = (subset >> j & 1) == 1;
        for (int i = 0; i < rows.length; i++) {
          right[j] += rows[i][j] * y[i];
          for (int k = 0; k < columns; k++) {
            normal[j][k] += rows[i][j] * rows[i][k];
          }
        }
      }
      double[] solved = LinearSystem.solve(normal, right, isFree);
      if (solved != null && Arrays.stream(solved).allMatch(x -> x >= 0)) {
        best = Math.min(best, error(rows, y, solved));
      }
    }
    return best;
  }

  private static double error(double[][] rows, double[] y, double[] solved) {
    double sum = 0;
    for (int i = 0; i < rows.length; i++) {
      double predicted = 0;
      for (int j = 0; j < solved.length; j++) {
        predicted += rows[i][j] * solved[j];
      }
      sum += (y[i] - predicted) * (y[i] - predicted);
    }
    return sum;
  }
}
