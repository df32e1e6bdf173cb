package puente.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/**
 * Clients that are not ours, beside the load: coturn's {@code turnutils_uclient} and two agents of
 * aioice, as far as they are installed. Each talks through one node for some seconds.
 */
final class Foreigners {

  private static final Duration BEGIN = Duration.ofSeconds(20);
  private static final Duration MORE = Duration.ofSeconds(60);
  private static final Pattern LOST = Pattern.compile("Total lost packets (\\d+) \\(([\\d.]+)%\\)");
  private static final Pattern FLOWS = Pattern.compile("\\d+ of \\d+ packets.*");

  private final Map<String, Process> processes = new TreeMap<>();
  private final Map<String, Path> outputs = new TreeMap<>();

  /**
   * Starts them, and waits until they talk.
   *
   * @param folder where what they say is kept
   */
  Foreigners(Lab lab, LabNode node, Path folder, int seconds) {
    if (installed("turnutils_uclient")) {
      int packets = seconds * 20;
      start(
          lab,
          "uclient",
          folder,
          List.of(
              "turnutils_uclient",
              "-y",
              "-c",
              "-m",
              "4",
              "-l",
              "160",
              "-z",
              "50",
              "-n",
              "" + packets,
              "-u",
              Lab.GUEST,
              "-w",
              Lab.PASSWORD,
              node.ip()));
    }
    Path python = Path.of("/usr/bin/python3");
    if (Files.isExecutable(python) && hasAioice(python)) {
      Path script =
          Path.of(System.getProperty("puente.root", ".."), "launcher/src/test/e2e/aioice_gap.py");
      start(
          lab,
          "aioice",
          folder,
          List.of(
              python.toString(),
              script.toAbsolutePath().toString(),
              node.ip(),
              "" + LabNode.PORT,
              Lab.GUEST,
              Lab.PASSWORD,
              "" + seconds));
      awaitConnected();
    }
  }

  private static boolean installed(String program) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
      if (Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }

  private static boolean hasAioice(Path python) {
    try {
      Namespace.command(python.toString(), "-c", "import aioice");
      return true;
    } catch (IllegalStateException missing) {
      return false;
    }
  }

  private void start(Lab lab, String name, Path folder, List<String> words) {
    Path output = folder.resolve(name + ".out");
    List<String> command =
        new ArrayList<>(List.of(lab.clients().inside(words.toArray(String[]::new))));
    try {
      Files.createDirectories(folder);
      processes.put(
          name,
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start());
      outputs.put(name, output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitConnected() {
    long end = System.nanoTime() + BEGIN.toNanos();
    while (!said("aioice").contains("connected") && System.nanoTime() < end) {
      LockSupport.parkNanos(50_000_000);
    }
  }

  private String said(String name) {
    try {
      return Files.readString(outputs.get(name), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits for their ends, and says what each has noticed. */
  void finish(Outcome outcome) {
    try {
      for (var entry : processes.entrySet()) {
        if (!entry.getValue().waitFor(MORE.toMillis(), TimeUnit.MILLISECONDS)) {
          entry.getValue().destroyForcibly();
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    if (outputs.containsKey("uclient")) {
      var found = LOST.matcher(said("uclient"));
      String last = "gave up: " + said("uclient").strip().lines().reduce("", (a, b) -> b);
      while (found.find()) {
        last = "lost " + found.group(1) + " packets, " + found.group(2) + " %";
      }
      outcome.fact("turnutils_uclient, 4 clients", last);
    }
    if (outputs.containsKey("aioice")) {
      var found = FLOWS.matcher(said("aioice"));
      String text = found.find() ? found.group() : "gave up: " + said("aioice");
      outcome.fact("aioice", text);
      outcome.expect(text.contains("flows"), "aioice: %s", text);
    }
  }
}
