package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import puente.series.Figure;

/** When alerts open and end. */
class AlertsTest {

  private static final Alerts.Rule RULE =
      new Alerts.Rule("full", "warning", 0.85, 0.8, 3, 2, "#/nodes/{node}", v -> "at " + v, "Do");

  private final EventLog events = new EventLog("a");
  private final Alerts alerts = new Alerts(events);
  private long now = 1_000_000;

  private List<String> open() {
    return alerts.told(now).stream().filter(Alert::isOpen).map(Alert::text).toList();
  }

  private void measures(double... values) {
    for (double value : values) {
      now += 1000;
      alerts.judge(RULE, "n1", value, now);
    }
  }

  @Test
  void opensOnlyAfterAWhileAndEndsWellBelow() {
    measures(0.9, 0.9, 0.84, 0.9, 0.9);
    assertEquals(List.of(), open());
    measures(0.91);
    assertEquals(List.of("at 0.91"), open());
    // Between the thresholds nothing changes, nor by one good second, nor by one unknown.
    measures(0.82, 0.81, 0.84, 0.79, 0.81, 0.79, Double.NaN, 0.86);
    assertEquals(List.of("at 0.91"), open());
    measures(0.7, 0.7);
    assertEquals(List.of(), open());
    assertEquals(1, alerts.told(now).size(), "told as ended for a minute");
    now += 61_000;
    assertEquals(0, alerts.told(now).size());
  }

  @Test
  void writesOnceThatItOpensAndThatItEnds() {
    measures(1, 1, 1, 1, 1, 0, 0, 0, 0);
    assertEquals(
        List.of("ok No longer: at 1.0", "warning at 1.0. Do"),
        events.newest().stream().map(event -> event.severity() + " " + event.text()).toList());
    assertTrue(events.newest().stream().allMatch(event -> event.kind().equals("alert")));
  }

  @Test
  void aRuleMayNotEndAboveWhereItOpens() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new Alerts.Rule("x", "warning", 1, 2, 1, 1, "", v -> "", ""));
  }

  /** The figures of a busy second by themselves, then each that should ring. */
  @Test
  void eachRuleRingsForItsFigure() {
    float[] calm = new float[Figure.values().length];
    calm[Figure.PORTS_LIMIT.ordinal()] = 1000;
    calm[Figure.PORTS_USED.ordinal()] = 700;
    calm[Figure.ALLOC_LIMIT.ordinal()] = 1000;
    calm[Figure.ALLOC_TOTAL.ordinal()] = 990;
    calm[Figure.PROCESSOR.ordinal()] = 0.7f;
    calm[Figure.ANSWERS_401.ordinal()] = 500;
    assertEquals(List.of(), rung(calm, 0));
    assertEquals(List.of("egress:n1"), rung(with(calm, Figure.RELAY_DOWN, 90), 100));
    assertEquals(List.of("ports:n1"), rung(with(calm, Figure.PORTS_USED, 900), 0));
    assertEquals(
        List.of("ports-exhausted:n1", "ports:n1"), rung(with(calm, Figure.PORTS_USED, 990), 0));
    assertEquals(List.of("allocations:n1"), rung(with(calm, Figure.ALLOC_LIMIT, 999), 0));
    assertEquals(List.of("processor:n1"), rung(with(calm, Figure.PROCESSOR, 0.95f), 0));
    assertEquals(List.of("no-port:n1"), rung(with(calm, Figure.ANSWERS_508, 1), 0));
    assertEquals(List.of("auth-storm:n1"), rung(with(calm, Figure.AUTH_WRONG, 20), 0));
    assertEquals(List.of("stranger-storm:n1"), rung(with(calm, Figure.RATE_LIMITED, 200), 0));
    assertEquals(List.of("kernel-drops:n1"), rung(with(calm, Figure.KERNEL_DROPS, 5), 0));
    assertEquals(List.of("loop-lag:n1"), rung(with(calm, Figure.LOOP_LAG, 0.2f), 0));
  }

  @Test
  void aCertificateRingsOnceAndThenLouder() {
    long ends = 1_800_000_000;
    long day = 86_400;
    AlertRules.certificate(alerts, "n1", ends, (ends - 20 * day) * 1000);
    assertEquals(List.of(), open());
    AlertRules.certificate(alerts, "n1", ends, (ends - 10 * day) * 1000);
    assertEquals(List.of("The certificate ends in 10 days"), open());
    AlertRules.certificate(alerts, "n1", ends, (ends - 2 * day) * 1000);
    assertEquals(List.of("The certificate ends in 2 days"), open());
    AlertRules.certificate(alerts, "n1", ends, (ends - 2 * day + 1) * 1000);
    assertEquals(List.of("The certificate ends in 2 days"), open());
    AlertRules.certificate(alerts, "n1", ends + 5 * day, (ends - 2 * day) * 1000);
    assertEquals(List.of("The certificate ends in 7 days"), open());
    AlertRules.certificate(alerts, "n1", ends + 90 * day, (ends - 2 * day) * 1000);
    assertEquals(List.of(), open());
  }

  private static float[] with(float[] values, Figure figure, float value) {
    float[] more = Arrays.copyOf(values, values.length);
    more[figure.ordinal()] = value;
    return more;
  }

  /** What rings if it is like this for ten minutes. */
  private static List<String> rung(float[] values, double egressMax) {
    Alerts alerts = new Alerts(new EventLog("a"));
    for (int second = 0; second < 600; second++) {
      AlertRules.judge(alerts, "n1", values, egressMax, second * 1000L);
    }
    return alerts.told(600_000).stream().map(Alert::key).toList();
  }
}
