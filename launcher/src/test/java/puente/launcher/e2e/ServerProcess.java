package puente.launcher.e2e;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A server in a process of its own on free loopback ports. Its folder under {@code target/e2e}
 * keeps its log and state after the test.
 */
public final class ServerProcess implements AutoCloseable {

  static final String USER = "user";
  static final String PASSWORD = "pass";
  static final String REALM = "puente.test";

  /** Enough for every client of a test to hold a pair of relay ports. */
  private static final int RELAY_PORTS = 600;

  private static final Duration START_LIMIT = Duration.ofSeconds(40);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
  private static final String HTTP_PORT = "http-port=";
  private static final AtomicInteger STARTED = new AtomicInteger();

  final Path folder;
  final int port;
  final int alternatePort;
  final int tlsPort;
  final int adminPort;
  final int httpPort;
  final int relayPort;
  final Certificate certificate;
  private final List<String> command;
  private final boolean secure;
  private Program program;
  private int life = 1;

  private ServerProcess(Path folder, List<String> settings, List<String> javaOptions) {
    this.folder = folder;
    this.secure = settings.stream().anyMatch(line -> line.startsWith("tls-listening-port"));
    this.certificate = Certificate.in(folder);
    int first = Ports.free(6);
    port = first;
    alternatePort = first + 1;
    tlsPort = first + 2;
    adminPort = first + 4;
    httpPort =
        settings.stream()
            .filter(line -> line.startsWith(HTTP_PORT))
            .map(line -> Integer.parseInt(filled(line).substring(HTTP_PORT.length())))
            .findFirst()
            .orElse(first + 5);
    relayPort = Ports.free(RELAY_PORTS);
    var command = command(folder, javaOptions);
    if (isPuente()) {
      command.add("--admin-port=" + adminPort);
      command.add("--http-port=" + httpPort);
      if (settings.stream().anyMatch(line -> line.startsWith("cert="))) {
        command.add("--https-port=0");
      }
    }
    command.addAll(settings.stream().map(this::filled).map(line -> "--" + line).toList());
    this.command = command;
    program = Program.start(new ProcessBuilder(command), folder.resolve("server.log"));
  }

  /** The process is gone at once, without a word. */
  void kill() {
    program.signal("KILL");
    if (!program.endsWithin(STOP_LIMIT)) {
      throw new AssertionError("it survives kill -9");
    }
  }

  /** The same command once more; it is not waited for. */
  void startAgain() {
    life++;
    program = Program.start(new ProcessBuilder(command), folder.resolve("server-" + life + ".log"));
  }

  /** Are the tests run against us, or against the server that shows that they can pass? */
  public static boolean isPuente() {
    return !"coturn".equals(System.getProperty("e2e.server", "puente"));
  }

  /** A server on 127.0.0.1 and ::1 with one user, ready to answer. */
  static ServerProcess start(String name, String... settings) {
    return launch(name, List.of(), defaults(settings)).ready();
  }

  /** The same with options for the Java virtual machine, which coturn ignores. */
  static ServerProcess startWith(List<String> javaOptions, String name, String... settings) {
    return launch(name, javaOptions, defaults(settings)).ready();
  }

  /**
   * A server with exactly these settings; {@code %PORT%}, {@code %ALT%}, {@code %TLS%}, {@code
   * %ADMIN%}, {@code %MIN%}, {@code %MAX%}, {@code %CERT%}, {@code %KEY%} stand for its own values.
   */
  static ServerProcess bare(String name, String... settings) {
    return launch(name, List.of(), List.of(settings));
  }

  static void requireServer() {
    if (!isPuente()) {
      Program.require("turnserver");
    }
  }

  private static ServerProcess launch(String name, List<String> java, List<String> settings) {
    requireServer();
    try {
      var folder = Path.of("target", "e2e", name + "-" + STARTED.incrementAndGet());
      var absolute = folder.toAbsolutePath();
      // What an earlier run left would be restored: allocations, a certificate.
      forget(absolute);
      Files.createDirectories(absolute.resolve("state"));
      return new ServerProcess(absolute, settings, java);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void forget(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static List<String> defaults(String... more) {
    var settings =
        new ArrayList<>(
            List.of(
                "listening-ip=127.0.0.1",
                "listening-ip=::1",
                "relay-ip=127.0.0.1",
                "relay-ip=::1",
                "listening-port=%PORT%",
                "tls-listening-port=%TLS%",
                "min-port=%MIN%",
                "max-port=%MAX%",
                "cert=%CERT%",
                "pkey=%KEY%",
                "realm=" + REALM,
                "lt-cred-mech",
                "user=" + USER + ":" + PASSWORD,
                "allow-loopback-peers"));
    settings.addAll(Arrays.asList(more));
    return settings;
  }

  /** What makes a server one of two nodes of a cluster on 127.0.0.1, and more settings. */
  static String[] cluster(String node, int port, int other, String... more) {
    var settings =
        new ArrayList<>(
            List.of(
                "node-id=" + node,
                "cluster-ip=127.0.0.1",
                "cluster-port=" + port,
                "cluster-member=127.0.0.1:" + other,
                "cluster-secret=sixteen letters!"));
    settings.addAll(Arrays.asList(more));
    return settings.toArray(String[]::new);
  }

  private String filled(String setting) {
    return setting
        .replace("%PORT%", "" + port)
        .replace("%ALT%", "" + alternatePort)
        .replace("%TLS%", "" + tlsPort)
        .replace("%ADMIN%", "" + adminPort)
        .replace("%MIN%", "" + relayPort)
        .replace("%MAX%", "" + (relayPort + RELAY_PORTS - 1))
        .replace("%CERT%", certificate.chain().toString())
        .replace("%KEY%", certificate.key().toString());
  }

  /** The server with a configuration file and nothing else but a place for its state. */
  public static List<String> command(Path folder, Path configuration) throws IOException {
    Files.createDirectories(folder.resolve("state"));
    var command = command(folder, List.of());
    command.remove("-n");
    command.addAll(List.of("-c", configuration.toString()));
    return command;
  }

  private static List<String> command(Path folder, List<String> javaOptions) {
    return isPuente() ? puente(folder, javaOptions) : coturn(folder);
  }

  /** Our server as the build just made it: the tests' own class path without the tests. */
  private static List<String> puente(Path folder, List<String> javaOptions) {
    var path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    var classes =
        Arrays.stream(path.split(File.pathSeparator))
            .filter(entry -> !entry.endsWith("test-classes"))
            .collect(Collectors.joining(File.pathSeparator));
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:+UseSerialGC");
    command.add("-XX:+UseCompactObjectHeaders");
    command.add("-ea");
    command.addAll(javaOptions);
    command.addAll(List.of("-cp", classes, "puente.launcher.Puente", "serve"));
    command.add("--state-dir=" + folder.resolve("state"));
    return command;
  }

  /** What its admin port answers. */
  HttpResponse<String> ask(String method, String path) throws IOException, InterruptedException {
    return ask(method, path, "");
  }

  /** What its API answers to a page of the console. */
  HttpResponse<String> api(String method, String path, String body)
      throws IOException, InterruptedException {
    return ask(method, "/api/v1/" + path, body);
  }

  private HttpResponse<String> ask(String method, String path, String body)
      throws IOException, InterruptedException {
    try (var client = HttpClient.newHttpClient()) {
      var request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort + path))
              .header("Puente-Request", "1")
              .method(
                  method,
                  body.isEmpty()
                      ? HttpRequest.BodyPublishers.noBody()
                      : HttpRequest.BodyPublishers.ofString(body))
              .timeout(Duration.ofSeconds(10))
              .build();
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    }
  }

  String get(String path) throws IOException, InterruptedException {
    return ask("GET", path).body();
  }

  /** The sum of a metric over all its labels that contain this. */
  double metric(String name, String label) throws IOException, InterruptedException {
    return get("/metrics")
        .lines()
        .filter(line -> line.startsWith(name) && line.contains(label))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** Our own command line, spoken to this server's admin port. */
  Program command(String name, String... arguments) {
    var command = new ArrayList<>(puente(folder, List.of()).subList(0, 1));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("puente.launcher.Puente");
    command.addAll(Arrays.asList(arguments));
    command.addAll(List.of("--admin", "http://127.0.0.1:" + adminPort));
    return Program.start(folder.resolve(name + ".out"), command.toArray(String[]::new));
  }

  private static List<String> coturn(Path folder) {
    return new ArrayList<>(
        List.of(
            "turnserver",
            "-n",
            "--no-cli",
            "--log-file=stdout",
            "--pidfile=" + folder.resolve("state/pid"),
            "--userdb=" + folder.resolve("state/db")));
  }

  /** Waits for the condition itself: a Binding answer over UDP, and open TCP listeners. */
  ServerProcess ready() {
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    var binding = Stun.request(Stun.BINDING).bytes();
    try (var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      socket.setSoTimeout(50);
      while (!answers(socket, binding)) {
        orFail(deadline);
      }
      while (!accepts(port) || (secure && !accepts(tlsPort))) {
        orFail(deadline);
      }
      // The admin port opens last.
      while (isPuente() && !(accepts(httpPort) && accepts(adminPort))) {
        orFail(deadline);
      }
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean answers(DatagramSocket socket, byte[] request) throws IOException {
    socket.send(new DatagramPacket(request, request.length, address()));
    var answer = new DatagramPacket(new byte[2048], 2048);
    try {
      socket.receive(answer);
      return Stun.type(answer.getData()) == Stun.BINDING + Stun.SUCCESS;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  private static boolean accepts(int listener) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), listener), 500);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private void orFail(long deadline) {
    boolean over = System.nanoTime() > deadline;
    if (over || program.endsWithin(Duration.ofMillis(20))) {
      close();
      throw new AssertionError((over ? "not ready in time\n" : "ended at start\n") + log());
    }
  }

  InetSocketAddress address() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  String log() {
    return program.outputFile() + ":\n" + program.output();
  }

  Program program() {
    return program;
  }

  /** Resident memory in kilobytes, as the kernel sees it. */
  long residentKb() {
    try {
      return Files.readAllLines(Path.of("/proc/" + program.pid() + "/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new AssertionError("the server is gone\n" + log(), e);
    }
  }

  @Override
  public void close() {
    if (program.alive()) {
      program.signal("TERM");
      if (!program.endsWithin(STOP_LIMIT)) {
        System.err.println("the server did not stop within " + STOP_LIMIT + ": " + folder);
        program.end();
      }
    }
  }
}
