package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import puente.stun.AddressRange;

/** The configurations that the guides of well-known applications ask for start unmodified. */
class GuidesTest {
  @Test
  void jitsi() throws Exception {
    Config config = guide("jitsi.conf");
    assertEquals("meet.example.org", config.value(Settings.REALM));
    assertEquals(List.of("jitsi-and-prosody-share-this"), config.all(Settings.STATIC_AUTH_SECRET));
    assertTrue(config.usesSharedSecret());
    assertTrue(config.value(Settings.NO_TCP));
    assertEquals("keep", config.value(Settings.ALLOCATION_DEFAULT_ADDRESS_FAMILY));
    assertEquals(Path.of("/etc/jitsi/meet/meet.example.org.crt"), config.value(Settings.CERT));
    assertTrue(denied(config, "10.1.2.3"));
    assertTrue(denied(config, "fe80::1"));
    assertFalse(denied(config, "8.8.8.8"));
    assertEquals(
        List.of(
            "no-loopback-peers",
            "no-tlsv1",
            "no-tlsv1_1",
            "cipher-list",
            "dh2066",
            "dh-file",
            "syslog"),
        warned(config));
  }

  @Test
  void synapse() throws Exception {
    Config config = guide("synapse.conf");
    assertEquals(List.of("s3cret with a # and spaces"), config.all(Settings.STATIC_AUTH_SECRET));
    assertEquals(12, config.value(Settings.USER_QUOTA));
    assertEquals(1200, config.value(Settings.TOTAL_QUOTA));
    assertTrue(config.value(Settings.NO_TLS));
    assertTrue(denied(config, "10.0.0.1"));
    assertTrue(contains(config.all(Settings.ALLOWED_PEER_IP), "10.0.0.1"));
    assertEquals("203.0.113.77/10.0.0.1", config.value(Settings.EXTERNAL_IP).toString());
    assertEquals(List.of("syslog"), warned(config));
  }

  @Test
  void nextcloudTalk() throws Exception {
    Config config = guide("nextcloud-talk.conf");
    assertTrue(config.value(Settings.FINGERPRINT));
    assertEquals(Duration.ofSeconds(600), config.value(Settings.STALE_NONCE));
    assertEquals(0, config.value(Settings.TOTAL_QUOTA));
    assertEquals(0, config.value(Settings.MAX_BPS));
    assertEquals("/var/log/turnserver.log", config.value(Settings.LOG_FILE));
    assertEquals(List.of("no-loopback-peers"), warned(config));
  }

  @Test
  void bigBlueButton() throws Exception {
    Config config = guide("bigbluebutton.conf");
    assertEquals(32_769, config.value(Settings.MIN_PORT));
    assertEquals("debug", config.value(Settings.LOG_MIN_LEVEL));
    assertTrue(denied(config, "8.8.8.8"));
    assertTrue(denied(config, "2001:db8::1"));
    assertTrue(denied(config, "::"));
    assertTrue(contains(config.all(Settings.ALLOWED_PEER_IP), "192.0.2.40"));
    assertFalse(contains(config.all(Settings.ALLOWED_PEER_IP), "192.0.2.41"));
    assertFalse(config.value(Settings.RFC5780));
    assertEquals(
        List.of(
            "no-stun-backward-compatibility",
            "no-loopback-peers",
            "no-tlsv1",
            "no-tlsv1_1",
            "proc-user",
            "proc-group"),
        warned(config).stream().sorted(GuidesTest::byFile).toList());
  }

  /** Otherwise a range that starts with :: would deny every IPv4 peer, which coturn does. */
  @Test
  void theIpv6RuleOfBigBlueButtonCoversIpv6Only() throws Exception {
    AddressRange everyIpv6 = guide("bigbluebutton.conf").all(Settings.DENIED_PEER_IP).getLast();
    assertFalse(contains(List.of(everyIpv6), "8.8.8.8"));
  }

  @Test
  void coturnsOwnExample() throws Exception {
    Config config = guide("coturn-example.conf");
    assertEquals(9700, config.value(Settings.ADMIN_PORT));
    assertEquals("0.0.0.0", config.value(Settings.ADMIN_IP).getHostAddress());
    assertEquals("warning", config.value(Settings.LOG_MIN_LEVEL));
    assertEquals("ipv6", config.value(Settings.ALLOCATION_DEFAULT_ADDRESS_FAMILY));
    assertEquals(Path.of("/run/turnserver.pid"), config.value(Settings.PIDFILE));
    assertEquals(2, config.all(Settings.USER).size());
    assertTrue(warned(config).containsAll(List.of("prod", "no-sslv2", "CA-file")));
  }

  private static int byFile(String one, String other) {
    List<String> order =
        List.of(
            "no-stun-backward-compatibility",
            "no-loopback-peers",
            "no-tlsv1",
            "no-tlsv1_1",
            "proc-user",
            "proc-group");
    return Integer.compare(order.indexOf(one), order.indexOf(other));
  }

  private static Config guide(String name) throws StartFailure, URISyntaxException {
    var resource = GuidesTest.class.getResource("/guides/" + name);
    assertTrue(resource != null, name);
    Path file = Path.of(resource.toURI());
    return ConfigLoader.load(
        new ConfigLoader.Sources(
            Optional.of(file), true, Map.of(), List.of(), Path.of("").toAbsolutePath()));
  }

  /** The settings that drew a warning; each warning reads "place: setting: why". */
  private static List<String> warned(Config config) {
    return config.warnings().stream().map(line -> line.split(": ")[1]).toList();
  }

  private static boolean denied(Config config, String address) {
    return contains(config.all(Settings.DENIED_PEER_IP), address);
  }

  private static boolean contains(List<AddressRange> ranges, String address) {
    AddressRange one = AddressRange.parse(address);
    return ranges.stream().anyMatch(range -> range.contains(one.firstHi(), one.firstLo()));
  }
}
