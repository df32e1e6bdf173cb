package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every command of README and guides does what it says: the blocks of a page are run one after the
 * other, in a network of their own where the usual ports are free, with the build under test as
 * ./puente. What is left out is named.
 */
@Tag("e2e")
@Timeout(400)
class GuideCommandsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Duration LIMIT = Duration.ofSeconds(300);
  private static final String AWAIT =
      """
      for attempt in $(seq 600); do
        curl -fs -o /dev/null http://127.0.0.1:9641/readyz && break
        kill -0 $server || { cat server.log; exit 1; }
        sleep 0.1
      done
      """;

  /** A fenced block; {@code info} is what stands behind the fence. */
  private record Block(int line, String info, String text) {
    boolean isShell() {
      return info.equals("sh") || info.startsWith("sh ");
    }

    boolean isLeftOut() {
      return info.startsWith("sh skip=\"") && info.endsWith("\"");
    }

    boolean isBackground() {
      return info.equals("sh background");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"README.md", "docs/OPERATORS.md", "docs/DEVELOPERS.md", "docs/MIGRATION.md"})
  void everyCommandWorks(String page) throws Exception {
    assumeTrue(ServerProcess.isPuente(), "our guides");
    Program.require("bash", "curl", "unshare", "ip", "python3");
    List<Block> blocks =
        blocks(Files.readString(ROOT.resolve(page))).stream().filter(Block::isShell).toList();
    assertTrue(!blocks.isEmpty(), page);
    Path folder =
        Files.createDirectories(
            Path.of("target", "e2e", "guide-" + page.replaceAll("\\W+", "-")).toAbsolutePath());
    try (var old = Files.walk(folder.resolve("state"))) {
      old.sorted(java.util.Comparator.reverseOrder()).forEach(GuideCommandsTest::delete);
    } catch (java.nio.file.NoSuchFileException | java.io.UncheckedIOException first) {
      // There was no run before.
    }
    shim(folder);
    Path script = Files.writeString(folder.resolve("page.sh"), script(page, blocks));
    var builder =
        new ProcessBuilder("unshare", "--net", "bash", script.toString())
            .directory(folder.toFile());
    builder.environment().put("PUENTE_STATE_DIR", folder.resolve("state").toString());
    builder.environment().put("DEMO", Files.createTempDirectory(folder, "demo").toString());
    Program program = Program.start(builder, folder.resolve("page.out"));
    var done = program.finish(LIMIT);
    assumeTrue(
        !done.output().contains("unshare: unshare failed"),
        "commands of " + page + ": no right to make a network namespace");
    assertEquals(0, done.exit(), done::output);
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException kept) {
      throw new java.io.UncheckedIOException(kept);
    }
  }

  private static String script(String page, List<Block> blocks) {
    StringBuilder script = new StringBuilder("set -euo pipefail\nip link set lo up\n");
    script.append(
        "server=\ntrap '[ -z \"$server\" ] || { kill $server; wait $server || :; }' EXIT\n");
    for (Block block : blocks) {
      String at = page + ":" + block.line();
      if (block.isLeftOut()) {
        System.err.println("GuideCommandsTest leaves out " + at + ": " + block.info());
        continue;
      }
      script.append("echo '== ").append(at).append("'\n");
      if (block.isBackground()) {
        // Replaced by the command itself, so that the kill reaches it.
        script.append("[ -z \"$server\" ] || { kill $server; wait $server || :; }\n");
        script.append("exec_once() { exec ").append(block.text().strip()).append("\n}\n");
        script.append("exec_once > server.log 2>&1 &\nserver=$!\n").append(AWAIT);
      } else {
        script.append(block.text());
      }
    }
    return script.toString();
  }

  /** The build under test in the place of the script that would build it once more. */
  private static void shim(Path folder) throws IOException {
    var path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    String classes =
        Arrays.stream(path.split(File.pathSeparator))
            .filter(entry -> !entry.endsWith("test-classes"))
            .collect(Collectors.joining(File.pathSeparator));
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Path shim = folder.resolve("puente");
    Files.writeString(
        shim,
        "#!/bin/sh\nexec "
            + java
            + " --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:+UseCompactObjectHeaders"
            + " -XX:TieredStopAtLevel=1 -cp '"
            + classes
            + "' puente.launcher.Puente \"$@\"\n");
    Files.setPosixFilePermissions(shim, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static List<Block> blocks(String text) {
    List<Block> blocks = new ArrayList<>();
    String info = null;
    int start = 0;
    StringBuilder block = new StringBuilder();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (line.startsWith("```") && info == null) {
        info = line.substring(3);
        start = number;
        block.setLength(0);
      } else if (line.equals("```") && info != null) {
        blocks.add(new Block(start, info, block.toString()));
        info = null;
      } else {
        block.append(line).append('\n');
      }
    }
    return blocks;
  }

  /** Whoever writes a guide marks what cannot be run, in the one way that is listed. */
  @Test
  void everyBlockSaysWhatItIs() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (String page :
        List.of(
            "README.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
            "docs/OPERATORS.md",
            "docs/DEVELOPERS.md",
            "docs/MIGRATION.md")) {
      String text = Files.readString(ROOT.resolve(page), StandardCharsets.UTF_8);
      for (Block block : blocks(text)) {
        boolean known =
            block.isLeftOut()
                || block.isBackground()
                || List.of("sh", "js", "json", "text").contains(block.info());
        if (!known) {
          wrong.add(page + ":" + block.line() + ": " + block.info());
        }
      }
      // An indented command is one that nobody runs.
      text.lines()
          .filter(line -> line.startsWith("    ./puente"))
          .forEach(line -> wrong.add(page + ": " + line));
      wrong.addAll(deadLinks(page, text));
    }
    assertEquals(List.of(), wrong);
  }

  private static List<String> deadLinks(String page, String text) {
    Path folder = ROOT.resolve(page).getParent();
    return java.util.regex.Pattern.compile("\\]\\(([^)#:]+)\\)")
        .matcher(text)
        .results()
        .map(link -> link.group(1))
        .filter(link -> folder == null || !Files.exists(folder.resolve(link)))
        .map(link -> page + ": no " + link)
        .toList();
  }
}
