package puente.launcher;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import puente.stun.AddressRange;

/** Prints an ephemeral credential, ready to use. */
@Command(
    name = "credentials",
    header = {
      "Make a temporary credential.",
      "",
      "  puente credentials --user ana",
      "  puente credentials --user ana --ttl 8h --server turn.example.org",
      "  puente credentials --user ana --ip 203.0.113.7 --uses 1",
      "  puente credentials --user ana --json | jq .iceServers",
      ""
    },
    sortOptions = false)
final class CredentialsCommand implements Callable<Integer> {
  private static final Type<Duration> TTL =
      Type.duration(Duration.ofSeconds(1), Duration.ofDays(366));

  /** RFC 8489 §14.3 allows 508 bytes with the expiry before it. */
  private static final int USER_LENGTH_MAX = 120;

  private static final int USES_MAX = 999_999;

  private final Surroundings surroundings;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-u", "--user"},
      required = true,
      paramLabel = "NAME",
      description = "Whose credential it is; quotas are counted by it.")
  private String user;

  @Option(
      names = "--ttl",
      defaultValue = "1h",
      paramLabel = "TIME",
      description = "How long it is good: seconds, or 90s, 30m, 1h, 7d. Default: 1h.")
  private String ttl;

  @Option(
      names = "--ip",
      paramLabel = "RANGE",
      description = "Good for clients of this address or range only: ip, ip-ip or ip/prefix.")
  private Optional<String> ip = Optional.empty();

  @Option(
      names = "--uses",
      paramLabel = "N",
      description = "Good for so many allocations, 1 to 999999.")
  private Optional<Integer> uses = Optional.empty();

  @Option(
      names = {"-r", "--realm"},
      paramLabel = "REALM",
      description = "Realm to show with it.")
  private Optional<String> realm;

  @Option(
      names = "--server",
      paramLabel = "HOST",
      description = "Name or address that clients reach the server by.")
  private Optional<String> server;

  @Option(
      names = "--state-dir",
      paramLabel = "DIR",
      description = "Where the server keeps its generated secret.")
  private Optional<String> stateDir;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  CredentialsCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure {
    Config config = load();
    Instant now = surroundings.clock().instant().truncatedTo(ChronoUnit.SECONDS);
    Duration lifetime = lifetime();
    Credential credential =
        Credential.create(
            SigningSecret.of(config, surroundings),
            name() + conditions(),
            now.plus(lifetime),
            config.value(Settings.REST_API_SEPARATOR));
    IceUrls urls = new IceUrls(config, server, List.of());
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("username", credential.username());
    all.put("password", credential.password());
    all.put("realm", config.value(Settings.REALM));
    all.put("ttl", lifetime.toSeconds());
    all.put("expiresAt", credential.expires().toString());
    all.put("iceServers", credential.iceServers(urls.stun(), urls.turn()));
    surroundings.out().print(json ? Json.pretty(all) + "\n" : text(all));
    return 0;
  }

  private Config load() throws StartFailure {
    ParseResult parsed = spec.commandLine().getParseResult();
    List<ConfigLoader.Flag> flags = new ArrayList<>();
    realm.ifPresent(text -> flags.add(new ConfigLoader.Flag("realm", text)));
    stateDir.ifPresent(text -> flags.add(new ConfigLoader.Flag("state-dir", text)));
    return ConfigLoader.load(SettingOptions.sources(parsed, surroundings).withFlags(flags));
  }

  private String name() throws StartFailure {
    if (user.isEmpty() || user.length() > USER_LENGTH_MAX) {
      throw StartFailure.configuration("--user: 1 to " + USER_LENGTH_MAX + " characters");
    }
    if (user.chars()
        .anyMatch(c -> SafeText.isUnsafe((char) c) && !Character.isSurrogate((char) c))) {
      throw StartFailure.configuration("--user: a control character in the name");
    }
    return user;
  }

  /** docs/USERS.md; the password vouches for them, as for the rest of the username. */
  private String conditions() throws StartFailure {
    StringBuilder conditions = new StringBuilder();
    if (ip.isPresent()) {
      try {
        conditions.append(";ip=").append(AddressRange.parse(ip.get()));
      } catch (IllegalArgumentException wrong) {
        throw StartFailure.configuration("--ip: " + wrong.getMessage());
      }
    }
    if (uses.isPresent()) {
      if (uses.get() < 1 || uses.get() > USES_MAX) {
        throw StartFailure.configuration("--uses: 1 to " + USES_MAX);
      }
      conditions.append(";uses=").append(uses.get());
    }
    return conditions.toString();
  }

  private Duration lifetime() throws StartFailure {
    try {
      return TTL.reader().apply(ttl);
    } catch (IllegalArgumentException e) {
      throw StartFailure.configuration("--ttl \"" + ttl + "\": " + e.getMessage());
    }
  }

  private static String text(Map<String, Object> all) {
    Map<String, Object> iceServers = new LinkedHashMap<>();
    iceServers.put("iceServers", all.getOrDefault("iceServers", List.of()));
    return String.format(
        "username  %s%npassword  %s%nrealm     %s%nexpires   %s%n%n%s%n",
        all.get("username"),
        all.get("password"),
        all.get("realm"),
        all.get("expiresAt"),
        Json.pretty(iceServers));
  }
}
