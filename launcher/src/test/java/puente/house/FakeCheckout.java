package puente.house;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;

/** A checkout with the real script, a Maven and JDKs of shell: what the script does, without the wait. */
final class FakeCheckout {

  private static final List<String> TOOLS =
      List.of(
          "awk",
          "chmod",
          "cat",
          "curl",
          "cut",
          "date",
          "dirname",
          "find",
          "grep",
          "gzip",
          "head",
          "id",
          "ls",
          "mkdir",
          "mv",
          "nproc",
          "readlink",
          "rm",
          "sed",
          "sh",
          "sha256sum",
          "sleep",
          "sort",
          "tail",
          "tar",
          "tee",
          "tr",
          "uname",
          "uniq",
          "wget");

  final Path root;
  final Path bin;
  private final Path base;

  /** How a run of the script ended. */
  record Run(int status, String out, String err, long pid) {}

  FakeCheckout(Path base) throws IOException {
    this.base = base;
    root = Files.createDirectories(base.resolve("a check out"));
    bin = Files.createDirectories(base.resolve("bin"));
    String script = Repository.text(Repository.ROOT.resolve("puente"));
    // The machine's own JDKs, Python and package policy are not part of the play.
    script = script.replaceAll("/usr/(lib/jvm|java)/\\*|/opt/\\S+", "");
    script = script.replaceAll("/usr/s?bin/", Matcher.quoteReplacement(bin + "/"));
    executable(root.resolve("puente"), script);
    Path dist = Files.createDirectories(root.resolve("launcher/src/main/dist"));
    executable(
        dist.resolve("puente"),
        Repository.text(Repository.ROOT.resolve("launcher/src/main/dist/puente")));
    Files.writeString(root.resolve("pom.xml"), "<project/>\n");
    Files.createDirectories(root.resolve("launcher/src/main"));
    Files.writeString(root.resolve("launcher/src/main/One.java"), "class One {}\n");
    for (String tool : TOOLS) {
      for (String place : System.getenv("PATH").split(File.pathSeparator)) {
        Path real = Path.of(place, tool);
        if (Files.isExecutable(real) && !Files.exists(bin.resolve(tool))) {
          executable(bin.resolve(tool), "#!/bin/sh\nexec " + real + " \"$@\"\n");
        }
      }
    }
    maven(
        "cd launcher; mkdir -p target/puente/lib; cd target/puente/lib;"
            + " echo jar > launcher-1.jar; echo jar > stun-server-1.jar");
  }

  /** What Maven does when it is not asked its version. It notes each call in {@code calls}. */
  void maven(String body) throws IOException {
    executable(
        bin.resolve("mvn"),
        "#!/bin/sh\n[ \"$1\" != --version ] || { echo 'Apache Maven 3.9.9 (x)'; exit; }\n"
            + ("echo \"$JAVA_HOME: $*\" >> '" + base + "/calls'\necho '[INFO] Maven is talking'\n")
            + (body + "\n"));
  }

  /** Puts a program of shell on the path. */
  void program(String name, String body) throws IOException {
    executable(bin.resolve(name), "#!/bin/sh\n" + body + "\n");
  }

  boolean canDownload() {
    return Files.exists(bin.resolve("curl")) || Files.exists(bin.resolve("wget"));
  }

  List<String> calls() throws IOException {
    Path calls = base.resolve("calls");
    return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
  }

  /** A JDK whose java says how it was called. */
  Path jdk(Path home, String version) throws IOException {
    Files.createDirectories(home.resolve("bin"));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    executable(home.resolve("bin/javac"), "#!/bin/sh\n");
    executable(
        home.resolve("bin/java"),
        "#!/bin/sh\necho \"java " + version + "\"\necho \"pid $$\"\nprintf '<%s>\\n' \"$@\"\n");
    return home;
  }

  Path jdk(String version) throws IOException {
    return jdk(base.resolve("jdk " + version), version);
  }

  /** Makes one source newer than any build so far. */
  void edit() throws IOException {
    Path source = root.resolve("launcher/src/main/One.java");
    Files.setLastModifiedTime(source, FileTime.fromMillis(System.currentTimeMillis() + 5_000));
  }

  Run run(Map<String, String> environment, String... words) throws Exception {
    return start(base, root.resolve("puente"), environment, words);
  }

  Run start(Path directory, Path script, Map<String, String> environment, String... words)
      throws Exception {
    Path out = Files.createTempFile(base, "out", ".txt");
    Path err = Files.createTempFile(base, "err", ".txt");
    var command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(directory.toFile());
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().clear();
    builder
        .environment()
        .putAll(new TreeMap<>(Map.of("PATH", bin.toString(), "HOME", base.toString())));
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException("the script did not end");
    }
    return new Run(
        process.exitValue(), Files.readString(out), Files.readString(err), process.pid());
  }

  private static void executable(Path file, String text) throws IOException {
    Files.writeString(file, text);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException("cannot make executable: " + file);
    }
  }
}
