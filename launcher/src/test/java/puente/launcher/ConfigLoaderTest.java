package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {
  @TempDir private Path directory;
  private Given given;

  @BeforeEach
  void nothingGiven() {
    given = new Given(directory);
  }

  @Test
  void defaults() throws StartFailure {
    Config config = given.load();
    assertEquals(3478, config.value(Settings.LISTENING_PORT));
    assertEquals(49_152, config.value(Settings.MIN_PORT));
    assertEquals(Duration.ofSeconds(600), config.value(Settings.STALE_NONCE));
    assertEquals(List.of(), config.all(Settings.LISTENING_IP));
    assertEquals(Optional.empty(), config.find(Settings.CERT));
    assertEquals("default", config.origin(Settings.REALM).toString());
    assertFalse(config.isGiven(Settings.REALM));
    assertEquals(List.of(), config.warnings());
  }

  @Test
  void flagBeatsEnvironmentBeatsFileBeatsDefault() throws Exception {
    assertEquals("puente", given.load().value(Settings.REALM));
    given.file("# comment", "realm=from-file");
    assertEquals("from-file", given.load().value(Settings.REALM));
    assertEquals("turnserver.conf:2", given.load().origin(Settings.REALM).toString());
    given.variable("PUENTE_REALM", "from-environment");
    assertEquals("from-environment", given.load().value(Settings.REALM));
    assertEquals("PUENTE_REALM", given.load().origin(Settings.REALM).toString());
    given.flag("realm", "from-flag");
    assertEquals("from-flag", given.load().value(Settings.REALM));
    assertEquals("--realm", given.load().origin(Settings.REALM).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "listening-port=3500",
        "listening-port = 3500",
        "  listening-port\t3500 ",
        "listening-port 3500",
        "listening-port==3500",
        "listening-port=\"3500\"",
        "listening-port= \" 3500 \"",
        "listening-port=3500\r",
        "listening-port=3500 # comment",
        "--listening-port=3500",
        "\ufefflistening-port=3500",
      })
  void readsALineAsCoturnDoes(String line) throws Exception {
    assertEquals(3500, given.file(line).load().value(Settings.LISTENING_PORT));
  }

  @ParameterizedTest
  @CsvSource({
    "fingerprint, true", "fingerprint=1, true", "fingerprint=yes, true", "fingerprint on, true",
    "fingerprint=T, true", "fingerprint=0, false", "fingerprint=off, false",
        "fingerprint no, false",
    "fingerprint=FALSE, false", "fingerprint=f, false", "#fingerprint, false",
  })
  void flags(String line, boolean on) throws Exception {
    assertEquals(on, given.file(line).load().value(Settings.FINGERPRINT));
  }

  @Test
  void bareKeysHaveTheirMeaning() throws Exception {
    Config config = given.file("stale-nonce", "unauthorized-ratelimit-rps").load();
    assertEquals(Duration.ofSeconds(600), config.value(Settings.STALE_NONCE));
    assertEquals(10, config.value(Settings.UNAUTHORIZED_RATELIMIT_RPS));
  }

  @Test
  void durationsHaveUnits() throws Exception {
    given.file("max-allocate-lifetime=2h", "port-quarantine=90s", "stale-nonce=0");
    assertEquals(Duration.ofHours(2), given.load().value(Settings.MAX_ALLOCATE_LIFETIME));
    assertEquals(Duration.ofSeconds(90), given.load().value(Settings.PORT_QUARANTINE));
    assertEquals(Duration.ZERO, given.load().value(Settings.STALE_NONCE));
  }

  @Test
  void quotesAndHashesOfASecretAreText() throws Exception {
    given.file(
        "static-auth-secret=a#b c'd",
        "static-auth-secret=\"in quotes\"",
        "static-auth-secret=mid\"dle\"",
        "user=ana:pass:word=1 # 2");
    assertEquals(
        List.of("a#b c'd", "in quotes", "mid\"dle\""),
        given.load().all(Settings.STATIC_AUTH_SECRET));
    assertEquals(
        Optional.of("pass:word=1 # 2"), given.load().all(Settings.USER).getFirst().password());
  }

  @Test
  void aFileInLatin1IsRead() throws Exception {
    given.file("");
    Files.write(
        directory.resolve("turnserver.conf"),
        "static-auth-secret=contrase\u00f1a"
            .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    assertEquals(List.of("contrase\u00f1a"), given.load().all(Settings.STATIC_AUTH_SECRET));
  }

  @Test
  void rulesAndCredentialsOfAllSourcesAreJoined() throws Exception {
    Config config =
        given
            .file("denied-peer-ip=192.0.2.1", "static-auth-secret=one", "user=ana:x")
            .variable("PUENTE_DENIED_PEER_IP", "192.0.2.2 192.0.2.3\n192.0.2.4/32")
            .variable("PUENTE_STATIC_AUTH_SECRET", "two\nthree")
            .flag("denied-peer-ip", "192.0.2.5")
            .load();
    assertEquals(
        List.of("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"),
        config.all(Settings.DENIED_PEER_IP).stream().map(Object::toString).toList());
    assertEquals(List.of("one", "two", "three"), config.all(Settings.STATIC_AUTH_SECRET));
    assertTrue(config.value(Settings.USE_AUTH_SECRET), "implied");
  }

  @Test
  void addressesOfTheMostImportantSourceReplaceTheOthers() throws Exception {
    given.file("listening-ip=192.0.2.1", "listening-ip=2001:db8::1");
    assertEquals(2, given.load().all(Settings.LISTENING_IP).size());
    given.flag("listening-ip", "127.0.0.1");
    assertEquals(
        List.of(InetAddress.ofLiteral("127.0.0.1")), given.load().all(Settings.LISTENING_IP));
  }

  @Test
  void aVariableCanNameAFile() throws Exception {
    Files.writeString(directory.resolve("secrets"), "one\ntwo\n");
    given.variable("PUENTE_STATIC_AUTH_SECRET__FILE", "secrets");
    assertEquals(List.of("one", "two"), given.load().all(Settings.STATIC_AUTH_SECRET));
    given.variable("PUENTE_STATIC_AUTH_SECRET", "three");
    assertEquals(
        "PUENTE_STATIC_AUTH_SECRET and PUENTE_STATIC_AUTH_SECRET__FILE are both set", refusal());
  }

  @Test
  void aVariableNamingNoFileStopsTheStart() {
    given.variable("PUENTE_ADMIN_TOKEN__FILE", "absent");
    assertEquals(
        "PUENTE_ADMIN_TOKEN__FILE: " + directory.resolve("absent") + ": no such file", refusal());
  }

  @Test
  void staticUsersAndSharedSecretsLiveTogether() throws Exception {
    Config config =
        given
            .file(
                "lt-cred-mech",
                "use-auth-secret",
                "static-auth-secret=one",
                "static-auth-secret=two",
                "user=ana:rumba",
                "user=luis:0xbc807ee29df3c9ffa736523fb2c4e8ee")
            .load();
    assertTrue(config.usesSharedSecret());
    assertFalse(config.isAnonymous());
    assertEquals(2, config.all(Settings.STATIC_AUTH_SECRET).size());
    assertEquals(16, config.all(Settings.USER).getLast().key().orElseThrow().length);
  }

  @Test
  void nothingConfiguredMeansTheGeneratedSecretAndNeverOpen() throws Exception {
    assertTrue(given.load().usesSharedSecret());
    assertFalse(given.load().isAnonymous());
    assertTrue(given.file("no-auth").load().isAnonymous());
    assertFalse(given.load().usesSharedSecret());
  }

  @Test
  void credentialsWinOverNoAuth() throws Exception {
    Config config = given.file("no-auth", "user=ana:rumba").load();
    assertFalse(config.isAnonymous());
    assertFalse(config.usesSharedSecret());
    assertTrue(
        config.warnings().getFirst().contains("no-auth: no effect"), config.warnings()::toString);
  }

  @Test
  void askingForCredentialsWinsOverNoAuth() throws Exception {
    Config config = given.file("no-auth", "lt-cred-mech").load();
    assertFalse(config.isAnonymous());
    assertTrue(config.usesSharedSecret());
  }

  @Test
  void aRelativeCertificateMayStandBesideTheFile() throws Exception {
    Path etc = Files.createDirectories(directory.resolve("etc"));
    Files.writeString(etc.resolve("cert.pem"), "");
    Files.writeString(etc.resolve("turn.conf"), "cert=cert.pem\npkey=key.pem\n");
    given.variable("PUENTE_CONFIG", "etc/turn.conf");
    assertEquals(etc.resolve("cert.pem"), given.load().value(Settings.CERT));
    assertEquals(directory.resolve("key.pem"), given.load().value(Settings.PKEY));
  }

  @Test
  void devAllowsLoopbackAndPrivatePeersUnlessTold() throws Exception {
    Config config = given.flag("dev", "").flag("allow-private-peers", "no").load();
    assertTrue(config.value(Settings.ALLOW_LOOPBACK_PEERS));
    assertEquals("dev", config.origin(Settings.ALLOW_LOOPBACK_PEERS).toString());
    assertFalse(config.value(Settings.ALLOW_PRIVATE_PEERS));
  }

  @Test
  void wordsForOtherSettings() throws Exception {
    Config config =
        given
            .file("prod=0", "keep-address-family", "Verbose", "prometheus-port=9700", "cpus=3")
            .load();
    assertTrue(config.value(Settings.SOFTWARE_ATTRIBUTE));
    assertEquals("keep", config.value(Settings.ALLOCATION_DEFAULT_ADDRESS_FAMILY));
    assertEquals("trace", config.value(Settings.LOG_MIN_LEVEL));
    assertEquals(9700, config.value(Settings.ADMIN_PORT));
    assertEquals(3, config.value(Settings.RELAY_THREADS));
    assertTrue(config.origin(Settings.RELAY_THREADS).toString().endsWith("turnserver.conf:5"));
  }

  @Test
  void aSettingsOwnWordWinsOverAnother() throws Exception {
    assertEquals(2, given.file("relay-threads=2", "cpus=3").load().value(Settings.RELAY_THREADS));
  }

  @Test
  void unknownWordsWarnWithPlaceAndSuggestion() throws Exception {
    Config config = given.file("", "listening-prot=3500", "qwertyuiop=1").load();
    String file = "turnserver.conf";
    assertEquals(
        List.of(
            file + ":2: unknown setting listening-prot is ignored; did you mean listening-port?",
            file + ":3: unknown setting qwertyuiop is ignored"),
        config.warnings());
  }

  @Test
  void unknownVariablesWarn() throws Exception {
    given.variable("PUENTE_RELM", "x").variable("PUENTE_JAVA_OPTS", "-Xmx1g").variable("HOME", "/");
    assertEquals(
        List.of("PUENTE_RELM: unknown variable is ignored; did you mean PUENTE_REALM?"),
        given.load().warnings());
  }

  @Test
  void deadAndUselessWordsWarnOnce() throws Exception {
    given.file(
        "no-loopback-peers",
        "respond-http-unsupported",
        "respond-http-unsupported=0",
        "no-cli",
        "stateless-nonce=off");
    List<String> warnings = given.load().warnings();
    assertEquals(3, warnings.size(), warnings::toString);
    assertTrue(warnings.get(0).contains(":1: no-loopback-peers: a word coturn has dropped"));
    assertTrue(warnings.get(1).contains(":2: respond-http-unsupported: no effect"));
    assertTrue(warnings.get(2).contains(":5: stateless-nonce: no effect"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "denied-peer-ip=10.0.0.0/33",
        "denied-peer-ip=10.0.0.256",
        "denied-peer-ip",
        "denied-peer-ip=*",
        "denied-peer-ip=10.0.0.2-10.0.0.1",
        "allowed-peer-ip=example.org",
        "allowed-peer-ip=::1-1.2.3.4",
        "realm=",
        "realm=a\"b",
        "user=ana",
        "user=ana:",
        "user=:rumba",
        "user=ana:0x12",
        "user=ana:0xzz",
        "static-auth-secret=",
        "cert=",
        "pkey=/tmp/key.pem",
        "listening-port=70000",
        "listening-port=-1",
        "listening-port=3478x",
        "listening-port=",
        "listening-port=+3478",
        "listening-port=\u0663",
        "listening-port=99999999999999999999",
        "relay-threads=1000",
        "max-bps=-1",
        "max-bps=1e6",
        "stale-nonce=1y",
        "stale-nonce=-5",
        "fingerprint=maybe",
        "listening-ip=localhost",
        "listening-ip=1.2.3.4-1.2.3.5",
        "listening-ip=1.2.3.4/32",
        "listening-ip=1.2.3",
        "external-ip=1.2.3.4/::1",
        "log-format=xml",
        "udp-io=fast",
        "min-port=60000\nmax-port=50000",
        "rest-api-separator=ab",
        "max-permissions=0",
        "max-channels=0",
        "max-unauthenticated-connections=0",
        "max-connections-per-source=0",
        "user=ana:a\u0001b",
        "user=a\u200bna:secret",
        "realm=a\u200bb",
      })
  void malformedValuesStopTheStart(String line) throws IOException {
    given.file(line.split("\n"));
    StartFailure failure = assertThrows(StartFailure.class, given::load);
    assertEquals(StartFailure.Kind.CONFIGURATION, failure.kind());
    assertEquals(2, failure.kind().exitCode());
    assertTrue(failure.line().contains("turnserver.conf:1: "), failure.line());
    assertFalse(failure.line().contains("\n"), failure.line());
  }

  @Test
  void theLineSaysWhatIsWrong() throws IOException {
    given.file("listening-port=70000");
    assertEquals(
        "turnserver.conf:1: listening-port \"70000\": not a whole number from 0 to 65535",
        refusal());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "user=hunter2hunter2",
        "user=ana:0xhunter2hunter2",
        "static-auth-secrt=hunter2hunter2",
        "static-auth-secret:hunter2hunter2",
        "Zhunter2hunter2=",
        "hunter2hunter2",
        "user:ana:hunter2hunter2",
        "psql-userdb=password=hunter2hunter2",
        "cli-password=hunter2hunter2",
        "pkey-pwd=hunter2hunter2",
        "admin-token=hunter2hunter2",
        "api-key=me:hunter2hunter2",
        "usr=ana:hunter2hunter2;",
        "user=ana:hunter2hunter2;",
      })
  void secretsAreNeverPrinted(String line) throws Exception {
    String said;
    try {
      Config config = given.file(line).load();
      said = config.warnings() + ConfigReport.text(config, true) + ConfigReport.json(config, true);
    } catch (StartFailure e) {
      said = e.toString() + e.line();
    }
    assertFalse(said.contains("hunter2"), said);
  }

  @Test
  void secretFlagsAreNotQuoted() {
    given.flag("user", "hunter2hunter2");
    assertEquals("--user: user: not name:password", refusal());
  }

  @Test
  void hostileTextIsEscapedAndCut() throws Exception {
    given.file("log-format=\u001b[31mred\u202e" + "x".repeat(5000));
    String line = refusal();
    assertTrue(line.contains("\\u001b[31mred\\u202e"), line);
    assertTrue(line.length() < 400, line);
    assertFalse(line.contains("\u001b"), line);
  }

  @Test
  void anyBytesAreReadWithoutAnException() throws Exception {
    Random random = new Random(20261120);
    given.file("");
    for (int i = 0; i < 300; i++) {
      byte[] bytes = new byte[random.nextInt(2000)];
      random.nextBytes(bytes);
      Files.write(directory.resolve("turnserver.conf"), bytes);
      try {
        given.load();
      } catch (StartFailure expected) {
        assertFalse(expected.line().isEmpty());
      }
    }
  }

  @Test
  void anEndlessFileIsRefused() throws Exception {
    given.file("");
    Files.write(directory.resolve("turnserver.conf"), new byte[2 << 20]);
    assertTrue(refusal().contains("larger than"), this::refusal);
  }

  @Test
  void aMissingFileIsRefused() throws Exception {
    given.file("");
    Files.delete(directory.resolve("turnserver.conf"));
    assertTrue(refusal().endsWith("turnserver.conf: no such file"), this::refusal);
  }

  @Test
  void theUsualFileIsFound() throws Exception {
    Files.writeString(directory.resolve("puente.conf"), "realm=found\n");
    assertEquals("found", given.load().value(Settings.REALM));
    given.variable("PUENTE_CONFIG", "other.conf");
    assertTrue(refusal().endsWith("other.conf: no such file"), this::refusal);
  }

  private String refusal() {
    return assertThrows(StartFailure.class, given::load).line();
  }
}
