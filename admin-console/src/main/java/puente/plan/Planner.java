package puente.plan;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import puente.plan.Plan.Resource;
import puente.plan.Plan.Scenario;
import puente.plan.Plan.Sensitivity;

/** Makes a plan: how many nodes the busy hour takes, and how long they will do. */
public final class Planner {
  /** One seed for all: who asks twice gets one answer. */
  public static final long SEED = 8656;

  /** A share of people who wait noticeably that is worth a word. */
  private static final double NOTICED_MAX = 0.01;

  private final PlanInputs in;
  private final Function<Outlook.Series, Outlook> outlooks;
  private final Offered offered;
  private final double packetRate;
  private final Sizing sizing;
  private final List<String> warnings = new ArrayList<>();

  private Planner(PlanInputs in, Function<Outlook.Series, Outlook> outlooks) {
    this.in = in;
    this.outlooks = outlooks;
    offered = Offered.of(in);
    packetRate = packetRate();
    sizing = new Sizing(in, offered, packetRate);
  }

  /**
   * @param outlooks where a series goes, worked out ({@link Outlook#of}) or known from before
   */
  public static Plan plan(PlanInputs inputs, Function<Outlook.Series, Outlook> outlooks) {
    return new Planner(inputs, outlooks).plan();
  }

  private Plan plan() {
    Fleet fleet = fleet();
    int running = running(fleet);
    List<Resource> resources = resources(fleet);
    warn();
    warnOfWaiting(running);
    return new Plan(
        in,
        PlanFigures.of(in, offered, sizing, fleet, packetRate),
        resources,
        fleet,
        scenarios(running),
        forecasts(running),
        Costs.of(in, offered, fleet),
        sensitivities(),
        List.copyOf(warnings));
  }

  /** A node's best packet rate, from a load test if there is one. */
  private double packetRate() {
    if (in.usl().isEmpty()) {
      if (!in.has(PlanField.PPS_CAPACITY)) {
        warnings.add("node.ppsCapacity is a default, not of your machines: measure one under load");
      }
      return in.value(PlanField.PPS_CAPACITY);
    }
    Usl fit = Usl.fit(in.usl());
    fit.doubts(in.usl()).forEach(doubt -> warnings.add("node.usl: " + doubt));
    double most = in.usl().stream().mapToDouble(Usl.Point::x).max().orElse(0);
    // Without crosstalk the fit has no peak; what was never seen is not counted on.
    return fit.beta() == 0 ? most : Math.min(fit.peakThroughput(), 1.05 * most);
  }

  private Fleet fleet() {
    int base = 1;
    for (String resource : Sizing.RESOURCES) {
      base = Math.max(base, sizing.nodes(resource));
    }
    return Fleet.of(
        base,
        (int) in.value(PlanField.SURVIVE_NODES),
        (int) in.value(PlanField.ZONES),
        (int) in.value(PlanField.SURVIVE_ZONES));
  }

  /** What the scenarios and the forecasts are about: what runs, or what should. */
  private int running(Fleet fleet) {
    return in.has(PlanField.NODES_RUNNING)
        ? (int) in.value(PlanField.NODES_RUNNING)
        : fleet.recommended();
  }

  private List<Resource> resources(Fleet fleet) {
    List<Resource> resources = new ArrayList<>();
    for (String name : Sizing.RESOURCES) {
      int nodes = sizing.nodes(name);
      resources.add(
          new Resource(
              name,
              sizing.demand(name),
              sizing.usable(name),
              PlanFigures.unit(name),
              sizing.utilisation(name, fleet.recommended()),
              nodes,
              nodes == fleet.base() && fleet.base() > 1));
    }
    return resources;
  }

  private void warn() {
    if (in.has(PlanField.BHCA) && in.has(PlanField.CONCURRENT_CALLS)) {
      warnings.add("demand.concurrentCalls is used, demand.bhca is not");
    }
    if (!in.has(PlanField.RELAY_RATIO)) {
      warnings.add("demand.relayRatio is a default: networks differ from 0.05 to 0.45");
    }
    if (!in.isMixGiven()) {
      warnings.add("demand.mix is a default: 60 % 720p video, 40 % voice");
    }
    if (!in.has(PlanField.NODE_HOUR)) {
      warnings.add("price.nodeHour is not given: nodes cost nothing in this plan");
    }
    if (!in.preset().isVerified()) {
      warnings.add("the prices of " + in.preset().id() + " were not compared with the provider's");
    }
  }

  /** Nodes are not bought for it: more loops, or clients that come back over a longer time, are. */
  private void warnOfWaiting(int nodes) {
    double wait = in.value(PlanField.JOIN_WAIT_MS) / 1000;
    Joins busy = Joins.inBusyHour(in, offered, nodes);
    Joins lost = Joins.afterALoss(in, offered, nodes);
    if (busy.noticed() > NOTICED_MAX) {
      warnings.add("node.joinLoops are too few for the busy hour: people wait to be taken in");
    } else if (lost.lastWaitsSeconds() > wait) {
      warnings.add(
          String.format(
              Locale.ROOT,
              "when a node is lost, the last of its people wait %.1f s to come in elsewhere",
              lost.lastWaitsSeconds()));
    }
  }

  private List<Scenario> scenarios(int nodes) {
    List<Scenario> scenarios = new ArrayList<>();
    scenarios.add(scenario("as planned", in, nodes));
    scenarios.add(scenario("lose a node", in, nodes - 1));
    int zones = (int) in.value(PlanField.ZONES);
    if (zones > 1) {
      scenarios.add(scenario("lose a zone", in, nodes - Math.ceilDiv(nodes, zones)));
    }
    scenarios.add(scenario("traffic x2", traffic(2), nodes));
    scenarios.add(scenario("relay ratio 40 %", in.with(PlanField.RELAY_RATIO, 0.4), nodes));
    return scenarios;
  }

  private PlanInputs traffic(double times) {
    PlanField calls = in.callsField();
    PlanInputs more = in.with(calls, in.value(calls) * times);
    return in.has(PlanField.ALLOCATIONS)
        ? more.with(PlanField.ALLOCATIONS, in.value(PlanField.ALLOCATIONS) * times)
        : more;
  }

  private Scenario scenario(String name, PlanInputs changed, int nodes) {
    Sizing then = new Sizing(changed, Offered.of(changed), packetRate);
    int needed = 1;
    for (String resource : Sizing.RESOURCES) {
      needed = Math.max(needed, then.nodes(resource));
    }
    return new Scenario(
        name,
        nodes,
        nodes == 0 ? Map.of() : then.utilisation(nodes),
        then.blocking(nodes),
        then.isEnough(nodes),
        needed);
  }

  private List<Forecast> forecasts(int nodes) {
    List<Forecast> forecasts = new ArrayList<>();
    for (String resource : Sizing.RESOURCES) {
      double limit = nodes * sizing.usable(resource) / in.value(PlanField.SKEW);
      double[] daily = in.dailyByResource().get(resource);
      if (in.growth().kind() != Growth.Kind.HISTORY) {
        forecasts.add(assumed(resource, limit));
      } else if (daily != null) {
        int horizon = (int) in.value(PlanField.HORIZON_DAYS);
        Forecast.Question question =
            new Forecast.Question(resource, in.asOf(), daily, limit, horizon, SEED);
        forecasts.add(Forecast.of(question, outlooks));
      }
    }
    return forecasts;
  }

  /** Growth as it was said to be: one future, without a band. */
  private Forecast assumed(String resource, double limit) {
    int horizon = (int) in.value(PlanField.HORIZON_DAYS);
    double perDay = in.growth().perDay(horizon);
    double now = sizing.demand(resource);
    List<Forecast.Day> series = new ArrayList<>();
    LocalDate full = now >= limit ? in.asOf() : null;
    for (int day = 1; day <= horizon; day++) {
      double then = now * Math.pow(perDay, day);
      LocalDate date = in.asOf().plusDays(day);
      series.add(new Forecast.Day(date, then, then, then));
      if (full == null && then >= limit) {
        full = date;
      }
    }
    String model = "assumed growth (" + in.growth().kind().word() + ")";
    String reason = full == null && perDay <= 1 ? "it does not grow" : "";
    return new Forecast(resource, limit, now, model, Double.NaN, full, full, full, reason, series);
  }

  private List<Sensitivity> sensitivities() {
    PlanField calls = in.callsField();
    List<Sensitivity> all = new ArrayList<>();
    all.add(sensitivity(calls, 0.1 * in.value(calls)));
    all.add(sensitivity(PlanField.RELAY_RATIO, 0.05));
    if (in.usl().isEmpty()) {
      all.add(sensitivity(PlanField.PPS_CAPACITY, 0.2 * in.value(PlanField.PPS_CAPACITY)));
    }
    all.add(sensitivity(PlanField.SKEW, 0.1));
    return all;
  }

  private Sensitivity sensitivity(PlanField field, double delta) {
    int[] nodes = new int[2];
    BigDecimal[] egress = new BigDecimal[2];
    for (int i = 0; i < 2; i++) {
      PlanInputs off = in.with(field, in.value(field) + (i == 0 ? -delta : delta));
      Planner then = new Planner(off, outlooks);
      nodes[i] = then.fleet().base();
      egress[i] = in.preset().egress(then.offered.egressGbPerMonth());
    }
    return new Sensitivity(field, delta, nodes, egress);
  }
}
