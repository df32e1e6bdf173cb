package puente.chaos;

import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One node of the lab: a namespace with its addresses, and {@code puente serve} inside of it. */
final class LabNode {

  static final int PORT = 3478;

  private static final int ADMIN_PORT = 9641;
  private static final int PAGE = 1000;

  /** A SIGTERM during a drain waits for its end, and a second one does not. */
  private static final Duration DRAINS_AFTER = Duration.ofSeconds(3);

  private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

  /** A gratuitous request for its own address, RFC 5944 §4.6. */
  private static final String ANNOUNCE =
      """
      import socket, struct, sys
      raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
      raw.bind(("eth0", 0))
      own, ip = raw.getsockname()[4], socket.inet_aton(sys.argv[1])
      arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + own + ip + bytes(6) + ip
      raw.send(b"\\xff" * 6 + own + b"\\x08\\x06" + arp)
      """;

  private final String id;
  private final String adminIp;
  private final Namespace namespace;
  private final Namespace operators;
  private final String ip;
  private final Path folder;
  private final List<String> command;
  private @Nullable Process process;
  private int lives;

  /**
   * @param operators where the admin port is asked from
   * @param settings words of the configuration, without dashes
   */
  LabNode(
      int number,
      Namespace namespace,
      Namespace operators,
      String ip,
      Path folder,
      boolean supervised,
      List<String> settings) {
    id = "node" + number;
    adminIp = Lab.admin(number);
    this.namespace = namespace;
    this.operators = operators;
    this.ip = ip;
    this.folder = folder;
    List<String> words = new ArrayList<>(program(supervised));
    words.add("--state-dir=" + folder.resolve("state"));
    settings.forEach(setting -> words.add("--" + setting));
    command = List.copyOf(words);
  }

  String id() {
    return id;
  }

  String ip() {
    return ip;
  }

  Namespace namespace() {
    return namespace;
  }

  InetSocketAddress address() {
    return new InetSocketAddress(ip, PORT);
  }

  // ---- the process

  /** What was built, by its own script; in a test of the build, the classes beside the tests. */
  private static List<String> program(boolean supervised) {
    String script = System.getProperty("puente.script", "");
    if (!script.isEmpty()) {
      return List.of(script, "serve", "--supervise=" + (supervised ? "yes" : "no"));
    }
    if (supervised) {
      throw new IllegalStateException("supervisors are for ./puente chaos");
    }
    return List.of(
        java(),
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-XX:+UseCompactObjectHeaders",
        "-XX:+UseSerialGC",
        "-Xms40m",
        "-cp",
        classPath(),
        "puente.launcher.Puente",
        "serve");
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** What the lab itself runs on, without the tests. */
  private static String classPath() {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Arrays.stream(path.split(File.pathSeparator))
        .filter(entry -> !entry.endsWith("test-classes"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** Starts it; it is not waited for. */
  void start() {
    lives++;
    try {
      Files.createDirectories(folder.resolve("state"));
      ProcessBuilder builder =
          new ProcessBuilder(namespace.inside(command.toArray(String[]::new)))
              .redirectErrorStream(true)
              .redirectOutput(log().toFile())
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
      // For deploy/hooks/virtual-ip: there is no default route here that would say it.
      builder.environment().put("HOOK_INTERFACE", "eth0");
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path log() {
    return folder.resolve(lives == 1 ? "server.log" : "server-" + lives + ".log");
  }

  /** Everything that its present life has said. */
  String said() {
    try {
      return Files.readString(log(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean running() {
    Process of = process;
    return of != null && of.isAlive();
  }

  /** Sends this to the supervisor, if there is one, and to all that it has started. */
  void signalTree(String signal) {
    Process root = process;
    if (root == null) {
      return;
    }
    StringBuilder pids = new StringBuilder().append(root.pid());
    root.descendants().forEach(child -> pids.append(' ').append(child.pid()));
    // One that has ended meanwhile is in nobody's way.
    Namespace.command("sh", "-c", "kill -" + signal + " " + pids + " 2>/dev/null || true");
  }

  /** Whether there are two children in time: one that serves, one that waits. */
  boolean awaitStandby(Duration patience) {
    return await(patience, () -> children().size() == 2);
  }

  private List<ProcessHandle> children() {
    Process root = process;
    return root == null
        ? List.of()
        : root.children()
            .sorted(Comparator.comparing(child -> child.info().startInstant().orElse(Instant.MAX)))
            .toList();
  }

  /** {@code kill -9} of the process that serves: the supervisor's oldest child. */
  void killServing() {
    Namespace.command("kill", "-KILL", "" + children().getFirst().pid());
  }

  /** As an operator does it after an upgrade: the next process takes over from this one. */
  String restart() {
    return puente("restart", "--state-dir=" + folder.resolve("state"));
  }

  /** {@code kill -9}, of everything. */
  void kill() {
    signalTree("KILL");
    awaitEnd(STOP_LIMIT);
  }

  /** Asks it to stop in order, and not to wait for a drain; true if it did so in time. */
  boolean stop() {
    Process of = process;
    if (of == null || !of.isAlive()) {
      return true;
    }
    of.destroy();
    if (awaitEnd(DRAINS_AFTER)) {
      return true;
    }
    of.destroy();
    return awaitEnd(STOP_LIMIT);
  }

  private boolean awaitEnd(Duration limit) {
    Process of = process;
    try {
      return of == null || of.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** At the end of the lab nothing is left over. */
  void close() {
    Process of = process;
    if (of != null && of.isAlive()) {
      signalTree("CONT");
      if (!stop()) {
        kill();
      }
    }
  }

  /** The report of {@code puente doctor} on it, whatever it thinks of the host. */
  String doctor(String... words) {
    List<String> all = new ArrayList<>(List.of("sh", "-c", "\"$@\" || [ $? = 1 ]", "sh"));
    all.addAll(List.of(java(), "-cp", classPath(), "puente.launcher.Puente", "doctor"));
    all.add("--ntp=none");
    all.addAll(List.of(words));
    return namespace.exec(all.toArray(String[]::new));
  }

  private String puente(String... words) {
    List<String> all = new ArrayList<>(List.of(java(), "-cp", classPath()));
    all.add("puente.launcher.Puente");
    all.addAll(List.of(words));
    return namespace.exec(all.toArray(String[]::new));
  }

  // ---- its network

  /** Nothing comes from these addresses any more, and nothing goes there. */
  void cutOff(String... addresses) {
    String some = "{ " + String.join(", ", addresses) + " }";
    namespace.exec("nft", "add", "table", "inet", "cut");
    for (String way : List.of("input", "output")) {
      String chain = "{ type filter hook " + way + " priority 0; }";
      namespace.exec("nft", "add", "chain", "inet", "cut", way, chain);
      String side = way.equals("input") ? "saddr" : "daddr";
      namespace.exec("nft", "add", "rule", "inet", "cut", way, "ip", side, some, "drop");
    }
  }

  void heal() {
    namespace.exec("nft", "delete", "table", "inet", "cut");
  }

  /** Tells all neighbours that its address is here, as a kernel does that looks for one of them. */
  void announce() {
    namespace.exec("python3", "-c", ANNOUNCE, ip);
  }

  // ---- the admin port

  /** Whether it says in time that it is ready. */
  boolean awaitReady(Duration patience) {
    return await(patience, () -> get("/readyz", false).code == 200);
  }

  /** Whether new clients are to go elsewhere. */
  boolean refusesReadiness() {
    return get("/readyz", false).code == 503;
  }

  /** Whether it sees so many nodes alive, itself included, in time. */
  boolean awaitNodes(int count, Duration patience) {
    return await(patience, () -> nodesAlive() == count);
  }

  /** Whether what it keeps of the directory has its copies on other nodes, in time. */
  boolean awaitSafe(Duration patience) {
    return await(
        patience,
        () ->
            get("/metrics", true)
                .body
                .lines()
                .filter(line -> line.startsWith("puente_cluster_safe"))
                .allMatch(line -> line.endsWith(" 1.0")));
  }

  int nodesAlive() {
    var nodes = new JsonObject(get("/api/v1/nodes", true).body).getJsonArray("nodes");
    int alive = 0;
    for (int i = 0; i < nodes.size(); i++) {
      alive += nodes.getJsonObject(i).getBoolean("alive") ? 1 : 0;
    }
    return alive;
  }

  interface Look {
    boolean good() throws IOException;
  }

  boolean await(Duration patience, Look look) {
    long end = System.nanoTime() + patience.toNanos();
    while (System.nanoTime() < end) {
      try {
        if (look.good()) {
          return true;
        }
      } catch (IOException | IllegalStateException notYet) {
        if (!running()) {
          return false;
        }
      }
      LockSupport.parkNanos(50_000_000);
    }
    return false;
  }

  /** The clients of the load whose allocations it serves, as {@code address:port}. */
  Set<String> sessions() {
    Set<String> clients = new HashSet<>();
    String cursor = "";
    do {
      String query = "/api/v1/sessions?node=self&user=" + Lab.USER + "&limit=" + PAGE + cursor;
      JsonObject page = new JsonObject(get(query, true).body);
      var list = page.getJsonArray("sessions");
      for (int i = 0; i < list.size(); i++) {
        clients.add(list.getJsonObject(i).getString("client"));
      }
      String next = page.getString("next");
      cursor = next == null ? "" : "&cursor=" + URLEncoder.encode(next, StandardCharsets.UTF_8);
    } while (!cursor.isEmpty());
    return clients;
  }

  /** The sum of a metric over all its labels that contain this; 0 where there is none. */
  double metric(String name, String label) {
    return get("/metrics", true)
        .body
        .lines()
        .filter(line -> line.startsWith(name) && line.contains(label))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  void drain(Duration deadline) {
    post(
        "drain", "{\"deadline\":" + deadline.toSeconds() + ",\"reason\":\"chaos\",\"force\":true}");
  }

  void undrain() {
    post("undrain", "");
  }

  private void post(String order, String body) {
    Answer answer = call("POST", "/api/v1/nodes/" + id + "/" + order, body);
    if (answer.code >= 300) {
      throw new IllegalStateException(order + ": " + answer.code + " " + answer.body);
    }
  }

  private Answer get(String path, boolean mustBeGood) {
    Answer answer = call("GET", path, "");
    if (mustBeGood && answer.code != 200) {
      throw new IllegalStateException(path + ": " + answer.code + " " + answer.body);
    }
    return answer;
  }

  private record Answer(int code, String body) {}

  private Answer call(String method, String path, String body) {
    return operators.run(
        () -> {
          var url = URI.create("http://" + adminIp + ":" + ADMIN_PORT + path).toURL();
          HttpURLConnection connection = (HttpURLConnection) url.openConnection();
          connection.setConnectTimeout(1000);
          connection.setReadTimeout(5000);
          connection.setRequestMethod(method);
          connection.setRequestProperty("Authorization", "Bearer " + Lab.ADMIN_TOKEN);
          // Another lab has the same addresses.
          connection.setRequestProperty("Connection", "close");
          if (!body.isEmpty()) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/json");
            connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
          }
          int code = connection.getResponseCode();
          try (var in = code < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            byte[] bytes = in == null ? new byte[0] : in.readAllBytes();
            return new Answer(code, new String(bytes, StandardCharsets.UTF_8));
          }
        });
  }
}
