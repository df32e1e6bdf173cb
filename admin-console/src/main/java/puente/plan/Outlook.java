package puente.plan;

import java.util.Arrays;
import java.util.SplittableRandom;
import puente.plan.ForecastMethod.Fitted;

/**
 * Where a daily series goes, whatever its limit is: the costly half of a {@link Forecast}, which
 * changes only with the series. Whoever asks what if about demand, nodes or prices needs it once.
 */
public final class Outlook {

  /** What a series is carried on from, to where, and with which dice. Equal if all numbers are. */
  public record Series(double[] daily, int horizonDays, long seed) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Series(double[] days, int horizon, long dice)
          && horizon == horizonDays
          && dice == seed
          && Arrays.equals(days, daily);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * Arrays.hashCode(daily) + horizonDays) + Long.hashCode(seed);
    }
  }

  /** How many of the futures. */
  enum Share {
    TENTH(0.1),
    HALF(0.5),
    NINE_TENTHS(0.9);

    private final double share;

    Share(double share) {
      this.share = share;
    }

    int ofAll() {
      return (int) Math.ceil(share * FUTURES);
    }
  }

  static final int FUTURES = 1000;
  private static final int DAYS_FOR_SEASONS = 28;
  private static final int FOLDS = 4;

  /** Further ahead the trend fades. */
  private static final int TREND_DAYS = 30;

  private final String model;
  private final double mase;
  private final String refusal;
  private final double[] mean;
  private final double[] low;
  private final double[] high;

  /** Of each share, by day: what so many of the futures have reached by then. */
  private final double[][] reached;

  private Outlook(Choice choice, Fitted fitted, int days) {
    model = choice.method.label();
    mase = choice.mase;
    refusal = refusal(fitted.walk(), mase);
    mean = new double[days];
    low = new double[days];
    high = new double[days];
    reached = new double[Share.values().length][days];
  }

  /** Works it out. */
  public static Outlook of(Series series) {
    Choice choice = choose(series.daily);
    Fitted fitted = choice.method.fit(series.daily);
    Outlook outlook = new Outlook(choice, fitted, series.horizonDays);
    outlook.expect(fitted.walk().copy());
    outlook.look(futures(fitted, series));
    return outlook;
  }

  String model() {
    return model;
  }

  /** The model's error against the naive one's; above 1 it is worse than no model. */
  double mase() {
    return mase;
  }

  /** Why no day should be named; empty if there is no reason. */
  String refusal() {
    return refusal;
  }

  /** What is expected, by day. */
  double[] mean() {
    return mean;
  }

  /** Between this and {@link #high} are 80 % of the futures. */
  double[] low() {
    return low;
  }

  double[] high() {
    return high;
  }

  /** The first day on which so many of the futures have reached the limit; after the last: none. */
  int dayOf(Share share, double limit) {
    double[] by = reached[share.ordinal()];
    int day = 0;
    while (day < by.length && by[day] < limit) {
      day++;
    }
    return day;
  }

  /** The method of the least error from rolling origins, and that error. */
  record Choice(ForecastMethod method, double mase) {}

  static Choice choose(double[] y) {
    if (y.length < DAYS_FOR_SEASONS) {
      int held = Math.max(1, Math.min(ForecastMethod.WEEK, y.length / 3));
      double error = error(ForecastMethod.THEIL_SEN, y, y.length - held, held);
      return new Choice(ForecastMethod.THEIL_SEN, scaled(error, naiveError(y, 1)));
    }
    ForecastMethod best = ForecastMethod.SEASONAL_NAIVE;
    double least = Double.POSITIVE_INFINITY;
    for (ForecastMethod method : ForecastMethod.of(y)) {
      double error = 0;
      // The last of the origins leaves one week to be foretold, the first four.
      for (int fold = Math.min(FOLDS, y.length / 7 - 2); fold >= 1; fold--) {
        error += error(method, y, y.length - 7 * fold, ForecastMethod.WEEK);
      }
      if (error < least) {
        least = error;
        best = method;
      }
    }
    double mae = least / Math.min(FOLDS, y.length / 7 - 2);
    return new Choice(best, scaled(mae, naiveError(y, ForecastMethod.WEEK)));
  }

  /** The mean absolute error over {@code held} days from an origin on. */
  private static double error(ForecastMethod method, double[] y, int origin, int held) {
    Walk walk = method.fit(Arrays.copyOf(y, origin)).walk();
    double sum = 0;
    for (int i = 0; i < held; i++) {
      double expected = walk.expected();
      sum += Math.abs(y[origin + i] - expected);
      walk.observe(expected);
    }
    return sum / held;
  }

  private static double naiveError(double[] y, int period) {
    double sum = 0;
    for (int t = period; t < y.length; t++) {
      sum += Math.abs(y[t] - y[t - period]);
    }
    return sum / (y.length - period);
  }

  private static double scaled(double error, double naive) {
    if (naive == 0) {
      return error == 0 ? 0 : Double.POSITIVE_INFINITY;
    }
    return error / naive;
  }

  private static String refusal(Walk walk, double mase) {
    if (walk.slope() <= 0) {
      return "it does not grow";
    }
    return mase > 1 ? "no model beats the naive one here" : "";
  }

  /** Possible futures by day: the method fed with its own errors, drawn again. */
  static double[][] futures(Fitted fitted, Series series) {
    SplittableRandom random = new SplittableRandom(series.seed);
    double[] errors = centred(fitted.residuals());
    double[][] byDay = new double[series.horizonDays][FUTURES];
    for (int future = 0; future < FUTURES; future++) {
      Walk walk = fitted.walk().copy();
      for (int day = 0; day < byDay.length; day++) {
        double value = Math.max(0, walk.expected() + errors[random.nextInt(errors.length)]);
        byDay[day][future] = value;
        walk.observe(value);
        fade(walk, day);
      }
    }
    return byDay;
  }

  private static double[] centred(double[] residuals) {
    double mean = Arrays.stream(residuals).average().orElse(0);
    return Arrays.stream(residuals).map(residual -> residual - mean).toArray();
  }

  private static void fade(Walk walk, int day) {
    if (day >= TREND_DAYS) {
      walk.damp(ForecastMethod.PHI);
    }
  }

  private void expect(Walk walk) {
    for (int day = 0; day < mean.length; day++) {
      mean[day] = Math.max(0, walk.expected());
      walk.observe(mean[day]);
      fade(walk, day);
    }
  }

  private void look(double[][] byDay) {
    double[] highest = new double[FUTURES];
    for (int day = 0; day < byDay.length; day++) {
      double[] values = byDay[day];
      for (int future = 0; future < FUTURES; future++) {
        highest[future] = Math.max(highest[future], values[future]);
      }
      Arrays.sort(values);
      low[day] = values[Share.TENTH.ofAll() - 1];
      high[day] = values[Share.NINE_TENTHS.ofAll() - 1];
      // So many have reached it: those above it in the order.
      double[] ordered = highest.clone();
      Arrays.sort(ordered);
      for (Share share : Share.values()) {
        reached[share.ordinal()][day] = ordered[FUTURES - share.ofAll()];
      }
    }
  }
}
