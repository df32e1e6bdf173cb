package puente.plan;

/**
 * A number with its past.
 *
 * @param from what measured it or who assumed it; may be empty
 */
public record Quantity(double value, Origin origin, String from) {

  public static Quantity assumed(double value) {
    return new Quantity(value, Origin.ASSUMED, "");
  }
}
