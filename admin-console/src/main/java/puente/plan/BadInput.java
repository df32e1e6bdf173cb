package puente.plan;

import java.util.Locale;

/** A number or word that no plan can be made of, with the name of the field it stands in. */
public final class BadInput extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final String field;

  public BadInput(String field, String complaint) {
    super(field + ": " + complaint);
    this.field = field;
  }

  public String field() {
    return field;
  }

  /** The value, if it is a number within the bounds. */
  static double within(String field, double value, double min, double max) {
    // Written so that NaN fails, too.
    if (!(value >= min && value <= max)) {
      throw new BadInput(
          field, text(value) + " is not a number from " + text(min) + " to " + text(max));
    }
    return value;
  }

  static double notNegative(String field, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new BadInput(field, text(value) + " is not a finite number of 0 or more");
    }
    return value;
  }

  static double[] allFinite(String field, double[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new BadInput(field + "[" + i + "]", text(values[i]) + " is not a finite number");
      }
    }
    return values;
  }

  private static String text(double value) {
    boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
    return whole ? String.format(Locale.ROOT, "%.0f", value) : Double.toString(value);
  }
}
