package puente.doctor;

import java.util.List;

/** What a test looks for in a diagnosis. */
public final class Findings {
  private Findings() {}

  /** The one of this name, which must be there. */
  public static Finding named(List<Finding> all, String name) {
    return all.stream()
        .filter(one -> one.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is not in " + all));
  }
}
