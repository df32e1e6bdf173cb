package puente.plan;

import java.util.Arrays;

/**
 * Exponential smoothing with a trend and a season, in the form and with the start of R's {@code
 * HoltWinters} (other books update the season from the level before). P. R. Winters, 1960.
 */
final class HoltWinters implements Walk {

  /** How the season acts on the level. */
  enum Season {
    ADDITIVE,
    MULTIPLICATIVE;

    double apply(double level, double figure) {
      return this == ADDITIVE ? level + figure : level * figure;
    }

    double remove(double value, double figure) {
      return this == ADDITIVE ? value - figure : value / figure;
    }
  }

  /** Smoothing of level, trend and season, each 0 to 1. */
  record Smoothing(double alpha, double beta, double gamma) {
    Smoothing {
      BadInput.within("alpha", alpha, 0, 1);
      BadInput.within("beta", beta, 0, 1);
      BadInput.within("gamma", gamma, 0, 1);
    }
  }

  private final Season kind;
  private final Smoothing smoothing;
  private final double[] figures;
  private double level;
  private double trend;
  private int at;

  private HoltWinters(
      Season kind, Smoothing smoothing, double[] figures, double level, double trend) {
    this.kind = kind;
    this.smoothing = smoothing;
    this.figures = figures;
    this.level = level;
    this.trend = trend;
  }

  /**
   * After the first season, from the classical decomposition of the first two: the line through their
   * moving average gives level and trend, what it leaves gives the season.
   */
  static HoltWinters start(double[] y, int period, Season kind, Smoothing smoothing) {
    BadInput.allFinite("points", y);
    if (period < 2 || y.length < 2 * period) {
      throw new BadInput("points", "two seasons of " + period + " or more are needed");
    }
    if (kind == Season.MULTIPLICATIVE && Arrays.stream(y).anyMatch(value -> value <= 0)) {
      throw new BadInput("points", "a multiplicative season takes values above 0");
    }
    double[] average = movingAverage(Arrays.copyOf(y, 2 * period), period);
    LeastSquaresLine line = LeastSquaresLine.through(average);
    double[] figures = new double[period];
    int[] counts = new int[period];
    for (int i = 0; i < average.length; i++) {
      int t = i + period / 2;
      figures[t % period] += kind.remove(y[t], average[i]);
      counts[t % period]++;
    }
    double mean = 0;
    for (int i = 0; i < period; i++) {
      figures[i] /= counts[i];
      mean += figures[i] / period;
    }
    for (int i = 0; i < period; i++) {
      figures[i] = kind.remove(figures[i], mean);
    }
    // R counts the moving average from 1.
    double level = line.intercept() - line.slope();
    return new HoltWinters(kind, smoothing, figures, level, line.slope());
  }

  /** From the same start with other weights. */
  HoltWinters with(Smoothing other) {
    HoltWinters walk = new HoltWinters(kind, other, figures.clone(), level, trend);
    walk.at = at;
    return walk;
  }

  /** Goes along the series, and adds up how far it was out. */
  double squaredErrors(double[] y, int from) {
    double sum = 0;
    for (int t = from; t < y.length; t++) {
      double error = y[t] - expected();
      sum += error * error;
      observe(y[t]);
    }
    return sum;
  }

  /** Centred; where the period is even, the ends count half. */
  private static double[] movingAverage(double[] y, int period) {
    int half = period / 2;
    double[] average = new double[y.length - 2 * half];
    for (int i = 0; i < average.length; i++) {
      for (int j = i; j <= i + 2 * half; j++) {
        boolean isEnd = period % 2 == 0 && (j == i || j == i + 2 * half);
        average[i] += (isEnd ? 0.5 : 1) * y[j] / period;
      }
    }
    return average;
  }

  double level() {
    return level;
  }

  /** The seasonal figures, that of the next step first. */
  double[] figures() {
    double[] ordered = new double[figures.length];
    for (int i = 0; i < ordered.length; i++) {
      ordered[i] = figures[(at + i) % figures.length];
    }
    return ordered;
  }

  @Override
  public double expected() {
    return kind.apply(level + trend, figures[at]);
  }

  @Override
  public void observe(double value) {
    double before = level;
    level =
        smoothing.alpha * kind.remove(value, figures[at]) + (1 - smoothing.alpha) * (level + trend);
    trend = smoothing.beta * (level - before) + (1 - smoothing.beta) * trend;
    figures[at] = smoothing.gamma * kind.remove(value, level) + (1 - smoothing.gamma) * figures[at];
    at = at + 1 == figures.length ? 0 : at + 1;
  }

  @Override
  public double slope() {
    return trend;
  }

  @Override
  public void damp(double factor) {
    trend *= factor;
  }

  @Override
  public HoltWinters copy() {
    return with(smoothing);
  }
}
