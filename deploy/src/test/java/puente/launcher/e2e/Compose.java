package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The program of that name, for one project.
 *
 * @param engine what {@code DOCKER_HOST} names it by; empty where none is needed
 */
record Compose(
    String project, List<Path> files, Map<String, String> environment, String engine, Path work) {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** Runs a command that must succeed; returns what it printed. */
  String must(String... words) {
    List<String> command = new ArrayList<>(List.of("docker-compose", "-p", project));
    for (Path file : files) {
      command.add("-f");
      command.add(file.toString());
    }
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    if (!engine.isEmpty()) {
      builder.environment().put("DOCKER_HOST", engine);
    }
    Program.Finished done =
        Program.start(builder, work.resolve("compose-" + words[0] + ".out")).finish(LIMIT);
    assertEquals(0, done.exit(), String.join(" ", command) + "\n" + done.output());
    return done.output();
  }
}
