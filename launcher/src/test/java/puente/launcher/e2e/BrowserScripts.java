package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The scripts that drive Chromium, and what they need from npm: fetched once, pinned by digest. */
final class BrowserScripts {

  static final String CHROMIUM = "/usr/bin/chromium";
  static final Path WORK = Path.of("target/e2e/browser").toAbsolutePath();

  private static final Path SOURCES = Path.of("src/test/e2e").toAbsolutePath();

  private BrowserScripts() {}

  /** Leaves the test out where the browser or the packages are not to be had. */
  static void require() {
    Program.require(CHROMIUM, "node", "npm");
    try {
      install();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a script with Chromium and these arguments; its output is kept beside the server's. */
  static Program start(Path output, String script, String... arguments) {
    List<String> command = new ArrayList<>(List.of("node", script, CHROMIUM));
    command.addAll(List.of(arguments));
    return Program.start(new ProcessBuilder(command).directory(WORK.toFile()), output);
  }

  /** Every part of the script came out well. */
  static void assertPassed(Program script, Duration limit, ServerProcess server) {
    try (script) {
      var result = script.finish(limit);
      assertEquals(0, result.exit(), () -> failed(result.output()) + "\n" + server.log());
      System.out.print(result.output());
    }
  }

  /** What failed comes first: of a message, a summary shows one line. */
  private static String failed(String output) {
    return Stream.concat(
            output.lines().filter(line -> line.contains("\"ok\":false")), output.lines())
        .collect(Collectors.joining("\n"));
  }

  private static void install() throws IOException {
    Files.createDirectories(WORK);
    try (var files = Files.list(SOURCES)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, WORK.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    var lock = WORK.resolve("node_modules/lock");
    var wanted = Files.readString(SOURCES.resolve("package-lock.json"));
    if (Files.exists(lock) && Files.readString(lock).equals(wanted)) {
      return;
    }
    var done =
        Program.start(
                new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
                    .directory(WORK.toFile()),
                WORK.resolve("npm.out"))
            .finish(Duration.ofSeconds(120));
    if (done.exit() != 0) {
      System.err.println("LEFT OUT: the tests in Chromium: npm cannot fetch their packages");
      Assumptions.abort(done.output());
    }
    Files.writeString(lock, wanted);
  }
}
