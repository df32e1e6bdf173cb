package puente.chaos.restart;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import puente.launcher.e2e.Ports;

/** A supervised server on loopback: the supervisor, the serving process, the standby. */
final class Tree implements AutoCloseable {
  private static final int RELAY_PORTS = 600;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  final int port;
  final Path log;
  private final int adminPort;
  private final String ip;
  private final Path configuration;
  private final List<String> program;
  private Process supervisor;

  /**
   * Starts it, and does not wait.
   *
   * @param program what comes before {@code serve} on the command line
   * @param folder for its state and log
   * @param ip what it listens on
   */
  Tree(List<String> program, Path folder, String ip, String... more) throws IOException {
    this.program = program;
    this.ip = ip;
    Files.createDirectories(folder.resolve("state"));
    int relay = Ports.free(RELAY_PORTS);
    port = Ports.free(4);
    adminPort = port + 2;
    List<String> settings =
        new ArrayList<>(
            List.of(
                "listening-ip=" + ip,
                "relay-ip=" + ip,
                "listening-port=" + port,
                "tls-listening-port=" + (port + 1),
                "admin-port=" + adminPort,
                "http-port=" + (port + 3),
                "min-port=" + relay,
                "max-port=" + (relay + RELAY_PORTS - 1),
                "state-dir=" + folder.resolve("state").toAbsolutePath(),
                "realm=" + Flow.REALM,
                "lt-cred-mech",
                "user=" + Flow.USER + ":" + Flow.PASSWORD,
                "unauthorized-ratelimit=no",
                "allow-loopback-peers"));
    settings.addAll(List.of(more));
    configuration = folder.resolve("puente.conf").toAbsolutePath();
    Files.write(configuration, settings);
    log = folder.resolve("tree.log");
    Files.deleteIfExists(log);
    supervisor = run("serve");
  }

  private Process run(String command) throws IOException {
    List<String> line = new ArrayList<>(program);
    line.addAll(List.of(command, "-c", configuration.toString()));
    if (!command.equals("serve") && line.contains("puente.supervisor.Supervisor")) {
      // The script starts one virtual machine for such a command, not two.
      line.subList(0, line.indexOf("puente.supervisor.Supervisor") + 1).clear();
    }
    return new ProcessBuilder(line)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
        .start();
  }

  /** Another value for the processes that start from now on. */
  void set(String name, int value) throws IOException {
    Files.write(
        configuration,
        Files.readAllLines(configuration).stream()
            .map(line -> line.startsWith(name + "=") ? name + "=" + value : line)
            .toList());
  }

  InetSocketAddress address() {
    return new InetSocketAddress(ip, port);
  }

  /** The same command line again. */
  void startAgain() throws IOException {
    supervisor = run("serve");
  }

  /** {@code puente restart}, not waited for. */
  Process restart() throws IOException {
    return run("restart");
  }

  String output() {
    try {
      return Files.readString(log, StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      return unreadable.toString();
    }
  }

  /** How often the processes have said so. */
  int said(String words) {
    return output().split(Pattern.quote(words), -1).length - 1;
  }

  Process supervisor() {
    return supervisor;
  }

  List<ProcessHandle> children() {
    return supervisor.children().toList();
  }

  /** The child that has been there for longest. */
  ProcessHandle serving() {
    return children().stream()
        .min(Comparator.comparing(child -> child.info().startInstant().orElseThrow()))
        .orElseThrow(() -> new AssertionError("nobody serves\n" + output()));
  }

  /** As a shell does it. */
  static void signal(String name, List<ProcessHandle> processes) throws IOException {
    List<String> command = new ArrayList<>(List.of("kill", "-" + name));
    processes.forEach(process -> command.add("" + process.pid()));
    try {
      if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
        throw new AssertionError(command + " failed");
      }
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }

  /** kill -9 for all of them. */
  void kill() {
    List<ProcessHandle> all = children();
    supervisor.destroyForcibly();
    all.forEach(ProcessHandle::destroyForcibly);
  }

  /** A figure of the serving process, which serves media before it serves figures. */
  long metric(String name) throws IOException, InterruptedException {
    return metrics()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private String metrics() throws IOException, InterruptedException {
    URI metrics = URI.create("http://127.0.0.1:" + adminPort + "/metrics");
    HttpRequest request = HttpRequest.newBuilder(metrics).build();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try (HttpClient http = HttpClient.newHttpClient()) {
      while (true) {
        try {
          return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        } catch (ConnectException notYet) {
          if (System.nanoTime() > deadline || !supervisor.isAlive()) {
            throw new IOException("no figures in time\n" + output(), notYet);
          }
          LockSupport.parkNanos(10_000_000);
        }
      }
    }
  }

  @Override
  public void close() {
    List<ProcessHandle> all = children();
    supervisor.destroy();
    try {
      if (!supervisor.waitFor(20, TimeUnit.SECONDS)) {
        supervisor.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
        throw new AssertionError("the tree does not stop\n" + output());
      }
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }
}
