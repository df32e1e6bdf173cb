package puente.plan;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import puente.plan.ForecastMethod.Fitted;

/**
 * A daily series carried on to the day its limit is reached, or a reason why no day is named.
 *
 * @param now the last value
 * @param model how it was carried on; empty if it was not
 * @param mase its error against the naive one's; above 1 it is worse than no model; NaN: unknown
 * @param p10 the day before which the limit is reached in 10 % of the futures; null: beyond the
 *     horizon
 * @param reason why there are no days; empty if there are
 */
public record Forecast(
    String resource,
    double limit,
    double now,
    String model,
    double mase,
    @Nullable LocalDate p10,
    @Nullable LocalDate p50,
    @Nullable LocalDate p90,
    String reason,
    List<Day> series) {

  /** One day to come, and the band that holds 80 % of the futures. */
  public record Day(LocalDate date, double mean, double low, double high) {}

  /** What is carried on, from when, to where, and with which dice. */
  public record Question(
      String resource, LocalDate asOf, double[] daily, double limit, int horizonDays, long seed) {}

  static final int DAYS_MIN = 7;
  static final int DAYS_FOR_SEASONS = 28;
  static final int HISTORY_DAYS_MAX = 800;
  static final int HORIZON_DAYS_MAX = 1100;

  private static final int FOLDS = 4;
  private static final int PATHS = 1000;

  /** Further ahead the trend fades. */
  private static final int TREND_DAYS = 30;

  /** Carries the series on. */
  public static Forecast of(Question question) {
    double[] y = question.daily;
    String field = "history.daily." + question.resource;
    BadInput.within(field, BadInput.allFinite(field, y).length, 0, HISTORY_DAYS_MAX);
    BadInput.within("horizonDays", question.horizonDays, 1, HORIZON_DAYS_MAX);
    if (y.length < DAYS_MIN) {
      return without(question, "", Double.NaN, "collecting: " + y.length + " of 7 days");
    }
    Choice choice = choose(y);
    Fitted fitted = choice.method.fit(y);
    if (y[y.length - 1] >= question.limit) {
      LocalDate today = question.asOf;
      return answer(question, choice, new Days(today, today, today), "", List.of());
    }
    double[][] paths = paths(fitted, question);
    List<Day> series = series(fitted.walk(), paths, question);
    String reason = refusal(fitted.walk(), choice.mase);
    return answer(
        question, choice, reason.isEmpty() ? days(paths, question) : Days.NONE, reason, series);
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

  /** Possible futures: the method fed with its own errors, drawn again. */
  static double[][] paths(Fitted fitted, Question question) {
    SplittableRandom random = new SplittableRandom(question.seed);
    double[] errors = centred(fitted.residuals());
    double[][] paths = new double[PATHS][question.horizonDays];
    for (double[] path : paths) {
      Walk walk = fitted.walk().copy();
      for (int day = 0; day < path.length; day++) {
        path[day] = Math.max(0, walk.expected() + errors[random.nextInt(errors.length)]);
        walk.observe(path[day]);
        fade(walk, day);
      }
    }
    return paths;
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

  private static List<Day> series(Walk end, double[][] paths, Question question) {
    List<Day> series = new ArrayList<>();
    double[] column = new double[paths.length];
    Walk walk = end.copy();
    for (int day = 0; day < question.horizonDays; day++) {
      double mean = Math.max(0, walk.expected());
      walk.observe(mean);
      fade(walk, day);
      int at = day;
      Arrays.setAll(column, i -> paths[i][at]);
      Arrays.sort(column);
      LocalDate date = question.asOf.plusDays(day + 1L);
      series.add(new Day(date, mean, Numbers.quantile(column, 0.1), Numbers.quantile(column, 0.9)));
    }
    return series;
  }

  private static Days days(double[][] paths, Question question) {
    double[] first = new double[paths.length];
    for (int i = 0; i < paths.length; i++) {
      int day = 0;
      while (day < paths[i].length && paths[i][day] < question.limit) {
        day++;
      }
      first[i] = day;
    }
    Arrays.sort(first);
    return new Days(
        date(Numbers.quantile(first, 0.1), question),
        date(Numbers.quantile(first, 0.5), question),
        date(Numbers.quantile(first, 0.9), question));
  }

  private static @Nullable LocalDate date(double day, Question question) {
    return day >= question.horizonDays ? null : question.asOf.plusDays((long) day + 1);
  }

  private static Forecast without(Question question, String model, double mase, String reason) {
    double now = question.daily.length == 0 ? 0 : question.daily[question.daily.length - 1];
    return new Forecast(
        question.resource, question.limit, now, model, mase, null, null, null, reason, List.of());
  }

  private static Forecast answer(
      Question question, Choice choice, Days days, String reason, List<Day> series) {
    Forecast bare = without(question, choice.method.label(), choice.mase, reason);
    return new Forecast(
        bare.resource,
        bare.limit,
        bare.now,
        bare.model,
        bare.mase,
        days.p10,
        days.p50,
        days.p90,
        reason,
        series);
  }

  private record Days(@Nullable LocalDate p10, @Nullable LocalDate p50, @Nullable LocalDate p90) {
    static final Days NONE = new Days(null, null, null);
  }
}
