package puente.launcher;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;
import puente.load.Login;
import puente.net.Addresses;
import puente.stun.Family;
import puente.stun.TransportAddress;

/** What loads on STUN and TURN have in common. */
final class LoadServerOptions {
  private static final int THREADS_MAX = 64;
  private static final int SECONDS_MAX = 86_400;
  private static final int SECRET_BYTES_MAX = 4096;

  /** Of one address; the rest of the ephemeral ports is for others. */
  private static final int CLIENTS_PER_SOURCE = 20_000;

  private static final long MADE_USERS_LIVE_SECONDS = 2 * SECONDS_MAX;

  /** 127.1.0.1 and on: as many clients' addresses as are wanted. */
  private static final int LOOPBACK_SOURCES = 0x7f01_0001;

  @Option(
      names = "--target",
      paramLabel = "HOST[:PORT]",
      defaultValue = "127.0.0.1:3478",
      description = "The server's UDP port; ${DEFAULT-VALUE}.")
  private String target = "";

  @Option(names = "--user", paramLabel = "NAME", description = "User of the server.")
  private Optional<String> user = Optional.empty();

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "File with the user's password. Without it: PUENTE_LOAD_PASSWORD.")
  private Optional<Path> passwordFile = Optional.empty();

  @Option(
      names = "--secret-file",
      paramLabel = "FILE",
      description = "File with the shared secret (static-auth-secret), of which users are made.")
  private Optional<Path> secretFile = Optional.empty();

  @Option(
      names = "--users",
      paramLabel = "N",
      defaultValue = "1",
      description = "Users made of the shared secret; ${DEFAULT-VALUE}.")
  private int users = 1;

  @Option(
      names = "--duration",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description = "Seconds that are counted; ${DEFAULT-VALUE}.")
  private int seconds = 10;

  @Option(
      names = "--warmup",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "Seconds of the same load before, not counted; ${DEFAULT-VALUE}.")
  private int warmup = 1;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Event loops of the generator; ${DEFAULT-VALUE}.")
  private int threads = 1;

  @Option(
      names = "--no-offload",
      description = "Send and receive datagrams one by one, without UDP_SEGMENT and UDP_GRO.")
  private boolean noOffload;

  @Option(
      names = "--admin",
      paramLabel = "URL",
      description =
          "Admin port of a Puente, to explain losses by its counters; by default port 9641 of the"
              + " target's host is tried; 'none' does not.")
  private Optional<String> admin = Optional.empty();

  @Option(
      names = "--pid",
      paramLabel = "PID",
      defaultValue = "0",
      description = "The server's process on this machine, for its CPU per operation.")
  private long pid;

  @Option(
      names = "--usl",
      paramLabel = "N,N,...",
      split = ",",
      description =
          "A series of loads, six at least, and a fit of the Universal Scalability Law: rates, or"
              + " allocations for turn.")
  private List<Integer> steps = List.of();

  @Option(
      names = "--hgrm",
      paramLabel = "FILE",
      description = "Write all percentiles of the latency, for HdrHistogram's plotter.")
  private Optional<Path> histogramFile = Optional.empty();

  void check() {
    within("--duration", seconds, 1, SECONDS_MAX);
    within("--warmup", warmup, 0, SECONDS_MAX);
    within("--threads", threads, 1, THREADS_MAX);
    within("--users", users, 1, 1_000_000);
    if (!steps.isEmpty() && (steps.size() < 6 || steps.stream().anyMatch(step -> step < 1))) {
      throw new IllegalArgumentException("--usl: six loads or more, each 1 or more");
    }
    if (user.isPresent() && secretFile.isPresent()) {
      throw new IllegalArgumentException("--user and --secret-file exclude each other");
    }
  }

  static void within(String name, double value, double min, double max) {
    if (!(value >= min && value <= max)) {
      throw new IllegalArgumentException(
          name + ": from " + (long) min + " to " + (max < 1e15 ? "" + (long) max : "more"));
    }
  }

  TransportAddress target(boolean anywhere) {
    return LoadTarget.server(target, anywhere);
  }

  String targetText() {
    return target;
  }

  /** The address by which this host reaches the target. */
  TransportAddress local(TransportAddress to) {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(Addresses.of(to));
      return Addresses.of(new InetSocketAddress(socket.getLocalAddress(), 0));
    } catch (IOException | RuntimeException unreachable) {
      throw new IllegalArgumentException("--target: no route to " + to.ip(), unreachable);
    }
  }

  /** So many local addresses are needed for so many sockets. */
  int sources(TransportAddress local, int clients) {
    int sources = (clients + CLIENTS_PER_SOURCE - 1) / CLIENTS_PER_SOURCE;
    if (sources > 1 && !isLoopback(local)) {
      throw new IllegalArgumentException(
          "more than " + CLIENTS_PER_SOURCE + " clients have no ports on one address");
    }
    return sources;
  }

  TransportAddress firstSource(TransportAddress local, int sources) {
    return sources == 1 ? local : TransportAddress.ipv4(LOOPBACK_SOURCES, 0);
  }

  private static boolean isLoopback(TransportAddress address) {
    return address.family() == Family.IPV4 && address.ipv4Address() >>> 24 == 127;
  }

  Login login(Surroundings surroundings) throws StartFailure {
    if (secretFile.isPresent()) {
      String secret = text(surroundings, secretFile.get());
      long now = surroundings.clock().instant().getEpochSecond();
      return Login.shared(secret, users, now + MADE_USERS_LIVE_SECONDS);
    }
    String password =
        passwordFile.isPresent()
            ? text(surroundings, passwordFile.get())
            : surroundings.environment().getOrDefault("PUENTE_LOAD_PASSWORD", "");
    return Login.user(user.orElse(""), password);
  }

  private static String text(Surroundings surroundings, Path file) throws StartFailure {
    return ConfigFile.text(surroundings.directory().resolve(file), SECRET_BYTES_MAX).strip();
  }

  /** Where the server's counters may be; empty if they are not to be asked for. */
  Optional<URI> metrics(TransportAddress to) {
    String given = admin.orElse("");
    if (given.equals("none")) {
      return Optional.empty();
    }
    String host = to.family() == Family.IPV6 ? "[" + to.ip() + "]" : to.ip();
    String base = given.isEmpty() ? "http://" + host + ":9641" : given;
    URI page = URI.create(base.replaceAll("/+$", "") + "/metrics");
    if (page.getHost() == null || !String.valueOf(page.getScheme()).startsWith("http")) {
      throw new IllegalArgumentException("--admin: needs a URL such as http://127.0.0.1:9641");
    }
    return Optional.of(page);
  }

  static TransportAddress address(String text) {
    try {
      return Addresses.of(new InetSocketAddress(InetAddress.ofLiteral(text), 0));
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException("not an IP address: " + SafeText.excerpt(text, 60), wrong);
    }
  }

  int seconds() {
    return seconds;
  }

  int warmup() {
    return warmup;
  }

  int threads() {
    return threads;
  }

  boolean isJoined() {
    return !noOffload;
  }

  long pid() {
    return pid;
  }

  List<Integer> steps() {
    return steps;
  }

  Optional<Path> histogramFile() {
    return histogramFile;
  }
}
