package puente.plan;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes a plan as maps, lists, texts and numbers, ready for JSON. docs/CAPACITY.md describes it. */
public final class PlanDocument {
  /** Grows when a field changes its meaning or goes; new fields do not count. */
  static final int SCHEMA_VERSION = 1;

  private PlanDocument() {}

  public static Map<String, @Nullable Object> write(Plan plan) {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("schemaVersion", SCHEMA_VERSION);
    document.put("asOf", plan.inputs().asOf().toString());
    document.put("inputs", inputs(plan.inputs()));
    document.put("offered", offered(plan));
    document.put("perResource", plan.resources().stream().map(PlanDocument::resource).toList());
    document.put("nodes", nodes(plan));
    document.put("scenarios", plan.scenarios().stream().map(PlanDocument::scenario).toList());
    document.put("forecast", plan.forecasts().stream().map(PlanDocument::forecast).toList());
    document.put("cost", cost(plan.cost()));
    document.put("sensitivity", plan.sensitivities().stream().map(PlanDocument::delta).toList());
    Map<String, @Nullable Object> explain = new LinkedHashMap<>();
    plan.figures().forEach((path, figure) -> explain.put(path, figure(figure)));
    document.put("explain", explain);
    document.put("warnings", plan.warnings());
    return document;
  }

  private static Map<String, @Nullable Object> inputs(PlanInputs in) {
    Map<String, @Nullable Object> inputs = new LinkedHashMap<>();
    for (PlanField field : PlanField.values()) {
      Quantity quantity = in.quantity(field);
      Map<String, @Nullable Object> one = new LinkedHashMap<>();
      one.put("value", number(quantity.value()));
      one.put("unit", field.unit());
      one.put("origin", Double.isNaN(quantity.value()) ? "none" : quantity.origin().word());
      one.put("from", quantity.from());
      one.put("meaning", field.meaning());
      inputs.put(field.path(), one);
    }
    List<Object> mix = new ArrayList<>();
    for (CallClass part : in.mix()) {
      mix.add(
          ordered(
              "class",
              part.name(),
              "share",
              part.share(),
              "kbps",
              part.kbps(),
              "pps",
              part.pps(),
              "oneWay",
              part.isOneWay()));
    }
    inputs.put(
        "demand.mix",
        ordered("value", mix, "origin", in.isMixGiven() ? "assumed" : Origin.DEFAULT.word()));
    inputs.put(
        "demand.growth",
        ordered("kind", in.growth().kind().word(), "value", number(in.growth().value())));
    return inputs;
  }

  private static Map<String, @Nullable Object> offered(Plan plan) {
    Map<String, @Nullable Object> offered = new LinkedHashMap<>();
    String prefix = "offered.";
    plan.figures()
        .forEach(
            (path, figure) -> {
              if (path.startsWith(prefix)) {
                offered.put(path.substring(prefix.length()), number(figure.value()));
              }
            });
    return offered;
  }

  private static Map<String, @Nullable Object> resource(Plan.Resource resource) {
    return ordered(
        "resource",
        resource.name(),
        "demand",
        number(resource.demand()),
        "nodeCapacity",
        number(resource.nodeCapacity()),
        "unit",
        resource.unit(),
        "utilisation",
        number(resource.utilisation()),
        "nodes",
        resource.nodes(),
        "binding",
        resource.isBinding());
  }

  private static Map<String, @Nullable Object> nodes(Plan plan) {
    Fleet fleet = plan.fleet();
    Map<String, @Nullable Object> nodes =
        ordered(
            "base",
            fleet.base(),
            "withNPlus",
            fleet.withNPlus(),
            "withZoneLoss",
            fleet.withZoneLoss(),
            "perZone",
            fleet.perZone(),
            "recommended",
            fleet.recommended());
    nodes.put("running", number(plan.inputs().value(PlanField.NODES_RUNNING)));
    return nodes;
  }

  private static Map<String, @Nullable Object> scenario(Plan.Scenario scenario) {
    Map<String, @Nullable Object> used = new LinkedHashMap<>();
    scenario.utilisation().forEach((resource, share) -> used.put(resource, number(share)));
    return ordered(
        "name",
        scenario.name(),
        "nodes",
        scenario.nodes(),
        "utilisation",
        used,
        "blocking",
        number(scenario.blocking()),
        "ok",
        scenario.isOk(),
        "nodesNeeded",
        scenario.needed());
  }

  private static Map<String, @Nullable Object> forecast(Forecast forecast) {
    List<Object> series = new ArrayList<>();
    for (Forecast.Day day : forecast.series()) {
      series.add(
          ordered(
              "t",
              day.date().toString(),
              "mean",
              number(day.mean()),
              "lo",
              number(day.low()),
              "hi",
              number(day.high())));
    }
    Map<String, @Nullable Object> one =
        ordered(
            "resource",
            forecast.resource(),
            "limit",
            number(forecast.limit()),
            "now",
            number(forecast.now()),
            "model",
            forecast.model());
    one.put("mase", number(forecast.mase()));
    one.put("p10", forecast.p10() == null ? null : forecast.p10().toString());
    one.put("p50", forecast.p50() == null ? null : forecast.p50().toString());
    one.put("p90", forecast.p90() == null ? null : forecast.p90().toString());
    one.put("reason", forecast.reason());
    one.put("series", series);
    return one;
  }

  private static Map<String, @Nullable Object> cost(Plan.Cost cost) {
    List<Object> alternatives = new ArrayList<>();
    for (Plan.Alternative other : cost.alternatives()) {
      alternatives.add(
          ordered(
              "preset",
              other.preset(),
              "currency",
              other.currency(),
              "asOf",
              other.asOf().toString(),
              "verified",
              other.isVerified(),
              "egress",
              other.egress()));
    }
    return ordered(
        "currency",
        cost.currency(),
        "preset",
        cost.preset(),
        "asOf",
        cost.asOf().toString(),
        "source",
        cost.source(),
        "egressGB",
        number(cost.egressGb()),
        "egress",
        cost.egress(),
        "nodes",
        cost.nodes(),
        "publicIps",
        cost.publicIps(),
        "interZone",
        cost.interZone(),
        "total",
        cost.total(),
        "perRelayedCallHour",
        number(cost.perRelayedCallHour()),
        "alternatives",
        alternatives);
  }

  private static Map<String, @Nullable Object> delta(Plan.Sensitivity sensitivity) {
    BigDecimal[] egress = sensitivity.egress();
    return ordered(
        "input",
        sensitivity.input().path(),
        "delta",
        number(sensitivity.delta()),
        "nodes",
        List.of(sensitivity.nodes()[0], sensitivity.nodes()[1]),
        "egress",
        List.of(egress[0], egress[1]));
  }

  private static Map<String, @Nullable Object> figure(Plan.Figure figure) {
    return ordered(
        "value",
        number(figure.value()),
        "unit",
        figure.unit(),
        "origin",
        figure.origin().word(),
        "formula",
        figure.formula(),
        "inputs",
        figure.inputs(),
        "source",
        figure.source());
  }

  /** Whole numbers without a point, and nothing for what JSON has no number for. */
  private static @Nullable Object number(double value) {
    if (!Double.isFinite(value)) {
      return null;
    }
    boolean isWhole = value == Math.rint(value) && Math.abs(value) < 1e15;
    return isWhole ? (Object) (long) value : (Object) value;
  }

  private static Map<String, @Nullable Object> ordered(@Nullable Object... namesAndValues) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
    }
    return map;
  }
}
