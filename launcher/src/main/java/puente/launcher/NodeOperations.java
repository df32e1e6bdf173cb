package puente.launcher;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import puente.admin.OperationsView;
import puente.admin.access.AccessProblem;
import puente.admin.access.AccessProblem.Kind;
import puente.doctor.HostChecks;

/** What operators see of this node's configuration and surroundings, and may do with it. */
final class NodeOperations implements OperationsView {
  private static final String SECRET = "••••••";
  private static final int NAMES_MAX = 100;
  private static final int ENTRY_DNS = 2;
  private static final int ENTRY_IP = 7;

  /** Less fills up within a busy second. */
  private static final long RECEIVE_BYTES_GOOD = 4L << 20;

  private static final long DESCRIPTORS_GOOD = 65_536;
  private static final long DISK_BYTES_GOOD = 256L << 20;

  private final NodeControl node;
  private final NodeProbe probe;

  NodeOperations(NodeControl node, NodeProbe probe) {
    this.node = node;
    this.probe = probe;
  }

  // ---- configuration

  @Override
  public Configuration configuration() {
    Config config = node.effective();
    Set<String> waiting = new TreeSet<>(ReloadRules.waiting(node.started(), config));
    List<SettingInfo> settings = new ArrayList<>();
    for (Setting<?> setting : Settings.TABLE) {
      if (setting.status() == Setting.Status.WORKS) {
        settings.add(info(setting, config, waiting.contains(setting.name())));
      }
    }
    List<String> files =
        config.sources().flatMap(ConfigLoader::file).map(Path::toString).stream().toList();
    return new Configuration(files, settings, config.warnings());
  }

  private static SettingInfo info(Setting<?> setting, Config config, boolean isPending) {
    return new SettingInfo(
        setting.name(),
        shown(setting, config),
        setting.repeat() != Setting.Repeat.ONCE,
        setting.fallback(),
        config.origin(setting).toString(),
        setting.group().title(),
        setting.help(),
        setting.secret(),
        ReloadRules.isReloadable(setting),
        isPending);
  }

  /** The name of a user or key is no secret. */
  private static List<String> shown(Setting<?> setting, Config config) {
    List<String> shown = new ArrayList<>();
    for (Config.Value<?> value : config.values(setting)) {
      shown.add(setting.show(value.value()).replace("(secret)", SECRET));
    }
    return shown;
  }

  @Override
  public Validation validate(Optional<String> text) {
    ConfigLoader.Sources sources = sources();
    Path written = null;
    try {
      if (text.isPresent()) {
        written = Files.createTempFile(node.state().directory(), ".validate", ".conf");
        Files.writeString(written, text.get(), StandardCharsets.UTF_8);
        sources =
            new ConfigLoader.Sources(
                Optional.of(written),
                false,
                sources.environment(),
                sources.flags(),
                sources.directory());
      }
      return compared(sources, written);
    } catch (IOException full) {
      throw new AccessProblem(Kind.CONFLICT, "The state directory cannot be written.");
    } finally {
      remove(written);
    }
  }

  private Validation compared(ConfigLoader.Sources sources, @Nullable Path written) {
    try {
      Config next = ConfigLoader.load(sources);
      ReloadRules.check(node.started(), next);
      List<String> warnings = next.warnings().stream().map(line -> named(line, written)).toList();
      return new Validation(List.of(), warnings, changes(next));
    } catch (StartFailure wrong) {
      return new Validation(List.of(named(wrong.line(), written)), List.of(), List.of());
    }
  }

  private static String named(String line, @Nullable Path written) {
    return written == null
        ? line
        : line.replace(written.toString(), "text")
            .replace(String.valueOf(written.getFileName()), "text");
  }

  private List<SettingChange> changes(Config next) {
    Config now = node.given();
    List<SettingChange> changes = new ArrayList<>();
    for (Setting<?> setting : Settings.TABLE) {
      boolean same = values(setting, now).equals(values(setting, next));
      if (setting.status() == Setting.Status.WORKS && !same) {
        changes.add(
            new SettingChange(
                setting.name(),
                String.join(" ", shown(setting, now)),
                String.join(" ", shown(setting, next)),
                ReloadRules.isReloadable(setting)));
      }
    }
    return changes;
  }

  /** Compared as text: not every type's values know that they are equal. */
  private static List<String> values(Setting<?> setting, Config config) {
    List<String> values = new ArrayList<>();
    for (Config.Value<?> value : config.values(setting)) {
      Object one = value.value();
      values.add(
          one instanceof User user
              ? user.name() + user.password() + user.key().map(HexFormat.of()::formatHex)
              : Type.show(one));
    }
    return values;
  }

  private ConfigLoader.Sources sources() {
    return node.given()
        .sources()
        .orElseThrow(
            () -> new AccessProblem(Kind.CONFLICT, "This configuration was not read from files."));
  }

  private static void remove(@Nullable Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException left) {
      // It is private, and its name says what it is.
    }
  }

  @Override
  public Reloaded reload() {
    try {
      Config next = ExternalDetection.known(ConfigLoader.load(sources()));
      Optional<String> refused = node.reload(next);
      Logging.apply(next);
      next.warnings().forEach(warning -> Events.warn("configuration", "warning", warning));
      return new Reloaded(ReloadRules.waiting(node.started(), node.effective()), refused);
    } catch (StartFailure wrong) {
      Events.log(Level.ERROR, "reload-refused", "reason", wrong.line());
      throw new AccessProblem(Kind.CONFLICT, wrong.line());
    }
  }

  // ---- certificates

  @Override
  public List<CertificateInfo> certificates() {
    NodeTls tls = node.tls().orElse(null);
    if (tls == null) {
      return List.of();
    }
    Config config = node.effective();
    Origin origin = config.origin(Settings.CERT);
    String from = config.isGiven(Settings.CERT) ? origin.toString() : "generated";
    List<CertificateInfo> list = new ArrayList<>();
    node.listening().stream()
        .map(Listening::transport)
        .filter(transport -> transport.equals("tls") || transport.equals("https"))
        .distinct()
        .forEach(listener -> list.add(info(listener, tls.leaf(), from)));
    return list;
  }

  private static CertificateInfo info(String listener, X509Certificate leaf, String origin) {
    return new CertificateInfo(
        listener,
        leaf.getSubjectX500Principal().getName(),
        leaf.getIssuerX500Principal().getName(),
        names(leaf),
        keyType(leaf),
        leaf.getNotBefore().toInstant(),
        leaf.getNotAfter().toInstant(),
        leaf.getSubjectX500Principal().equals(leaf.getIssuerX500Principal()),
        fingerprint(leaf),
        origin);
  }

  /** RFC 5280 §4.2.1.6: the names that clients compare with. */
  private static List<String> names(X509Certificate leaf) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> entries = leaf.getSubjectAlternativeNames();
      for (List<?> entry : entries == null ? List.<List<?>>of() : entries) {
        boolean shown = entry.getFirst().equals(ENTRY_DNS) || entry.getFirst().equals(ENTRY_IP);
        if (shown && names.size() < NAMES_MAX) {
          names.add(String.valueOf(entry.get(1)));
        }
      }
    } catch (CertificateParsingException broken) {
      return names;
    }
    return names;
  }

  private static String keyType(X509Certificate leaf) {
    return switch (leaf.getPublicKey()) {
      case ECPublicKey ec -> "EC P-" + ec.getParams().getCurve().getField().getFieldSize();
      case RSAPublicKey rsa -> "RSA " + rsa.getModulus().bitLength();
      default -> leaf.getPublicKey().getAlgorithm();
    };
  }

  private static String fingerprint(X509Certificate leaf) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(leaf.getEncoded());
      return HexFormat.ofDelimiter(":").formatHex(digest);
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }

  // ---- surroundings

  @Override
  public List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    number(Path.of("/proc/sys/net/core/rmem_max"), Pattern.compile("([0-9]+)"))
        .ifPresent(bytes -> findings.add(receiveBuffer(bytes)));
    number(Path.of("/proc/self/limits"), Pattern.compile("Max open files +([0-9]+)"))
        .ifPresent(files -> findings.add(descriptors(files)));
    findings.add(disk());
    findings.add(address());
    return findings;
  }

  @Override
  public List<Probe> probe() {
    return probe.probe();
  }

  private static Finding receiveBuffer(long bytes) {
    boolean good = bytes >= RECEIVE_BYTES_GOOD;
    return new Finding(
        "receive buffer",
        good ? "pass" : "warn",
        "the kernel allows " + bytes / 1024 + " KiB for a socket",
        good ? "" : "Bursts are dropped: sysctl -w net.core.rmem_max=16777216");
  }

  private static Finding descriptors(long files) {
    boolean good = files >= DESCRIPTORS_GOOD;
    return new Finding(
        "file descriptors",
        good ? "pass" : "warn",
        files + " at most",
        good ? "" : "Each allocation takes one: raise the limit (ulimit -n, LimitNOFILE=).");
  }

  private Finding disk() {
    Path directory = node.state().directory();
    try {
      long free = Files.getFileStore(directory).getUsableSpace();
      boolean good = free >= DISK_BYTES_GOOD;
      return new Finding(
          "state directory",
          good ? "pass" : "warn",
          (free >> 20) + " MiB free at " + directory,
          good ? "" : "Make room: allocations, accounts and the audit log are kept there.");
    } catch (IOException unreadable) {
      return new Finding(
          "state directory", "fail", directory + " cannot be looked at", "Look at its disk.");
    }
  }

  /** What clients are told is what they send to. */
  private Finding address() {
    InetAddress address = NodeAddresses.reachable(node.effective());
    boolean hidden =
        address.isSiteLocalAddress() && !node.effective().isGiven(Settings.EXTERNAL_IP);
    return new Finding(
        "address for clients",
        hidden ? "warn" : "pass",
        address.getHostAddress(),
        hidden ? "Behind a NAT, as in a cloud, set external-ip to the public address." : "");
  }

  private static Optional<Long> number(Path file, Pattern pattern) {
    try {
      Matcher found = pattern.matcher(HostChecks.text(file));
      return found.find() ? Optional.of(Long.parseLong(found.group(1))) : Optional.empty();
    } catch (IOException elsewhere) {
      return Optional.empty();
    }
  }

  @Override
  public Map<String, String> logLevels() {
    return Logging.levels();
  }

  @Override
  public void setLogLevel(String component, String level) {
    Logging.level(component, level);
  }
}
