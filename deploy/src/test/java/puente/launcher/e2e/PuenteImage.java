package puente.launcher.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The image, built once from this checkout's Dockerfile and the distribution that was just made. */
final class PuenteImage {
  static final String NAME = "puente:test";

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path DISTRIBUTION = ROOT.resolve("launcher/target/puente/lib");

  /** Maven makes it only where it is online. */
  static final Path BILL = DISTRIBUTION.resolveSibling("sbom.json");

  private static final Path WORK = Path.of("target/image").toAbsolutePath();
  private static final String JDK_BASE = "eclipse-temurin:25-jdk";
  private static final String RUNTIME_BASE = "debian:bookworm-slim";
  private static final Duration BUILD_LIMIT = Duration.ofMinutes(5);

  /** What the base of that name leaves out as well. */
  private static final List<String> SLIM =
      List.of("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*");

  private static boolean built;

  private PuenteImage() {}

  static synchronized Engine build() throws IOException {
    if (!Files.isDirectory(DISTRIBUTION)) {
      System.err.println("LEFT OUT: the tests of the image need a build (./puente test)");
      Assumptions.abort("the distribution is not built");
    }
    Engine engine = Engine.required();
    if (!built) {
      if (engine.isOwn()) {
        bases(engine);
      }
      engine.docker(BUILD_LIMIT, "build", "-t", NAME, context().toString());
      built = true;
    }
    return engine;
  }

  /** Builds it once more, with nothing kept of the first build but its bases, and some arguments. */
  static void again(Engine engine, String name, String... arguments) {
    List<String> words = new ArrayList<>(List.of("build", "--no-cache", "-t", name));
    for (String argument : arguments) {
      words.add("--build-arg");
      words.add(argument);
    }
    words.add(WORK.resolve("context").toString());
    engine.docker(BUILD_LIMIT, words.toArray(String[]::new));
  }

  /** What only a later version would say of itself. */
  static void later(Engine engine, String name, String version) {
    String argument = "VERSION=" + version;
    Path context = WORK.resolve("context");
    engine.docker(BUILD_LIMIT, "build", "-t", name, "--build-arg", argument, context.toString());
  }

  /** What a clone holds as far as the build looks at it, with a build that is up to date. */
  private static Path context() throws IOException {
    Path context = fresh("context");
    for (String file :
        List.of(
            "Dockerfile",
            ".dockerignore",
            "puente",
            "LICENSE",
            "pom.xml",
            "launcher/pom.xml",
            "launcher/src/main/dist/puente")) {
      copy(ROOT.resolve(file), context.resolve(file));
    }
    if (Files.exists(BILL)) {
      copy(BILL, context.resolve(ROOT.relativize(BILL)));
    }
    try (Stream<Path> jars = Files.list(DISTRIBUTION)) {
      for (Path jar : jars.toList()) {
        copy(jar, context.resolve(ROOT.relativize(jar).toString()));
      }
    }
    Files.createFile(context.resolve("launcher/target/puente/built"));
    return context;
  }

  /** An engine of our own fetches nothing: Debian's packages and the JDK of this process serve. */
  private static void bases(Engine engine) throws IOException {
    Program.require("mmdebstrap");
    if (!engine.has(RUNTIME_BASE)) {
      Path root = fresh("debian").resolve("root.tar");
      List<String> command =
          new ArrayList<>(List.of("mmdebstrap", "--variant=minbase", "--include=ca-certificates"));
      SLIM.forEach(pattern -> command.add("--dpkgopt=path-exclude=" + pattern));
      command.add("--customize-hook=rm -rf \"$1\"/var/lib/apt/lists/* \"$1\"/var/cache/apt/*");
      command.add("bookworm");
      command.add(root.toString());
      Stream.of("/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources")
          .filter(file -> Files.exists(Path.of(file)))
          .forEach(command::add);
      Program.Finished made =
          Program.start(WORK.resolve("mmdebstrap.log"), command.toArray(String[]::new))
              .finish(BUILD_LIMIT);
      if (made.exit() != 0) {
        System.err.println("LEFT OUT: the tests of the image; no base could be made:");
        System.err.println(made.output());
        Assumptions.abort("mmdebstrap failed");
      }
      engine.docker(BUILD_LIMIT, "import", root.toString(), RUNTIME_BASE);
      Files.delete(root);
    }
    if (!engine.has(JDK_BASE)) {
      Path jdk = fresh("jdk");
      // Distributions link some files of a JDK to elsewhere.
      Program.start(
              WORK.resolve("cp.log"),
              "cp",
              "-RL",
              System.getProperty("java.home"),
              jdk.resolve("openjdk").toString())
          .finish(BUILD_LIMIT);
      Files.writeString(
          jdk.resolve("Dockerfile"),
          "FROM "
              + RUNTIME_BASE
              + "\nENV JAVA_HOME=/opt/java/openjdk"
              + " PATH=/opt/java/openjdk/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
              + "COPY openjdk /opt/java/openjdk\n");
      engine.docker(BUILD_LIMIT, "build", "-t", JDK_BASE, jdk.toString());
    }
  }

  private static Path fresh(String name) throws IOException {
    Path directory = WORK.resolve(name);
    if (Files.exists(directory)) {
      Program.start(WORK.resolve("rm.log"), "rm", "-rf", directory.toString())
          .finish(Duration.ofSeconds(60));
    }
    return Files.createDirectories(directory);
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
  }
}
