package puente.launcher;

import java.nio.file.Path;

/**
 * Where a value came from.
 *
 * @param source which kind of place; a later constant is more important
 * @param place the place in words, such as {@code turnserver.conf:12} or {@code --realm}
 */
record Origin(Source source, String place) {
  /** In ascending importance. */
  enum Source {
    DEFAULT,
    FILE,
    ENVIRONMENT,
    FLAG
  }

  /** Added by an operator over the admin API; kept in the state directory. */
  static final Origin CONSOLE = new Origin(Source.FLAG, "console");

  static final Origin BUILT_IN = new Origin(Source.DEFAULT, "default");

  /** A default that depends on the surroundings or on another setting. */
  static Origin derived(String why) {
    return new Origin(Source.DEFAULT, why);
  }

  static Origin file(Path file, int line) {
    return new Origin(Source.FILE, file + ":" + line);
  }

  static Origin environment(String variable) {
    return new Origin(Source.ENVIRONMENT, variable);
  }

  static Origin flag(String option) {
    return new Origin(Source.FLAG, option);
  }

  @Override
  public String toString() {
    return SafeText.excerpt(place, 300);
  }
}
