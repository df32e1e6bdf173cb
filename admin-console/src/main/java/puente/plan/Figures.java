package puente.plan;

import java.util.LinkedHashMap;
import java.util.Map;
import puente.plan.Plan.Figure;

/** Writes down each number with its formula, what went into it, and whose formula it is. */
final class Figures {
  private final PlanInputs in;
  private final Map<String, Figure> byPath = new LinkedHashMap<>();

  Figures(PlanInputs in) {
    this.in = in;
  }

  Map<String, Figure> byPath() {
    return byPath;
  }

  /**
   * @param from what it is made of: {@link PlanField}s, or paths of figures written before
   */
  void add(String path, double value, String unit, String formula, String source, Object... from) {
    Origin origin = Origin.MEASURED;
    Map<String, String> inputs = new LinkedHashMap<>();
    for (Object one : from) {
      Figure part = part(one);
      origin = origin.weaker(part.origin());
      String text = Text.number(part.value()) + (part.unit().isEmpty() ? "" : " " + part.unit());
      String name = one instanceof PlanField field ? field.path() : one.toString();
      inputs.put(name, text + " (" + part.origin().word() + ")");
    }
    byPath.put(path, new Figure(value, unit, origin, formula, inputs, source));
  }

  private Figure part(Object one) {
    if (one instanceof PlanField field) {
      Quantity quantity = in.quantity(field);
      return new Figure(
          quantity.value(), field.unit(), quantity.origin(), "", Map.of(), quantity.from());
    }
    Figure figure = byPath.get(one.toString());
    if (figure == null) {
      throw new IllegalStateException("no figure " + one);
    }
    return figure;
  }
}
