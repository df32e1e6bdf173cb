package puente.plan;

import java.time.LocalDate;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * All that a plan is made from.
 *
 * @param given numbers that somebody gave or measured; the rest are defaults
 * @param mix what relayed calls are
 * @param isMixGiven or it is the default
 * @param usl measured throughput of one node in packets/s; may be empty
 * @param dailyByResource busy-hour maxima, one a day, the last of yesterday
 * @param preset whose prices
 * @param alternatives whose prices to compare with
 */
public record PlanInputs(
    LocalDate asOf,
    Map<PlanField, Quantity> given,
    List<CallClass> mix,
    boolean isMixGiven,
    Growth growth,
    List<Usl.Point> usl,
    Map<String, double[]> dailyByResource,
    PricePreset preset,
    List<PricePreset> alternatives) {

  public PlanInputs {
    Map<PlanField, Quantity> checked = new EnumMap<>(PlanField.class);
    given.forEach(
        (field, quantity) -> {
          BadInput.within(field.path(), quantity.value(), field.min(), field.max());
          checked.put(field, quantity);
        });
    given = checked;
    mix = CallClass.checked(mix);
    if (!given.containsKey(PlanField.BHCA) && !given.containsKey(PlanField.CONCURRENT_CALLS)) {
      throw new BadInput("demand.bhca", "say how many calls: bhca or concurrentCalls");
    }
    if (value(given, PlanField.SURVIVE_ZONES) >= value(given, PlanField.ZONES)
        && value(given, PlanField.SURVIVE_ZONES) > 0) {
      throw new BadInput("policy.zones", "to survive zones there must be more than are lost");
    }
    if (value(given, PlanField.MEMORY_BASE) >= value(given, PlanField.MEMORY)) {
      throw new BadInput("node.memoryBytes", "is all taken before any call");
    }
    for (String resource : dailyByResource.keySet()) {
      if (!Sizing.RESOURCES.contains(resource)) {
        throw new BadInput("history.daily." + resource, "is none of " + Sizing.RESOURCES);
      }
    }
  }

  public double value(PlanField field) {
    return value(given, field);
  }

  public boolean has(PlanField field) {
    return given.containsKey(field);
  }

  public Quantity quantity(PlanField field) {
    return given.getOrDefault(field, new Quantity(field.fallback(), Origin.DEFAULT, ""));
  }

  /** The same but for one number: what if? */
  public PlanInputs with(PlanField field, double value) {
    Map<PlanField, Quantity> changed = new EnumMap<>(PlanField.class);
    changed.putAll(given);
    changed.put(field, Quantity.assumed(Math.clamp(value, field.min(), field.max())));
    return new PlanInputs(
        asOf, changed, mix, isMixGiven, growth, usl, dailyByResource, preset, alternatives);
  }

  /** The number of calls that demand is given as. */
  PlanField callsField() {
    return has(PlanField.CONCURRENT_CALLS) ? PlanField.CONCURRENT_CALLS : PlanField.BHCA;
  }

  private static double value(Map<PlanField, Quantity> given, PlanField field) {
    Quantity quantity = given.get(field);
    return quantity == null ? field.fallback() : quantity.value();
  }
}
