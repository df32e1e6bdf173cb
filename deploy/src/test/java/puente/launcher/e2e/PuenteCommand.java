package puente.launcher.e2e;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A command of the command line as the build just made it. */
final class PuenteCommand {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private PuenteCommand() {}

  static Program.Finished run(Path output, String... words) {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", path));
    command.add("puente.launcher.Puente");
    command.addAll(List.of(words));
    return Program.start(output, command.toArray(String[]::new)).finish(LIMIT);
  }
}
