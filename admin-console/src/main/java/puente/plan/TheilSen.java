package puente.plan;

/** The line whose slope is the median of all slopes between two points: outliers do not bend it. */
final class TheilSen implements Walk {
  /** All pairs are looked at. */
  static final int POINTS_MAX = 2_000;

  private double slope;
  private double last;

  private TheilSen(double slope, double last) {
    this.slope = slope;
    this.last = last;
  }

  /** A robust line. */
  record Line(double intercept, double slope) {}

  /** Through y at 0, 1, 2, ...; the intercept is median(y) - slope median(t). */
  static Line line(double[] y) {
    BadInput.within("points", BadInput.allFinite("points", y).length, 2, POINTS_MAX);
    double[] slopes = new double[y.length * (y.length - 1) / 2];
    int n = 0;
    for (int i = 0; i < y.length; i++) {
      for (int j = i + 1; j < y.length; j++) {
        slopes[n++] = (y[j] - y[i]) / (j - i);
      }
    }
    double slope = Numbers.median(slopes);
    return new Line(Numbers.median(y) - slope * (y.length - 1) / 2, slope);
  }

  /** At the start of the series, knowing its line. */
  static TheilSen start(double[] y) {
    Line line = line(y);
    return new TheilSen(line.slope, line.intercept - line.slope);
  }

  @Override
  public double expected() {
    return last + slope;
  }

  @Override
  public void observe(double value) {
    last += slope;
  }

  @Override
  public double slope() {
    return slope;
  }

  @Override
  public void damp(double factor) {
    slope *= factor;
  }

  @Override
  public TheilSen copy() {
    return new TheilSen(slope, last);
  }
}
