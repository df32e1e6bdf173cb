package puente.plan;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Numbers for people. */
public final class Text {
  private static final MathContext SIX_DIGITS = new MathContext(6, RoundingMode.HALF_EVEN);

  private Text() {}

  /** Six digits, grouped, without zeros at the end: 372,000 or 0.12 or 1.5e-12. */
  public static String number(double value) {
    if (!Double.isFinite(value)) {
      return Double.isNaN(value) ? "unknown" : value > 0 ? "no limit" : "-no limit";
    }
    double size = Math.abs(value);
    if (size != 0 && (size < 1e-4 || size >= 1e15)) {
      return String.format(Locale.ROOT, "%.3g", value);
    }
    BigDecimal rounded =
        size >= 1e6
            ? BigDecimal.valueOf(value).setScale(0, RoundingMode.HALF_EVEN)
            : new BigDecimal(value).round(SIX_DIGITS);
    BigDecimal bare = rounded.signum() == 0 ? BigDecimal.ZERO : rounded.stripTrailingZeros();
    return String.format(Locale.ROOT, "%,." + Math.max(0, bare.scale()) + "f", bare);
  }
}
