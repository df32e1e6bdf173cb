package puente.plan;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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
      String resource, LocalDate asOf, double[] daily, double limit, int horizonDays, long seed) {
    Outlook.Series series() {
      return new Outlook.Series(daily, horizonDays, seed);
    }
  }

  static final int DAYS_MIN = 7;
  static final int HISTORY_DAYS_MAX = 800;
  static final int HORIZON_DAYS_MAX = 1100;

  /** Carries the series on. */
  public static Forecast of(Question question) {
    return of(question, Outlook::of);
  }

  /**
   * Carries the series on.
   *
   * @param outlooks where the series goes, worked out or known from before
   */
  public static Forecast of(Question question, Function<Outlook.Series, Outlook> outlooks) {
    double[] y = question.daily;
    String field = "history.daily." + question.resource;
    BadInput.within(field, BadInput.allFinite(field, y).length, 0, HISTORY_DAYS_MAX);
    BadInput.within("horizonDays", question.horizonDays, 1, HORIZON_DAYS_MAX);
    if (y.length < DAYS_MIN) {
      double now = y.length == 0 ? 0 : y[y.length - 1];
      String reason = "collecting: " + y.length + " of 7 days";
      return new Forecast(
          question.resource,
          question.limit,
          now,
          "",
          Double.NaN,
          null,
          null,
          null,
          reason,
          List.of());
    }
    Outlook outlook = outlooks.apply(question.series());
    if (y[y.length - 1] >= question.limit) {
      LocalDate today = question.asOf;
      return answer(question, outlook, new Days(today, today, today), "", List.of());
    }
    String reason = outlook.refusal();
    Days days = reason.isEmpty() ? days(outlook, question) : Days.NONE;
    return answer(question, outlook, days, reason, series(outlook, question));
  }

  private static List<Day> series(Outlook outlook, Question question) {
    List<Day> series = new ArrayList<>(question.horizonDays);
    for (int day = 0; day < question.horizonDays; day++) {
      LocalDate date = question.asOf.plusDays(day + 1L);
      series.add(new Day(date, outlook.mean()[day], outlook.low()[day], outlook.high()[day]));
    }
    return series;
  }

  private static Days days(Outlook outlook, Question question) {
    return new Days(
        date(outlook.dayOf(Outlook.Share.TENTH, question.limit), question),
        date(outlook.dayOf(Outlook.Share.HALF, question.limit), question),
        date(outlook.dayOf(Outlook.Share.NINE_TENTHS, question.limit), question));
  }

  private static @Nullable LocalDate date(int day, Question question) {
    return day >= question.horizonDays ? null : question.asOf.plusDays(day + 1L);
  }

  private static Forecast answer(
      Question question, Outlook outlook, Days days, String reason, List<Day> series) {
    return new Forecast(
        question.resource,
        question.limit,
        question.daily[question.daily.length - 1],
        outlook.model(),
        outlook.mase(),
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
