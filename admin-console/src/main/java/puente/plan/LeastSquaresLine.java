package puente.plan;

/** The line with the least sum of squared errors. One outlier bends it: see {@link TheilSen}. */
public record LeastSquaresLine(double intercept, double slope, double correlation) {

  public static LeastSquaresLine through(double[] x, double[] y) {
    BadInput.allFinite("x", x);
    BadInput.allFinite("y", y);
    if (x.length != y.length || x.length < 2) {
      throw new BadInput("y", "needs two points or more, one for each x");
    }
    double meanX = mean(x);
    double meanY = mean(y);
    double xx = 0;
    double xy = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      xx += (x[i] - meanX) * (x[i] - meanX);
      xy += (x[i] - meanX) * (y[i] - meanY);
      yy += (y[i] - meanY) * (y[i] - meanY);
    }
    if (xx == 0) {
      throw new BadInput("x", "all points are one above another");
    }
    double slope = xy / xx;
    double correlation = yy == 0 ? 0 : xy / Math.sqrt(xx * yy);
    return new LeastSquaresLine(meanY - slope * meanX, slope, correlation);
  }

  /** Through y at 0, 1, 2, ... */
  public static LeastSquaresLine through(double[] y) {
    double[] x = new double[y.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
    }
    return through(x, y);
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
