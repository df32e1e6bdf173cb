package puente.admin;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import puente.admin.access.AccessProblem;

/** A configuration and a process as a test wants them. */
final class FakeOperations implements OperationsView {

  final Map<String, String> levels = new ConcurrentSkipListMap<>(Map.of("puente", "info"));
  volatile boolean isBroken;

  @Override
  public Configuration configuration() {
    return new Configuration(
        List.of("/etc/turnserver.conf"),
        List.of(
            new SettingInfo(
                "realm",
                List.of("example.org"),
                false,
                "",
                "turnserver.conf:3",
                "Credentials",
                "Realm.",
                false,
                true,
                false),
            new SettingInfo(
                "user",
                List.of("ana:••••••"),
                true,
                "",
                "flag",
                "Credentials",
                "Users.",
                true,
                true,
                false)),
        List.of());
  }

  @Override
  public Validation validate(Optional<String> text) {
    return text.filter(some -> some.contains("min-port=x")).isPresent()
        ? new Validation(List.of("line 1: min-port: not a number"), List.of(), List.of())
        : new Validation(List.of(), List.of(), List.of(new SettingChange("realm", "a", "b", true)));
  }

  @Override
  public Reloaded reload() {
    if (isBroken) {
      throw new AccessProblem(AccessProblem.Kind.CONFLICT, "line 7: realm: empty");
    }
    return new Reloaded(List.of("max-port"), Optional.of("cannot open 192.0.2.1:3478"));
  }

  @Override
  public List<CertificateInfo> certificates() {
    Instant now = Instant.now();
    return List.of(
        new CertificateInfo(
            "tls",
            "CN=turn.example.com",
            "CN=Fake CA",
            List.of("turn.example.com"),
            "EC P-256",
            now,
            now.plus(Duration.ofDays(10)),
            false,
            "ab:cd",
            "file"));
  }

  @Override
  public List<Finding> findings() {
    return List.of(new Finding("receive buffer", "warn", "208 KiB", "Raise net.core.rmem_max."));
  }

  @Override
  public List<Probe> probe() {
    return List.of(new Probe("n2", "192.0.2.1", List.of(new Knock("relay", 49152, true))));
  }

  @Override
  public Map<String, String> logLevels() {
    return Map.copyOf(levels);
  }

  @Override
  public void setLogLevel(String component, String level) {
    if (level.isEmpty()) {
      levels.remove(component);
    } else {
      levels.put(component, level);
    }
  }
}
