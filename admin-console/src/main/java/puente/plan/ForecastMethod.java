package puente.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import puente.plan.HoltWinters.Season;
import puente.plan.HoltWinters.Smoothing;

/** The ways a daily series is carried on; each learns what it has to from the series itself. */
enum ForecastMethod {
  SEASONAL_NAIVE("seasonal-naive(m=7)"),
  THEIL_SEN("theil-sen"),
  DAMPED_HOLT("damped-holt(phi=0.98)"),
  HOLT_WINTERS_ADD("holt-winters-add(m=7)"),
  HOLT_WINTERS_MUL("holt-winters-mul(m=7)");

  /** Days. */
  static final int WEEK = 7;

  static final double PHI = 0.98;

  /** At 0 a method never learns, at 1 it forgets everything at once. */
  private static final double WEIGHT_MIN = 0.01;

  private static final double WEIGHT_MAX = 0.99;

  private static final double[][] STARTS = {{0.3, 0.05, 0.1}, {0.7, 0.2, 0.3}, {0.1, 0.01, 0.5}};

  private final String label;

  ForecastMethod(String label) {
    this.label = label;
  }

  String label() {
    return label;
  }

  /** At the end of a series, with the errors that it made on the way. */
  record Fitted(Walk walk, double[] residuals) {}

  /** Those that this series is long enough and positive enough for. */
  static List<ForecastMethod> of(double[] y) {
    List<ForecastMethod> methods = new ArrayList<>(List.of(values()));
    if (Arrays.stream(y).anyMatch(value -> value <= 0)) {
      methods.remove(HOLT_WINTERS_MUL);
    }
    return methods;
  }

  Fitted fit(double[] y) {
    return switch (this) {
      case SEASONAL_NAIVE -> along(SeasonalNaive.start(y, WEEK), y, WEEK);
      case THEIL_SEN -> along(TheilSen.start(y), y, 0);
      case DAMPED_HOLT -> {
        Holt start = Holt.start(y, 0, 0, PHI);
        double[] best = search(2, w -> start.with(w[0], w[1]).squaredErrors(y));
        yield along(start.with(best[0], best[1]), y, 0);
      }
      case HOLT_WINTERS_ADD -> holtWinters(y, Season.ADDITIVE);
      case HOLT_WINTERS_MUL -> holtWinters(y, Season.MULTIPLICATIVE);
    };
  }

  private static Fitted holtWinters(double[] y, Season season) {
    HoltWinters start = HoltWinters.start(y, WEEK, season, new Smoothing(0, 0, 0));
    double[] best = search(3, w -> start.with(smoothing(w)).squaredErrors(y, WEEK));
    return along(start.with(smoothing(best)), y, WEEK);
  }

  private static Smoothing smoothing(double[] weights) {
    return new Smoothing(weights[0], weights[1], weights[2]);
  }

  private static Fitted along(Walk walk, double[] y, int from) {
    double[] residuals = new double[y.length - from];
    for (int t = from; t < y.length; t++) {
      residuals[t - from] = y[t] - walk.expected();
      walk.observe(y[t]);
    }
    return new Fitted(walk, residuals);
  }

  /** The weights of the least error, by trying neighbours ever nearer (Hooke and Jeeves, 1961). */
  private static double[] search(int weights, ToDoubleFunction<double[]> error) {
    double[] best = Arrays.copyOf(STARTS[0], weights);
    double least = Double.POSITIVE_INFINITY;
    for (double[] start : STARTS) {
      double[] at = Arrays.copyOf(start, weights);
      double here = error.applyAsDouble(at);
      for (double step = 0.2; step > 0.005; step /= 2) {
        here = settle(at, here, step, error);
      }
      if (here < least) {
        least = here;
        best = at;
      }
    }
    return best;
  }

  /** Moves to better neighbours while there are any. */
  private static double settle(
      double[] at, double here, double step, ToDoubleFunction<double[]> error) {
    double least = here;
    boolean moved = true;
    for (int round = 0; moved && round < 20; round++) {
      moved = false;
      for (int i = 0; i < 2 * at.length; i++) {
        double before = at[i / 2];
        at[i / 2] = Math.clamp(before + (i % 2 == 0 ? step : -step), WEIGHT_MIN, WEIGHT_MAX);
        double there = error.applyAsDouble(at);
        if (there < least) {
          least = there;
          moved = true;
        } else {
          at[i / 2] = before;
        }
      }
    }
    return least;
  }
}
