package puente.launcher;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;

/**
 * What a command gets from outside; a test gives its own.
 *
 * @param out for data
 * @param err for everything else
 * @param directory what relative names are relative to
 */
record Surroundings(
    Map<String, String> environment,
    PrintStream out,
    PrintStream err,
    Path directory,
    Clock clock) {
  static Surroundings ofProcess() {
    return new Surroundings(
        System.getenv(),
        new PrintStream(System.out, true, StandardCharsets.UTF_8),
        new PrintStream(System.err, true, StandardCharsets.UTF_8),
        Path.of("").toAbsolutePath(),
        Clock.systemUTC());
  }
}
