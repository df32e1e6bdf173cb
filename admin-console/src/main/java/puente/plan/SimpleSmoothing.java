package puente.plan;

/**
 * Simple exponential smoothing: l = αy + (1-α)l. R. G. Brown, 1956.
 *
 * @param alpha the weight of the newest value
 * @param start the level before the first
 */
record SimpleSmoothing(double alpha, double start) {
  private static final double GOLDEN = (Math.sqrt(5) - 1) / 2;

  SimpleSmoothing {
    BadInput.within("alpha", alpha, 0, 1);
  }

  /** The one of the least squared one-step errors, by golden section. */
  static SimpleSmoothing fit(double[] y) {
    if (BadInput.allFinite("points", y).length == 0) {
      throw new BadInput("points", "there is none");
    }
    double low = 0;
    double high = 1;
    while (high - low > 1e-9) {
      double span = GOLDEN * (high - low);
      if (best(high - span, y).error(y) < best(low + span, y).error(y)) {
        high = low + span;
      } else {
        low = high - span;
      }
    }
    return best((low + high) / 2, y);
  }

  /** The best start for this α: errors are linear in it, (1-α)^t of it is left at step t. */
  private static SimpleSmoothing best(double alpha, double[] y) {
    double level = 0;
    double left = 1;
    double product = 0;
    double square = 0;
    for (double value : y) {
      product += (value - level) * left;
      square += left * left;
      level = alpha * value + (1 - alpha) * level;
      left *= 1 - alpha;
    }
    return new SimpleSmoothing(alpha, product / square);
  }

  /** The level after the last value; also the forecast for every later one. */
  double level(double[] y) {
    double level = start;
    for (double value : y) {
      level = alpha * value + (1 - alpha) * level;
    }
    return level;
  }

  private double error(double[] y) {
    double level = start;
    double sum = 0;
    for (double value : y) {
      sum += (value - level) * (value - level);
      level = alpha * value + (1 - alpha) * level;
    }
    return sum;
  }
}
