package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.time.LocalDate;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import puente.plan.Forecast;
import puente.plan.Outlook;

/** What has been worked out once is not again, and nothing is answered for another series. */
class KnownOutlooksTest {
  private final KnownOutlooks outlooks = new KnownOutlooks();

  @Test
  void equalNumbersAreOneSeries() {
    Outlook first = outlooks.apply(series(90, 5));
    assertSame(first, outlooks.apply(series(90, 5)));
    assertNotSame(first, outlooks.apply(series(91, 5)), "one day more");
    assertNotSame(first, outlooks.apply(series(90, 6)), "other numbers");
    assertNotSame(first, outlooks.apply(new Outlook.Series(days(90, 5), 61, 1)), "further ahead");
    assertNotSame(first, outlooks.apply(new Outlook.Series(days(90, 5), 60, 2)), "other dice");
    assertEquals(5, outlooks.size());
  }

  @Test
  void anotherLimitIsAnsweredAsIfNothingWasKnown() {
    Forecast before = Forecast.of(question(days(90, 5), 1800), outlooks);
    Forecast after = Forecast.of(question(days(90, 5), 1850), outlooks);
    assertEquals(1, outlooks.size());
    assertEquals(Forecast.of(question(days(90, 5), 1850)), after);
    assertNotEquals(before.p50(), after.p50());
  }

  @Test
  void theLastUsedAreKept() {
    Outlook kept = outlooks.apply(series(30, 0));
    for (int i = 1; i <= 2 * KnownOutlooks.SERIES_MAX; i++) {
      outlooks.apply(series(30, i));
      assertSame(kept, outlooks.apply(series(30, 0)));
    }
    assertEquals(KnownOutlooks.SERIES_MAX, outlooks.size());
  }

  private static Outlook.Series series(int days, int growth) {
    return new Outlook.Series(days(days, growth), 60, 1);
  }

  private static Forecast.Question question(double[] days, double limit) {
    return new Forecast.Question("egress", LocalDate.parse("2026-11-20"), days, limit, 60, 1);
  }

  private static double[] days(int count, int growth) {
    double[] days = new double[count];
    Arrays.setAll(days, day -> 1000 + growth * day + 50 * (day % 7));
    return days;
  }
}
