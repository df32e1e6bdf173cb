package puente.plan;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;

/** The answer: how many nodes, why, for how long, and at what price. */
public record Plan(
    PlanInputs inputs,
    Map<String, Figure> figures,
    List<Resource> resources,
    Fleet fleet,
    List<Scenario> scenarios,
    List<Forecast> forecasts,
    Cost cost,
    List<Sensitivity> sensitivities,
    List<String> warnings) {

  /**
   * A number that explains itself.
   *
   * @param inputs what went into the formula, by path, as text with unit and origin
   */
  public record Figure(
      double value,
      String unit,
      Origin origin,
      String formula,
      Map<String, String> inputs,
      String source) {}

  /**
   * @param utilisation of the busiest of the recommended nodes
   */
  public record Resource(
      String name,
      double demand,
      double nodeCapacity,
      String unit,
      double utilisation,
      int nodes,
      boolean isBinding) {}

  /**
   * What if.
   *
   * @param nodes that are left to carry it
   * @param needed to carry it within the targets
   */
  public record Scenario(
      String name,
      int nodes,
      Map<String, Double> utilisation,
      double blocking,
      boolean isOk,
      int needed) {}

  /** Per month. */
  public record Cost(
      String preset,
      String currency,
      LocalDate asOf,
      String source,
      double egressGb,
      BigDecimal egress,
      BigDecimal nodes,
      BigDecimal publicIps,
      BigDecimal interZone,
      BigDecimal total,
      double perRelayedCallHour,
      List<Alternative> alternatives) {}

  /** The same bytes elsewhere. */
  public record Alternative(
      String preset, String currency, LocalDate asOf, boolean isVerified, BigDecimal egress) {}

  /** What follows when one number is wrong by {@code delta}. */
  public record Sensitivity(PlanField input, double delta, int[] nodes, BigDecimal[] egress) {}

  public double figure(String path) {
    Figure figure = figures.get(path);
    if (figure == null) {
      throw new IllegalArgumentException("no figure " + path);
    }
    return figure.value;
  }
}
