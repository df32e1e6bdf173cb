package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The command line as a person or a script meets it. */
class PuenteTest {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

  @TempDir private Path directory;
  private final Map<String, String> environment = new HashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final FakeNode node = new FakeNode();

  @BeforeEach
  void stateOfItsOwn() {
    environment.put("PUENTE_STATE_DIR", directory.resolve("state").toString());
  }

  @AfterEach
  void defaultLogging() throws StartFailure {
    Logging.apply(new Given(directory).load());
  }

  @Test
  void helpStartsWithExamples() {
    assertEquals(0, run("--help"));
    assertTrue(said().indexOf("puente serve --dev") < said().indexOf("Usage:"), this::said);
    for (String command :
        List.of(
            "serve",
            "plan",
            "doctor",
            "credentials",
            "config",
            "migrate",
            "nodes",
            "sessions",
            "top",
            "drain",
            "undrain",
            "chat",
            "send",
            "receive",
            "punch",
            "version",
            "completion")) {
      out.reset();
      assertEquals(0, run(command, "--help"), command);
      assertTrue(said().contains("  puente " + command), this::said);
      assertEquals("", complained());
    }
  }

  @Test
  void everyWorkingSettingIsInTheHelp() {
    run("serve", "--help");
    for (Setting<?> setting : Settings.TABLE) {
      boolean works = setting.status() == Setting.Status.WORKS;
      boolean listed =
          said().contains("--" + setting.name() + "=")
              || said().contains("--" + setting.name() + "[=");
      assertEquals(works, listed, setting.name());
    }
  }

  @Test
  void noCommandIsAMistakeOfUse() {
    assertEquals(2, run());
    assertEquals("", said());
    assertTrue(complained().contains("Commands:"));
  }

  @ParameterizedTest
  @CsvSource({
    "serv, unknown command serv; did you mean serve?",
    "credential, unknown command credential; did you mean credentials?",
  })
  void mistypedCommand(String typed, String complaint) {
    assertEquals(2, run(typed));
    assertTrue(complained().startsWith("puente: " + complaint + "\n"), this::complained);
  }

  @Test
  void mistypedOption() {
    assertEquals(2, run("serve", "--listning-port=1"));
    assertTrue(
        complained()
            .startsWith("puente: unknown option --listning-port; did you mean --listening-port?\n"),
        this::complained);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "serve --static-auth-secrt=hunter2hunter2",
        "serve --static-auth-secrt hunter2hunter2",
        "serve hunter2hunter2",
        "serve --user=hunter2hunter2",
        "serve -uhunter2hunter2",
        "serve --pkey-pwd",
        "config --usr=ana:hunter2hunter2",
        "credentials --user a b hunter2hunter2",
      })
  void aMistakeDoesNotPrintASecret(String line) {
    assertEquals(2, run(line.split(" ")));
    assertFalse((said() + complained()).contains("hunter2"), this::complained);
  }

  @Test
  void optionsAsCoturnHasThem() {
    assertEquals(
        0,
        run(
            "config",
            "-n",
            "-vf",
            "-a",
            "-p",
            "3500",
            "-L",
            "127.0.0.1",
            "-L",
            "::1",
            "-X",
            "192.0.2.1/10.0.0.1",
            "-u",
            "ana:rumba",
            "-r",
            "example.org",
            "--stale-nonce",
            "--max-bps=1000",
            "--min-port",
            "50000",
            "--no-cli",
            "--respond-http-unsupported"));
    for (String line :
        List.of(
            "listening-port=3500",
            "listening-ip=127.0.0.1",
            "listening-ip=::1",
            "fingerprint=yes",
            "log-min-level=debug",
            "external-ip=192.0.2.1/10.0.0.1",
            "user=ana:(secret)",
            "realm=example.org",
            "stale-nonce=600s",
            "max-bps=1000",
            "min-port=50000")) {
      assertTrue(said().lines().anyMatch(one -> one.startsWith(line + " ")), line + "\n" + said());
    }
    assertTrue(
        complained().contains("--respond-http-unsupported: respond-http-unsupported: no effect"),
        this::complained);
  }

  @Test
  void configAsJson() throws IOException {
    file("realm=example.org", "static-auth-secret=hunter2");
    assertEquals(0, run("config", "-c", "turnserver.conf", "--json"));
    assertTrue(said().contains("\"origin\": \"turnserver.conf:1\""), this::said);
    assertFalse(said().contains("hunter2"));
    out.reset();
    assertEquals(0, run("config", "--effective"));
    assertTrue(said().contains("listening-port=3478"), this::said);
  }

  @Test
  void credentialsWithTheGeneratedSecret() {
    assertEquals(
        0, run("credentials", "--user", "ana", "--ttl", "1h", "--server", "turn.example.org"));
    String first = said();
    assertTrue(first.startsWith("username  1795179600:ana\npassword  "), first);
    assertTrue(first.contains("\"turn:turn.example.org:3478?transport=udp\""), first);
    out.reset();
    run("credentials", "--user", "ana", "--ttl", "3600", "--server", "turn.example.org");
    assertEquals(first, said(), "the same secret");
    assertEquals(1, complained().lines().count(), "said once that the secret is new");
  }

  @Test
  void credentialsWithTheConfiguredSecret() throws IOException {
    file("static-auth-secret=north", "realm=example.org", "cert=cert.pem", "external-ip=192.0.2.9");
    assertEquals(0, run("credentials", "-c", "turnserver.conf", "--user", "ana", "--json"));
    String password = Credential.create("north", "ana", NOW.plusSeconds(3600), ":").password();
    assertTrue(said().contains("\"password\": \"" + password + "\""), this::said);
    assertTrue(said().contains("\"turns:192.0.2.9:5349?transport=tcp\""), this::said);
    assertTrue(said().contains("\"realm\": \"example.org\""), this::said);
    assertFalse(Files.exists(directory.resolve("state")), "no state is needed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1y", "-5", "99999999d", "soon"})
  void badLifetime(String ttl) {
    assertEquals(2, run("credentials", "--user", "ana", "--ttl=" + ttl));
    assertTrue(complained().startsWith("puente: --ttl \"" + ttl + "\": "), this::complained);
  }

  @Test
  void snippetsForOtherPrograms() throws IOException {
    file("static-auth-secret=north");
    for (String name :
        List.of(
            "prosody",
            "ejabberd",
            "xep-0215",
            "synapse",
            "jitsi",
            "nextcloud",
            "livekit",
            "janus",
            "mediasoup")) {
      out.reset();
      String[] words = {"snippet", name, "-c", "turnserver.conf", "--server", "turn.example.org"};
      assertEquals(0, run(words), this::complained);
      assertTrue(said().contains("turn.example.org"), this::said);
      assertFalse(said().matches("(?s).*%[A-Z]+%.*"), this::said);
    }
    out.reset();
    assertEquals(0, run("snippet", "xep-0215", "-c", "turnserver.conf", "--server", "192.0.2.1"));
    ExternalServices.check(said(), "north");
    assertEquals(2, run("snippet", "prosidy", "-c", "turnserver.conf"));
    assertTrue(complained().contains("did you mean prosody?"), this::complained);
  }

  @Test
  void credentialsNeedASharedSecret() throws IOException {
    file("user=ana:rumba");
    assertEquals(2, run("credentials", "-c", "turnserver.conf", "--user", "ana"));
    assertTrue(complained().contains("temporary credentials are off"), this::complained);
  }

  @Test
  void migrate() throws IOException {
    file(
        "listening-port=3500",
        "prod",
        "respond-http-unsupported",
        "no-cli",
        "relm=x",
        "user=ana:hunter2");
    assertEquals(0, run("migrate", "turnserver.conf"));
    String told = said().replaceAll(" +", " ");
    for (String part :
        List.of(
            "# line 1 listening-port kept\n",
            "# line 2 prod renamed prod is software-attribute\n",
            "# line 3 respond-http-unsupported unsupported ",
            "# line 4 no-cli not needed ",
            "# line 5 ? unknown unknown setting relm is ignored; did you mean realm?\n",
            "\nlistening-port=3500\n"
                + "software-attribute=no\n"
                + "# user: a secret, not shown; copy line 6\n")) {
      assertTrue(told.contains(part), part + "\n" + told);
    }
    assertFalse(said().contains("hunter2"));
    Files.writeString(directory.resolve("puente.conf"), said());
    out.reset();
    assertEquals(0, run("config"));
    assertEquals("", complained(), "what migrate prints is a configuration");
    assertEquals(0, run("migrate", "--show-secrets", "turnserver.conf"));
    assertTrue(said().contains("user=ana:hunter2"));
  }

  @Test
  void migrateNamesMalformedLines() throws IOException {
    file("denied-peer-ip=10.0.0.0/33");
    assertEquals(2, run("migrate", "--json", "turnserver.conf"));
    assertTrue(said().contains("\"fate\": \"malformed\""), this::said);
  }

  @Test
  void completionIsAScript() {
    assertEquals(0, run("completion"));
    assertTrue(said().contains("--listening-port"));
  }

  @Test
  void serveStartsAndStops() throws IOException {
    node.onStarted = serve -> serve.signal("TERM");
    assertEquals(0, run("serve", "--pidfile=" + directory.resolve("pid")));
    assertEquals(1, node.stops);
    assertTrue(said().contains("  udp    127.0.0.1:3478\n"), this::said);
    assertTrue(said().contains("\"username\": \"1795179600:you\""), this::said);
    assertFalse(Files.exists(directory.resolve("pid")), "removed again");
  }

  @Test
  void devModeIsLoud() {
    node.onStarted = serve -> serve.signal("INT");
    assertEquals(0, run("serve", "--dev"));
    assertTrue(said().contains("loopback and private peers are ALLOWED"), this::said);
  }

  @Test
  void theBannerShowsNoCredentialToAConfiguredServerOrAJournal() {
    node.onStarted = serve -> serve.signal("TERM");
    run("serve", "--static-auth-secret=hunter2");
    environment.put("JOURNAL_STREAM", "8:1");
    run("serve");
    assertFalse(said().contains("credential\""), this::said);
    assertFalse(said().contains("hunter2"), this::said);
  }

  @Test
  void theBannerKeepsOutOfALogOnTheStandardOutput() {
    node.onStarted = serve -> serve.signal("TERM");
    assertEquals(0, run("serve", "--log-file=stdout"));
    assertTrue(complained().contains("is running"));
    assertFalse(said().contains("is running"));
  }

  @Test
  void hangupReloadsAndAMalformedFileChangesNothing() throws IOException {
    file("realm=one");
    node.onStarted =
        serve -> {
          serve.signal("HUP");
          serve.signal("HUP");
          serve.signal("TERM");
        };
    node.onReload = config -> write("denied-peer-ip=nonsense");
    assertEquals(0, run("serve", "-c", "turnserver.conf"));
    assertEquals(List.of("one"), node.realms, "the second reload was refused");
  }

  @Test
  void aFaultWhileReloadingEndsNothing() {
    node.onStarted =
        serve -> {
          serve.signal("HUP");
          serve.signal("TERM");
        };
    node.onReload =
        config -> {
          throw new IllegalStateException("boom");
        };
    assertEquals(0, run("serve"));
    assertEquals(1, node.stops);
  }

  @Test
  void aSecondSignalStopsAtOnce() {
    node.stopped = new CompletableFuture<>();
    node.onStarted =
        serve -> {
          serve.signal("TERM");
          serve.signal("HUP");
          serve.signal("TERM");
        };
    assertEquals(1, run("serve"));
  }

  @ParameterizedTest
  @CsvSource({"PORT, 3", "PERMISSION, 3", "CONFIGURATION, 2", "OTHER, 1"})
  void startFailuresAreOneLineWithTheirCode(StartFailure.Kind kind, int exitCode) {
    node.failure = new StartFailure(kind, "udp 0.0.0.0:3478 is in use\nby somebody");
    assertEquals(exitCode, run("serve"));
    assertEquals("puente: udp 0.0.0.0:3478 is in use\\u000aby somebody\n", complained());
    assertEquals("", said());
  }

  @Test
  void aFaultOfOursIsOne() {
    node.fault = new IllegalStateException("boom");
    assertEquals(1, run("serve"));
    assertTrue(complained().startsWith("puente: java.lang.IllegalStateException: boom"));
  }

  @Test
  void malformedConfigurationExitsWithTwo() throws IOException {
    file("denied-peer-ip=nonsense");
    assertEquals(2, run("serve", "-c", "turnserver.conf"));
    assertEquals(
        "puente: turnserver.conf:1: denied-peer-ip \"nonsense\": not an IP address\n",
        complained());
  }

  private int run(String... arguments) {
    Surroundings surroundings =
        new Surroundings(
            environment,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            directory,
            Clock.fixed(NOW, ZoneOffset.UTC));
    // The starter needs the command that the line makes, to send it signals.
    List<ServeCommand> serve = new ArrayList<>();
    CommandLine line =
        Puente.commandLine(surroundings, (config, state, holder) -> node.start(serve.getFirst()));
    serve.add(Objects.requireNonNull(line.getSubcommands().get("serve")).getCommand());
    return Puente.run(line, surroundings, arguments);
  }

  private void file(String... lines) throws IOException {
    Files.write(directory.resolve("turnserver.conf"), List.of(lines));
  }

  private void write(String line) {
    try {
      file(line);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private String said() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String complained() {
    return err.toString(StandardCharsets.UTF_8);
  }

  /** A node that does what the test says. */
  private static final class FakeNode implements RunningNode {
    private Consumer<ServeCommand> onStarted = serve -> {};
    private Consumer<Config> onReload = config -> {};
    private @Nullable StartFailure failure;
    private @Nullable RuntimeException fault;
    private CompletableFuture<Void> stopped = CompletableFuture.completedFuture(null);
    private CompletableFuture<Void> drained = CompletableFuture.completedFuture(null);
    private final List<String> realms = new ArrayList<>();
    private int stops;

    RunningNode start(ServeCommand serve) throws StartFailure {
      if (failure != null) {
        throw failure;
      }
      if (fault != null) {
        throw fault;
      }
      onStarted.accept(serve);
      return this;
    }

    @Override
    public List<Listening> listening() {
      return List.of(new Listening("udp", new InetSocketAddress("127.0.0.1", 3478)));
    }

    @Override
    public long received() {
      return 0;
    }

    @Override
    public void reload(Config config) {
      realms.add(config.value(Settings.REALM));
      onReload.accept(config);
    }

    @Override
    public CompletionStage<Void> drain() {
      return drained;
    }

    @Override
    public CompletionStage<Void> leave() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> stop() {
      stops++;
      return stopped;
    }
  }
}
