package puente.plan;

/**
 * Least squares whose coefficients are 0 or more, as costs are. C. L. Lawson, R. J. Hanson, Solving
 * Least Squares Problems, 1974, chapter 23; on the normal equations of scaled columns.
 */
public final class NonNegativeLeastSquares {
  private static final double TOLERANCE = 1e-11;

  private final double[][] gram;
  private final double[] projection;
  private final boolean[] isFree;
  private double[] solution;

  private NonNegativeLeastSquares(double[][] gram, double[] projection) {
    this.gram = gram;
    this.projection = projection;
    isFree = new boolean[projection.length];
    solution = new double[projection.length];
  }

  /**
   * The x of 0 or more with the least |rows x - y|.
   *
   * @param rows one per observation, all of one length
   */
  public static double[] solve(double[][] rows, double[] y) {
    int columns = check(rows, y);
    double[] norm = new double[columns];
    double[][] gram = new double[columns][columns];
    double[] projection = new double[columns];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < columns; j++) {
        projection[j] += rows[i][j] * y[i];
        for (int k = 0; k < columns; k++) {
          gram[j][k] += rows[i][j] * rows[i][k];
        }
      }
    }
    for (int j = 0; j < columns; j++) {
      norm[j] = gram[j][j] == 0 ? 1 : Math.sqrt(gram[j][j]);
    }
    for (int j = 0; j < columns; j++) {
      projection[j] /= norm[j];
      for (int k = 0; k < columns; k++) {
        gram[j][k] /= norm[j] * norm[k];
      }
    }
    double[] scaled = new NonNegativeLeastSquares(gram, projection).solve();
    for (int j = 0; j < columns; j++) {
      scaled[j] /= norm[j];
    }
    return scaled;
  }

  private static int check(double[][] rows, double[] y) {
    BadInput.allFinite("y", y);
    if (rows.length == 0 || rows.length != y.length) {
      throw new BadInput("y", "needs one value per row, and a row");
    }
    for (int i = 0; i < rows.length; i++) {
      BadInput.allFinite("rows[" + i + "]", rows[i]);
      if (rows[i].length != rows[0].length || rows[i].length == 0) {
        throw new BadInput("rows[" + i + "]", "is not as long as the first");
      }
    }
    return rows[0].length;
  }

  private double[] solve() {
    double size = 0;
    for (double p : projection) {
      size = Math.max(size, Math.abs(p));
    }
    // Each round frees one; Lawson and Hanson prove that it ends, rounding may disagree.
    for (int round = 0; round < 30 * projection.length; round++) {
      int steepest = steepest(TOLERANCE * size);
      if (steepest < 0) {
        return solution;
      }
      isFree[steepest] = true;
      if (!descend()) {
        isFree[steepest] = false;
        return solution;
      }
    }
    return solution;
  }

  /** The coefficient at 0 that would lessen the error fastest if it grew. */
  private int steepest(double tolerance) {
    int best = -1;
    double bestGain = tolerance;
    for (int j = 0; j < projection.length; j++) {
      double gain = projection[j];
      for (int k = 0; k < projection.length; k++) {
        gain -= gram[j][k] * solution[k];
      }
      if (!isFree[j] && gain > bestGain) {
        best = j;
        bestGain = gain;
      }
    }
    return best;
  }

  /** To the best point of the free ones; who would fall below 0 on the way stays there. */
  private boolean descend() {
    while (true) {
      double[] target = LinearSystem.solve(gram, projection, isFree);
      if (target == null) {
        return false;
      }
      double step = 1;
      int blocker = -1;
      for (int j = 0; j < target.length; j++) {
        if (isFree[j] && target[j] <= 0) {
          double reach = solution[j] / (solution[j] - target[j]);
          if (blocker < 0 || reach < step) {
            step = reach;
            blocker = j;
          }
        }
      }
      if (blocker < 0) {
        solution = target;
        return true;
      }
      for (int j = 0; j < target.length; j++) {
        solution[j] += isFree[j] ? step * (target[j] - solution[j]) : 0;
        if (isFree[j] && (j == blocker || solution[j] <= 0)) {
          isFree[j] = false;
          solution[j] = 0;
        }
      }
    }
  }
}
