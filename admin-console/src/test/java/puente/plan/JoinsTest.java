package puente.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDate;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** How long people wait to be taken in, by the published values of Erlang C. */
class JoinsTest {

  private static final LocalDate TODAY = LocalDate.of(2026, 11, 21);

  /** 20 people/s for half a second each are 10 erlangs, on 15 loops: C(10, 15). */
  @Test
  void theBusyHourIsAQueue() {
    Joins joins = inBusyHour(in(36_000, 15, 500), 1);
    assertEquals(20, joins.perSecond(), 1e-9);
    assertEquals(0.10204237, joins.waiting(), 5.0001e-9);
    assertEquals(0.10204237 * 0.5 / 5, joins.meanWaitSeconds(), 1e-8);
    assertEquals(joins.meanWaitSeconds(), joins.lastWaitsSeconds());
    assertEquals(0.10204237 * Math.exp(-5 * 0.25 / 0.5), joins.noticed(), 1e-8);
    assertEquals(10, inBusyHour(in(36_000, 15, 500), 2).perSecond(), 1e-9, "half of them each");
  }

  @Test
  void skewMeetsTheBusiest() {
    PlanInputs in = in(36_000, 15, 500).with(PlanField.SKEW, 1.5);
    assertEquals(30, inBusyHour(in, 1).perSecond(), 1e-9);
  }

  /** 3000 calls of 2 on 3 nodes: 2000 people come back to 2 nodes within 10 s, besides 10/s. */
  @Test
  void aLostNodesPeopleComeToTheOthers() {
    Joins lost = afterALoss(in(36_000, 15, 100), 3);
    assertEquals(10 + 100, lost.perSecond(), 1e-9);
    assertEquals(ErlangC.waiting(11, 15), lost.waiting(), 1e-12);
    Joins slow = afterALoss(in(36_000, 15, 1000), 3);
    assertEquals(1, slow.waiting());
    assertEquals(Double.POSITIVE_INFINITY, slow.meanWaitSeconds());
    assertEquals(
        10 * (110 / 15.0 - 1), slow.lastWaitsSeconds(), 1e-9, "a line that grows for 10 s");
  }

  /** The only node comes back itself, and with it all its people. */
  @Test
  void oneNodeTakesThemBack() {
    assertEquals(20 + 600, afterALoss(in(36_000, 15, 1), 1).perSecond(), 1e-9);
  }

  @Test
  void callsThatAreCountedAtOnceComeToo() {
    PlanInputs in = in(36_000, 15, 500).with(PlanField.CONCURRENT_CALLS, 3000);
    assertEquals(20, inBusyHour(in, 1).perSecond(), 1e-9);
    assertEquals(0, inBusyHour(in.with(PlanField.HOLD_SECONDS, 0), 1).perSecond());
  }

  /** It is in every plan, with its formula, and says when it is too long. */
  @Test
  void aPlanSaysIt() {
    Plan plan = Planner.plan(in(36_000, 15, 500), Outlook::of);
    Plan.Figure waiting = Objects.requireNonNull(plan.figures().get("joins.waiting"));
    assertTrue(waiting.formula().startsWith("C = N·B"));
    assertEquals(Origin.ASSUMED, waiting.origin());
    Plan slow = Planner.plan(in(36_000_000, 1, 500), Outlook::of);
    assertTrue(
        slow.warnings().stream().anyMatch(one -> one.startsWith("node.joinLoops are too few")),
        () -> slow.warnings().toString());
    Plan loss = Planner.plan(in(36_000, 2, 3).with(PlanField.RECONNECT_SECONDS, 0.1), Outlook::of);
    assertTrue(
        loss.warnings().stream().anyMatch(one -> one.startsWith("when a node is lost")),
        () -> loss.warnings().toString());
  }

  private static Joins inBusyHour(PlanInputs in, int nodes) {
    return Joins.inBusyHour(in, Offered.of(in), nodes);
  }

  private static Joins afterALoss(PlanInputs in, int nodes) {
    return Joins.afterALoss(in, Offered.of(in), nodes);
  }

  private static PlanInputs in(double bhca, int loops, double millis) {
    Map<PlanField, Quantity> given = new EnumMap<>(PlanField.class);
    Map.of(
            PlanField.BHCA, bhca,
            PlanField.HOLD_SECONDS, 300.0,
            PlanField.PARTICIPANTS, 2.0,
            PlanField.SKEW, 1.0,
            PlanField.JOIN_LOOPS, (double) loops,
            PlanField.JOIN_MS, millis,
            PlanField.JOIN_WAIT_MS, 250.0,
            PlanField.RECONNECT_SECONDS, 10.0)
        .forEach((field, value) -> given.put(field, Quantity.assumed(value)));
    PricePreset.Tier free = new PricePreset.Tier(Double.POSITIVE_INFINITY, 0);
    PricePreset prices =
        new PricePreset("own", "own", "EUR", TODAY, "", "", true, List.of(free), 0, 0);
    return new PlanInputs(
        TODAY,
        given,
        CallClass.DEFAULT_MIX,
        false,
        Growth.FROM_HISTORY,
        List.of(),
        Map.of(),
        prices,
        List.of(prices));
  }
}
