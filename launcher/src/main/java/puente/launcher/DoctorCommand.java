package puente.launcher;

import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import puente.doctor.AddressCheck;
import puente.doctor.ClockCheck;
import puente.doctor.ClusterChecks;
import puente.doctor.Finding;
import puente.doctor.Finding.Verdict;
import puente.doctor.HostChecks;
import puente.doctor.Report;
import puente.doctor.ServerChecks;
import puente.outside.OutsideAddress;

/** Looks for what is wrong, from outside and on the host, and says how to mend it. */
@Command(
    name = "doctor",
    header = {
      "Look for what is wrong, and say how to mend it.",
      "",
      "  puente doctor                                         this host, and the server on it",
      "  puente doctor --server turn.example.org               a server, as its clients see it",
      "  puente doctor --server turn.example.org --user ana --password-file pw",
      "  puente doctor --server turn.example.org --secret-file secret --json",
      "",
      "Exit code: 0 all good, 1 a problem, 3 a warning with --strict, 2 bad usage.",
      ""
    },
    sortOptions = false)
final class DoctorCommand implements Callable<Integer> {
  private static final int EXIT_DEGRADED = 3;
  private static final int SECRET_FILE_BYTES_MAX = 4096;
  private static final int NTP_PORT = 123;

  private final Surroundings surroundings;
  private final Path root;

  @Spec private CommandSpec spec;

  @Option(
      names = "--server",
      paramLabel = "HOST",
      description = "The server to look at. Without it: the one on this host, and the host.")
  private Optional<String> server = Optional.empty();

  @Option(names = "--port", paramLabel = "PORT", description = "Its UDP and TCP port.")
  private Optional<Integer> port = Optional.empty();

  @Option(names = "--tls-port", paramLabel = "PORT", description = "Its TLS port.")
  private Optional<Integer> tlsPort = Optional.empty();

  @Option(
      names = {"-u", "--user"},
      paramLabel = "NAME",
      description = "A user of it, with --password-file.")
  private Optional<String> user = Optional.empty();

  @Option(names = "--password-file", paramLabel = "FILE", description = "File with the password.")
  private Optional<Path> passwordFile = Optional.empty();

  @Option(
      names = "--secret-file",
      paramLabel = "FILE",
      description = "File with its static-auth-secret, to make a temporary credential.")
  private Optional<Path> secretFile = Optional.empty();

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description = "A CA to trust beside the well-known ones.")
  private Optional<Path> authority = Optional.empty();

  @Option(
      names = "--ntp",
      paramLabel = "HOST[:PORT]",
      defaultValue = "pool.ntp.org",
      description = "Time server to compare the clock with; none for none. Default: pool.ntp.org.")
  private String ntp = "";

  @Option(
      names = "--pid",
      paramLabel = "PID",
      description = "Process of the server, whose limits count. Without it: this command's own.")
  private Optional<Long> pid = Optional.empty();

  @Option(
      names = "--timeout",
      defaultValue = "3",
      paramLabel = "TIME",
      description = "How long an answer is waited for. Default: 3 seconds.")
  private String timeout = "";

  @Option(names = "--strict", description = "Exit with 3 when there are warnings only.")
  private boolean strict;

  @Mixin private final AdminOptions admin = new AdminOptions();

  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  DoctorCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    root = Path.of(surroundings.environment().getOrDefault("PUENTE_DOCTOR_ROOT", "/"));
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    Config config = config();
    List<Finding> findings = new ArrayList<>();
    String host = server.orElseGet(() -> here(config));
    findings.addAll(
        new ServerChecks(target(host, config), surroundings.clock().instant()).findings());
    if (server.isEmpty()) {
      findings.addAll(host(config));
      findings.addAll(cluster());
    }
    Report report = new Report(findings);
    boolean coloured =
        System.console() != null
            && System.console().isTerminal()
            && !surroundings.environment().containsKey("NO_COLOR");
    surroundings
        .out()
        .print(admin.json() ? Json.pretty(report.json()) + "\n" : report.text(coloured));
    if (report.count(Verdict.PROBLEM) > 0) {
      return Puente.EXIT_FAILURE;
    }
    return strict && report.count(Verdict.WARNING) > 0 ? EXIT_DEGRADED : 0;
  }

  private Config config() throws StartFailure {
    return ConfigLoader.load(
        SettingOptions.sources(spec.commandLine().getParseResult(), surroundings));
  }

  /** By an address of its listeners, so that what stands before them is not looked at. */
  private static String here(Config config) {
    List<InetAddress> listening = NodeAddresses.listening(config);
    boolean loopback = listening.stream().anyMatch(InetAddress::isLoopbackAddress);
    return loopback || listening.isEmpty() ? "127.0.0.1" : listening.getFirst().getHostAddress();
  }

  // ---- the server, from outside

  private ServerChecks.Target target(String host, Config config) throws StartFailure {
    return new ServerChecks.Target(
        host,
        port.orElseGet(() -> config.value(Settings.LISTENING_PORT)),
        tlsPort.orElseGet(() -> config.value(Settings.TLS_LISTENING_PORT)),
        credentials(config),
        authority.isPresent()
            ? CertificateChain.certificates(resolved(authority.get()))
            : List.of(),
        patienceMs());
  }

  private int patienceMs() throws StartFailure {
    try {
      Type<Duration> type = Type.duration(Duration.ofSeconds(1), Duration.ofMinutes(1));
      return (int) type.reader().apply(timeout).toMillis();
    } catch (IllegalArgumentException wrong) {
      throw StartFailure.configuration("--timeout: " + wrong.getMessage());
    }
  }

  private Optional<ServerChecks.Credentials> credentials(Config config) throws StartFailure {
    if (user.isPresent() != passwordFile.isPresent()) {
      throw StartFailure.configuration("--user and --password-file go together");
    }
    if (user.isPresent()) {
      String password = secret(passwordFile.orElseThrow());
      String name = user.get();
      return Optional.of(seconds -> new ServerChecks.Credential(name, password));
    }
    if (secretFile.isPresent()) {
      return Optional.of(signedBy(secret(secretFile.get()), config));
    }
    if (server.isEmpty() && config.usesSharedSecret()) {
      return Optional.of(signedBy(SigningSecret.of(config, surroundings), config));
    }
    if (server.isEmpty()) {
      return config.all(Settings.USER).stream()
          .filter(one -> one.key().isEmpty())
          .findFirst()
          .map(
              one -> seconds -> new ServerChecks.Credential(one.name(), one.password().orElse("")));
    }
    return Optional.empty();
  }

  private ServerChecks.Credentials signedBy(String secret, Config config) {
    String separator = config.value(Settings.REST_API_SEPARATOR);
    return seconds -> {
      Credential made =
          Credential.create(
              secret,
              "puente-doctor",
              surroundings.clock().instant().plusSeconds(seconds),
              separator);
      return new ServerChecks.Credential(made.username(), made.password());
    };
  }

  private Path resolved(Path file) {
    return surroundings.directory().resolve(file);
  }

  private String secret(Path file) throws StartFailure {
    return ConfigFile.text(resolved(file), SECRET_FILE_BYTES_MAX).strip();
  }

  // ---- the host

  private List<Finding> host(Config config) throws StartFailure {
    List<Finding> findings = new ArrayList<>();
    HostChecks.Needs needs =
        new HostChecks.Needs(
            pid.map(String::valueOf).orElse("self"),
            config.value(Settings.MIN_PORT),
            config.value(Settings.MAX_PORT),
            config.value(Settings.SOCK_BUF_SIZE));
    findings.addAll(new HostChecks(root, needs).findings());
    if (!ntp.equals("none")) {
      findings.add(new ClockCheck(timeServer(), surroundings.clock(), patienceMs()).finding());
    }
    boolean auto = config.all(Settings.EXTERNAL_IP).stream().anyMatch(ExternalAddress::isAuto);
    OutsideAddress.Answer outside =
        auto
            ? new OutsideAddress.Answer(List.of(), List.of(), List.of())
            : new ExternalDetection(metadata(), 1).find(config);
    findings.add(
        new AddressCheck(List.of(NodeAddresses.reachable(config)), auto, outside).finding());
    return findings;
  }

  private String metadata() {
    return surroundings
        .environment()
        .getOrDefault("PUENTE_DOCTOR_METADATA", OutsideAddress.METADATA);
  }

  private InetSocketAddress timeServer() throws StartFailure {
    int colon = ntp.lastIndexOf(':');
    boolean hasPort = colon > 0 && ntp.indexOf(':') == colon;
    try {
      String name = hasPort ? ntp.substring(0, colon) : ntp;
      int at = hasPort ? Integer.parseInt(ntp.substring(colon + 1)) : NTP_PORT;
      return new InetSocketAddress(InetAddress.getByName(name), at);
    } catch (UnknownHostException unknown) {
      return InetSocketAddress.createUnresolved(ntp, NTP_PORT);
    } catch (IllegalArgumentException wrong) {
      throw StartFailure.configuration("--ntp: needs a host, or host:port");
    }
  }

  // ---- the cluster, as the running server sees it

  private List<Finding> cluster() throws InterruptedException {
    List<ClusterChecks.Node> nodes = new ArrayList<>();
    List<ClusterChecks.Probe> probes = new ArrayList<>();
    try {
      for (Object each : admin.get("nodes", surroundings).getJsonArray("nodes")) {
        if (each instanceof JsonObject node) {
          nodes.add(node(node));
        }
      }
      JsonObject found = admin.send("POST", "diagnostics/probe", new JsonObject(), surroundings);
      for (Object each : found.getJsonArray("probes")) {
        if (each instanceof JsonObject probe) {
          probes.add(probe(probe));
        }
      }
    } catch (StartFailure unanswered) {
      return List.of(
          new Finding(
              Finding.Part.CLUSTER,
              "admin port",
              Verdict.SKIPPED,
              unanswered.line() + "; see --admin and --token-file",
              ""));
    }
    return new ClusterChecks().findings(nodes, probes);
  }

  private static ClusterChecks.Node node(JsonObject node) {
    return new ClusterChecks.Node(
        SafeText.escape(node.getString("id", "?")),
        node.getBoolean("self", false),
        node.getBoolean("alive", false),
        SafeText.escape(node.getString("state", "?")));
  }

  private static ClusterChecks.Probe probe(JsonObject probe) {
    List<ClusterChecks.Knock> knocks = new ArrayList<>();
    for (Object each : probe.getJsonArray("ports")) {
      if (each instanceof JsonObject port) {
        knocks.add(
            new ClusterChecks.Knock(
                SafeText.escape(port.getString("kind", "?")),
                port.getInteger("port", 0),
                port.getBoolean("reached", false)));
      }
    }
    return new ClusterChecks.Probe(
        SafeText.escape(probe.getString("by", "?")),
        SafeText.escape(probe.getString("address", "?")),
        knocks);
  }
}
