package puente.launcher.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * The Docker engine: the one that {@code DOCKER_HOST} names or that runs here, else one that is
 * started for these tests alone where {@code PUENTE_TEST_ENGINE} allows it. It forwards nothing and
 * touches no packet filter.
 */
final class Engine {
  private static final Duration START_LIMIT = Duration.ofSeconds(30);
  private static final Path TARGET = Path.of("target").toAbsolutePath();

  private static @Nullable Engine found;

  private final String host;
  private final boolean own;

  private Engine(String host, boolean own) {
    this.host = host;
    this.own = own;
    // Where Testcontainers looks.
    System.setProperty("DOCKER_HOST", host);
  }

  /** The engine; without one the test is left out, loudly. */
  static synchronized Engine required() {
    Engine engine = found;
    if (engine == null) {
      Program.require("docker");
      engine = find();
      found = engine;
    }
    return engine;
  }

  private static Engine find() {
    String named = System.getenv().getOrDefault("DOCKER_HOST", "unix:///var/run/docker.sock");
    if (answers(named)) {
      return new Engine(named, false);
    }
    if (System.getenv("PUENTE_TEST_ENGINE") != null
        && Program.present("dockerd")
        && "root".equals(System.getProperty("user.name"))) {
      return start();
    }
    System.err.println("LEFT OUT: the tests of the image need a Docker engine (see README)");
    return Assumptions.abort("no Docker engine answers at " + named);
  }

  private static Engine start() {
    try {
      // Short, because the name of a socket is.
      Path base = Files.createTempDirectory("puente-docker");
      String host = "unix://" + base.resolve("sock");
      Program daemon =
          Program.start(
              TARGET.resolve("dockerd.log"),
              "dockerd",
              "--iptables=false",
              "--ip-forward=false",
              "--ip-masq=false",
              "--data-root=" + base.resolve("data"),
              "--exec-root=" + base.resolve("exec"),
              "--pidfile=" + base.resolve("pid"),
              "--host=" + host);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(daemon, base)));
      long deadline = System.nanoTime() + START_LIMIT.toNanos();
      while (!answers(host)) {
        if (System.nanoTime() > deadline) {
          System.err.println("LEFT OUT: the tests of the image; dockerd does not start here");
          Assumptions.abort("dockerd does not start: see target/dockerd.log");
        }
        LockSupport.parkNanos(100_000_000);
      }
      return new Engine(host, true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void end(Program daemon, Path base) {
    daemon.end();
    // What the engine mounted for containers on the machine's own network outlives it.
    Path network = base.resolve("exec/netns/default");
    Program.start(TARGET.resolve("umount.log"), "umount", network.toString())
        .finish(Duration.ofSeconds(10));
    try (Stream<Path> all = Files.walk(base)) {
      all.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException | UncheckedIOException e) {
      System.err.println("could not remove " + base + ": " + e);
    }
  }

  private static boolean answers(String host) {
    return docker(host, Duration.ofSeconds(20), "version").exit() == 0;
  }

  /** Whether it was started for these tests, and so can fetch nothing. */
  boolean isOwn() {
    return own;
  }

  /** What {@code DOCKER_HOST} names it by. */
  String host() {
    return host;
  }

  /** Runs a command of the docker client that must succeed; returns what it printed. */
  String docker(Duration limit, String... words) {
    Program.Finished finished = docker(host, limit, words);
    if (finished.exit() != 0) {
      throw new AssertionError("docker " + String.join(" ", words) + "\n" + finished.output());
    }
    return finished.output();
  }

  /** The exit code of a container that has ended. */
  int exitOf(String container) {
    String format = "--format={{.State.ExitCode}}";
    return Integer.parseInt(docker(Duration.ofSeconds(20), "inspect", format, container).strip());
  }

  boolean has(String image) {
    return docker(host, Duration.ofSeconds(20), "image", "inspect", image).exit() == 0;
  }

  private static Program.Finished docker(String host, Duration limit, String... words) {
    List<String> command = new ArrayList<>(List.of("docker", "--host", host));
    command.addAll(List.of(words));
    try {
      Files.createDirectories(TARGET);
      Path output = Files.createTempFile(TARGET, "docker", ".out");
      return Program.start(output, command.toArray(String[]::new)).finish(limit);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
