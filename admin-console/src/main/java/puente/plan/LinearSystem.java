package puente.plan;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Small dense systems of equations, by elimination with pivots. */
final class LinearSystem {
  private static final double SINGULAR = 1e-13;

  private LinearSystem() {}

  /**
   * Solves the rows and columns that are free; the other unknowns are 0.
   *
   * @return null if they do not determine one solution
   */
  static double @Nullable [] solve(double[][] matrix, double[] right, boolean[] isFree) {
    int[] free = indices(isFree);
    int n = free.length;
    double[][] a = new double[n][n + 1];
    double size = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        a[i][j] = matrix[free[i]][free[j]];
        size = Math.max(size, Math.abs(a[i][j]));
      }
      a[i][n] = right[free[i]];
    }
    for (int column = 0; column < n; column++) {
      int pivot = pivot(a, column);
      if (Math.abs(a[pivot][column]) <= SINGULAR * size) {
        return null;
      }
      double[] row = a[pivot];
      a[pivot] = a[column];
      a[column] = row;
      eliminate(a, column);
    }
    double[] solution = new double[right.length];
    for (int i = 0; i < n; i++) {
      solution[free[i]] = a[i][n] / a[i][i];
    }
    return solution;
  }

  private static int[] indices(boolean[] isFree) {
    int[] indices = new int[isFree.length];
    int n = 0;
    for (int j = 0; j < isFree.length; j++) {
      if (isFree[j]) {
        indices[n++] = j;
      }
    }
    return Arrays.copyOf(indices, n);
  }

  private static int pivot(double[][] a, int column) {
    int best = column;
    for (int i = column + 1; i < a.length; i++) {
      if (Math.abs(a[i][column]) > Math.abs(a[best][column])) {
        best = i;
      }
    }
    return best;
  }

  private static void eliminate(double[][] a, int column) {
    for (int i = 0; i < a.length; i++) {
      if (i != column) {
        double factor = a[i][column] / a[column][column];
        for (int j = column; j < a[i].length; j++) {
          a[i][j] -= factor * a[column][j];
        }
      }
    }
  }
}
