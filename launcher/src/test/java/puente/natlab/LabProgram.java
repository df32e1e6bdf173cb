package puente.natlab;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import puente.chaos.Namespace;

/** {@code puente} with some words, inside a namespace; what it says can be waited for. */
final class LabProgram implements AutoCloseable {
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

  private final Process process;
  private final List<String> said = new ArrayList<>();
  private final String title;

  LabProgram(Namespace namespace, Path folder, List<String> words) {
    List<String> command = new ArrayList<>(Arrays.asList(namespace.inside()));
    command.addAll(program());
    command.addAll(words);
    title = String.join(" ", words);
    try {
      ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
      builder.environment().put("NO_COLOR", "1");
      process = builder.redirectErrorStream(false).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    listen(process.getInputStream(), "");
    listen(process.getErrorStream(), "! ");
  }

  /** What was built, by its own script; in a test of the build, the classes beside the tests. */
  private static List<String> program() {
    String script = System.getProperty("puente.script", "");
    if (!script.isEmpty()) {
      return List.of(script);
    }
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    String classes =
        Arrays.stream(path.split(File.pathSeparator))
            .filter(entry -> !entry.endsWith("test-classes"))
            .collect(Collectors.joining(File.pathSeparator));
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-XX:+UseCompactObjectHeaders",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        classes,
        "puente.launcher.Puente");
  }

  private void listen(InputStream from, String mark) {
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try (BufferedReader reader =
                  new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                  hear(mark + line);
                }
              } catch (IOException gone) {
                hear(mark + gone.getMessage());
              }
            });
  }

  private synchronized void hear(String line) {
    said.add(line);
    notifyAll();
  }

  /** The first line that contains this; empty if it does not come in time or at all any more. */
  String await(String part, Duration patience) {
    return await(part, patience, 0);
  }

  /** How many lines it has said. */
  synchronized int count() {
    return said.size();
  }

  /** The same, of the lines after the first so many. */
  synchronized String await(String part, Duration patience, int after) {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      for (String line : said.subList(Math.min(after, said.size()), said.size())) {
        if (line.contains(part)) {
          return line;
        }
      }
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0 || !process.isAlive() && left < patience.toMillis() - 2_000) {
        return "";
      }
      try {
        wait(Math.min(left, 500));
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  void type(String line) {
    try {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException gone) {
      hear("! it takes no more: " + gone.getMessage());
    }
  }

  void endOfInput() {
    try {
      process.getOutputStream().close();
    } catch (IOException gone) {
      hear("! " + gone.getMessage());
    }
  }

  /** The exit code; -1 if it does not end. */
  int exit(Duration patience) {
    try {
      return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS) ? process.exitValue() : -1;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Without a chance to say so. */
  void kill() {
    process.destroyForcibly();
    exit(STOP_LIMIT);
  }

  boolean running() {
    return process.isAlive();
  }

  synchronized String all() {
    return title + "\n  " + String.join("\n  ", said);
  }

  @Override
  public void close() {
    end();
  }

  /** As ^C does. */
  void end() {
    process.destroy();
    if (exit(STOP_LIMIT) < 0) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
