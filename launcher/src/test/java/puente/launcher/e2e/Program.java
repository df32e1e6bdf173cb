package puente.launcher.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A foreign program, run with a time limit, its output in a file beside it. */
final class Program implements AutoCloseable {

  /** How a program ended and everything it printed. */
  record Finished(int exit, String output) {}

  private final Process process;
  private final Path output;
  private final List<String> command;

  private Program(Process process, Path output, List<String> command) {
    this.process = process;
    this.output = output;
    this.command = command;
  }

  static Program start(ProcessBuilder builder, Path output) {
    try {
      Files.createDirectories(output.toAbsolutePath().getParent());
      var process =
          builder
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      return new Program(process, output, builder.command());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Program start(Path output, String... command) {
    return start(new ProcessBuilder(command), output);
  }

  /** Leaves the test out, and says so where a reader of the build sees it. */
  static void require(String... names) {
    for (var name : names) {
      if (!present(name)) {
        System.err.println("LEFT OUT: this end-to-end test needs " + name + " (./puente test)");
        Assumptions.abort(name + " is not installed");
      }
    }
  }

  static boolean present(String name) {
    return name.startsWith("/")
        ? Files.isExecutable(Path.of(name))
        : Arrays.stream(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
  }

  /** The end of the program; one that outlasts its limit is ended and is an error. */
  Finished finish(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        end();
        throw new AssertionError(command + " outlasted " + limit + "\n" + output());
      }
      return new Finished(process.exitValue(), output());
    } catch (InterruptedException e) {
      end();
      throw new IllegalStateException(e);
    }
  }

  /** Asks once, politely; then does not ask. */
  void end() {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** What still runs when a test has failed would take the processor from the next one. */
  @Override
  public void close() {
    if (process.isAlive()) {
      end();
    }
  }

  void signal(String name) {
    var done = start(output.resolveSibling("kill.out"), "kill", "-" + name, "" + process.pid());
    var result = done.finish(Duration.ofSeconds(5));
    if (result.exit() != 0) {
      throw new AssertionError("kill -" + name + ": " + result.output());
    }
  }

  boolean alive() {
    return process.isAlive();
  }

  /** True when the program ended within the time. */
  boolean endsWithin(Duration time) {
    try {
      return process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  long pid() {
    return process.pid();
  }

  Path outputFile() {
    return output;
  }

  String output() {
    try {
      return new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
