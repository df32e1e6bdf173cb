package puente.plan;

/** How demand is said to grow, where its history does not tell. */
public record Growth(Kind kind, double value) {

  /** What the value means. */
  public enum Kind {
    /** Nothing: the history tells. */
    HISTORY("history"),
    /** So many per cent more each month, compounded. */
    PERCENT_PER_MONTH("percentPerMonth"),
    /** So many times today's demand at the horizon, by even steps of ratio. */
    TARGET("target");

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    public String word() {
      return word;
    }
  }

  static final Growth FROM_HISTORY = new Growth(Kind.HISTORY, 0);

  private static final double DAYS_PER_MONTH = 365.25 / 12;

  public Growth {
    switch (kind) {
      case HISTORY -> {}
      case PERCENT_PER_MONTH -> BadInput.within("demand.growth.value", value, -99, 1000);
      case TARGET -> BadInput.within("demand.growth.value", value, 0.01, 1000);
    }
  }

  public static Growth of(String word, double value) {
    for (Kind kind : Kind.values()) {
      if (kind.word.equals(word)) {
        return new Growth(kind, value);
      }
    }
    throw new BadInput("demand.growth.kind", "is history, percentPerMonth or target");
  }

  /** Demand after a day, against that of the day before. */
  double perDay(double horizonDays) {
    return switch (kind) {
      case HISTORY -> 1;
      case PERCENT_PER_MONTH -> Math.pow(1 + value / 100, 1 / DAYS_PER_MONTH);
      case TARGET -> Math.pow(value, 1 / horizonDays);
    };
  }
}
