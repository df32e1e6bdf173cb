package puente.plan;

/**
 * Exponential smoothing with a trend that may fade by {@code phi} per step. C. C. Holt, 1957; damped:
 * E. S. Gardner, E. McKenzie, 1985.
 */
final class Holt implements Walk {
  private final double alpha;
  private final double beta;
  private final double phi;
  private double level;
  private double trend;

  private Holt(double alpha, double beta, double phi, double level, double trend) {
    this.alpha = alpha;
    this.beta = beta;
    this.phi = phi;
    this.level = level;
    this.trend = trend;
  }

  /** Before the first value: level y1, trend y2 - y1. */
  static Holt start(double[] y, double alpha, double beta, double phi) {
    BadInput.within("alpha", alpha, 0, 1);
    BadInput.within("beta", beta, 0, 1);
    BadInput.within("phi", phi, 0, 1);
    if (BadInput.allFinite("points", y).length < 2) {
      throw new BadInput("points", "a trend takes two or more");
    }
    return new Holt(alpha, beta, phi, y[0], y[1] - y[0]);
  }

  /** From the same start with other weights, of 0 to 1. */
  Holt with(double otherAlpha, double otherBeta) {
    return new Holt(otherAlpha, otherBeta, phi, level, trend);
  }

  /** Goes along the series, and adds up how far it was out. */
  double squaredErrors(double[] y) {
    double sum = 0;
    for (double value : y) {
      double error = value - expected();
      sum += error * error;
      observe(value);
    }
    return sum;
  }

  /** Var(h steps ahead) / Var(one step): Hyndman and Athanasopoulos, fpp3 §8.7, A,A,N. */
  static double varianceFactor(double alpha, double beta, int h) {
    double b = alpha * beta;
    return 1 + (h - 1) * (alpha * alpha + alpha * b * h + b * b * h * (2 * h - 1) / 6);
  }

  double level() {
    return level;
  }

  @Override
  public double expected() {
    return level + phi * trend;
  }

  @Override
  public void observe(double value) {
    double before = level;
    level = alpha * value + (1 - alpha) * (level + phi * trend);
    trend = beta * (level - before) + (1 - beta) * phi * trend;
  }

  @Override
  public double slope() {
    return trend;
  }

  @Override
  public void damp(double factor) {
    // What fades already needs no second brake.
    trend *= phi < 1 ? 1 : factor;
  }

  @Override
  public Holt copy() {
    return with(alpha, beta);
  }
}
