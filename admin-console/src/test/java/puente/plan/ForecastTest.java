package puente.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which method carries a series on, and when it says the series will run out. */
class ForecastTest {
  private static final LocalDate TODAY = LocalDate.parse("2026-11-20");
  private static final double[] WEEK = {1.2, 1.1, 1.0, 1.05, 1.1, 0.8, 0.75};

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 6})
  void fewDaysAreNotEnough(int days) {
    Forecast forecast = of(daily(days, t -> t), 100, 30);
    assertEquals("collecting: " + days + " of 7 days", forecast.reason());
    assertNull(forecast.p50());
  }

  @Test
  void aStraightLineRunsOutOnTheDay() {
    Forecast forecast = of(daily(14, t -> 100 + 2 * t), 146, 60);
    assertEquals("theil-sen", forecast.model());
    assertEquals(TODAY.plusDays(10), forecast.p50());
    assertEquals(forecast.p10(), forecast.p90());
    assertEquals(128, forecast.series().getFirst().mean(), 1e-9);
  }

  @Test
  void beyondThirtyDaysTheTrendFades() {
    // 126 + 2 per day; after day 30 each step is 0.98 of the one before.
    Forecast forecast = of(daily(14, t -> 100 + 2 * t), 226, 90);
    double value = 126;
    double step = 2;
    int day = 0;
    while (value < 226) {
      value += step;
      day++;
      step *= day > 30 ? 0.98 : 1;
    }
    assertEquals(TODAY.plusDays(day), forecast.p50());
    assertTrue(day > 50);
  }

  @Test
  void aWeeklySeasonIsFound() {
    SplittableRandom random = new SplittableRandom(7);
    double[] y = daily(120, t -> (1000 + 5 * t) * WEEK[t % 7] + 10 * random.nextDouble());
    Outlook.Choice choice = Outlook.choose(y);
    assertEquals(ForecastMethod.HOLT_WINTERS_MUL, choice.method());
    assertTrue(choice.mase() < 0.6, () -> "MASE " + choice.mase());
    double[] sums = daily(120, t -> 1000 + 5 * t + 300 * WEEK[t % 7] + 10 * random.nextDouble());
    assertEquals(ForecastMethod.HOLT_WINTERS_ADD, Outlook.choose(sums).method());
  }

  @Test
  void theDayIsInsideItsBand() {
    SplittableRandom random = new SplittableRandom(7);
    double[] y = daily(120, t -> (1000 + 5 * t) * WEEK[t % 7] + 60 * random.nextDouble());
    Forecast forecast = of(y, 2050, 180);
    LocalDate p10 = known(forecast.p10());
    LocalDate p50 = known(forecast.p50());
    LocalDate p90 = known(forecast.p90());
    assertTrue(!p10.isAfter(p50) && !p50.isAfter(p90));
    // The season's top, 1.2 (1600 + 5 d), reaches 2050 after some 22 days.
    assertEquals(22, ChronoUnit.DAYS.between(TODAY, p50), 8);
    for (Forecast.Day day : forecast.series()) {
      assertTrue(day.low() <= day.high());
    }
    assertEquals(forecast, of(y, 2050, 180), "the same seed, the same answer");
  }

  @Test
  void whatDoesNotGrowHasNoDay() {
    Forecast falling = of(daily(60, t -> 500 - t), 600, 90);
    assertEquals("it does not grow", falling.reason());
    assertNull(falling.p10());
    SplittableRandom random = new SplittableRandom(3);
    double[] jump = daily(60, t -> t < 57 ? 100 + random.nextDouble() : 400 + 50 * t);
    assertTrue(!of(jump, 9000, 90).reason().isEmpty() || of(jump, 9000, 90).mase() <= 1);
  }

  @Test
  void whatIsReachedIsToday() {
    Forecast forecast = of(daily(30, t -> 100 + t), 120, 90);
    assertEquals(TODAY, forecast.p50());
  }

  @Test
  void beyondTheHorizonIsNoDay() {
    Forecast forecast = of(daily(14, t -> 100 + 2 * t), 1e9, 60);
    assertNull(forecast.p10());
    assertEquals("", forecast.reason());
    assertEquals(60, forecast.series().size());
  }

  /** The days are those on which one future after the other, walked along, reaches the limit. */
  @ParameterizedTest
  @ValueSource(doubles = {1990, 2050, 2400, 2600, 3500})
  void theDaysAreThoseOfTheFutures(double limit) {
    SplittableRandom random = new SplittableRandom(7);
    double[] y = daily(120, t -> (1000 + 5 * t) * WEEK[t % 7] + 60 * random.nextDouble());
    Forecast forecast = of(y, limit, 180);
    double[][] byDay =
        Outlook.futures(Outlook.choose(y).method().fit(y), question(y, limit, 180).series());
    double[] first = new double[Outlook.FUTURES];
    for (int future = 0; future < first.length; future++) {
      int day = 0;
      while (day < 180 && byDay[day][future] < limit) {
        day++;
      }
      first[future] = day;
    }
    Arrays.sort(first);
    assertEquals(day(first, 0.1), forecast.p10());
    assertEquals(day(first, 0.5), forecast.p50());
    assertEquals(day(first, 0.9), forecast.p90());
  }

  private static @Nullable LocalDate day(double[] first, double share) {
    double day = Numbers.quantile(first, share);
    return day == 180 ? null : TODAY.plusDays((long) day + 1);
  }

  /** fpp3 §8.7 has the closed form of what the drawn paths estimate. */
  @Test
  void drawnPathsSpreadAsHoltSays() {
    SplittableRandom random = new SplittableRandom(11);
    double[] y = daily(400, t -> 10_000 + 3 * t + 40 * random.nextDouble());
    Holt walk = Holt.start(y, 0.4, 0.1, 1);
    double[] residuals = new double[300];
    Arrays.setAll(residuals, i -> random.nextDouble() - 0.5);
    double variance = Numbers.squares(residuals) / residuals.length;
    ForecastMethod.Fitted fitted = new ForecastMethod.Fitted(walk, residuals);
    double[][] byDay = Outlook.futures(fitted, new Outlook.Series(y, 20, 1));
    for (int h : new int[] {1, 5, 20}) {
      double[] then = byDay[h - 1];
      double mean = Arrays.stream(then).average().orElse(0);
      double spread = Arrays.stream(then).map(v -> Math.pow(v - mean, 2)).average().orElse(0);
      double expected = variance * Holt.varianceFactor(0.4, 0.1, h);
      assertEquals(1, spread / expected, 0.15, "h=" + h);
    }
  }

  @Test
  void extremes() {
    assertEquals("it does not grow", of(daily(40, t -> 0), 10, 30).reason());
    Forecast huge = of(daily(40, t -> 1e300 * (1 + t / 100.0)), 1.6e300, 30);
    assertTrue(huge.reason().isEmpty() || huge.mase() > 1 || Double.isNaN(huge.mase()));
    assertEquals(
        "history.daily.egressBps[3]",
        assertThrows(BadInput.class, () -> of(daily(9, t -> t == 3 ? Double.NaN : 1), 10, 30))
            .field());
    assertThrows(BadInput.class, () -> of(daily(9, t -> t), 10, 0));
    assertThrows(BadInput.class, () -> of(daily(801, t -> t), 10, 30));
  }

  private static LocalDate known(@Nullable LocalDate date) {
    return Objects.requireNonNull(date);
  }

  private static double[] daily(int days, IntToDoubleFunction value) {
    double[] y = new double[days];
    Arrays.setAll(y, value);
    return y;
  }

  private static Forecast of(double[] y, double limit, int horizon) {
    return Forecast.of(question(y, limit, horizon));
  }

  private static Forecast.Question question(double[] y, double limit, int horizon) {
    return new Forecast.Question("egressBps", TODAY, y, limit, horizon, 1);
  }
}
