package puente.plan;

import java.util.Locale;

/** Where a number comes from, the most trustworthy first. */
public enum Origin {
  MEASURED,
  ASSUMED,
  DEFAULT;

  /** A result is as good as the weakest of what it is made of. */
  Origin weaker(Origin other) {
    return compareTo(other) >= 0 ? this : other;
  }

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Origin of(String field, String word) {
    for (Origin origin : values()) {
      if (origin.word().equals(word)) {
        return origin;
      }
    }
    throw new BadInput(field, "is measured, assumed or default");
  }
}
