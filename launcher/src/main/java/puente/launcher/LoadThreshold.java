package puente.launcher;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a measurement must not go beyond: {@code p99<20ms}, {@code lost<0.1%}, {@code failed<1}.
 *
 * @param limit in the unit of the measurement
 */
record LoadThreshold(String name, boolean below, double limit, String text) {
  private static final Pattern FORM =
      Pattern.compile("([a-z_0-9]+)\\s*([<>])\\s*([0-9.]+)\\s*(ms|s|%|kB)?");

  static LoadThreshold parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("not like p99<20ms, lost<0.1% or failed<1: " + text);
    }
    double limit = Double.parseDouble(matcher.group(3));
    boolean seconds = "s".equals(matcher.group(4));
    boolean below = matcher.group(2).equals("<");
    return new LoadThreshold(name(matcher.group(1)), below, seconds ? limit * 1000 : limit, text);
  }

  /** One figure, one name; the others are what people say. */
  private static String name(String said) {
    return switch (said) {
      case "loss" -> "lost";
      case "rtt_p50", "rtt_p90", "rtt_p99", "rtt_p999", "rtt_max" -> said.substring(4);
      default -> said;
    };
  }

  /** Whether what was measured keeps it; what was not measured does not. */
  boolean isKept(Map<String, Double> measured) {
    Double value = measured.get(name);
    return value != null && (below ? value < limit : value > limit);
  }

  String verdict(Map<String, Double> measured) {
    Double value = measured.get(name);
    String shown = value == null ? "not measured" : String.format(Locale.ROOT, "%.3f", value);
    return (isKept(measured) ? "kept    " : "BROKEN  ") + text + "   (" + shown + ")";
  }
}
