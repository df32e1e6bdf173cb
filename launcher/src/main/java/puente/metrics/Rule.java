package puente.metrics;

/** What Prometheus works out of the metrics: a series by a new name, or an alert. */
sealed interface Rule {

  /** In PromQL. */
  String expression();

  /**
   * A series by a new name.
   *
   * @param name level, what, and over which time, with colons between
   */
  record Recording(String name, String expression) implements Rule {}

  /**
   * Something that somebody should look at.
   *
   * @param lasting for how long it must be so
   * @param summary one sentence, with labels and the value as Prometheus' templates have them
   * @param advice what to do
   */
  record Alert(
      String name,
      String expression,
      String lasting,
      Severity severity,
      String summary,
      String advice)
      implements Rule {}

  /** How soon somebody should look. */
  enum Severity {
    WARNING,
    CRITICAL
  }
}
