package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import puente.launcher.Setting.Status;

class SettingsTest {
  private static final Path PAGE = Path.of("..", "docs", "CONFIG.md");

  /** The option table of coturn 4.17.1, and words of older releases that guides still use. */
  private static final List<String> COTURN =
      List.of(
          """
          listening-device listening-port tls-listening-port alt-listening-port
          alt-tls-listening-port tcp-proxy-port listening-ip relay-device relay-ip external-ip
          relay-threads min-port max-port sock-buf-size lt-cred-mech no-auth user userdb db
          psql-userdb sql-userdb mysql-userdb mongo-userdb redis-userdb redis-statsdb prometheus
          prometheus-port prometheus-address prometheus-path prometheus-username-labels
          prometheus-tls prometheus-cert prometheus-key use-auth-secret static-auth-secret
          no-auth-pings no-dynamic-ip-list no-dynamic-realms realm server-name oauth user-quota
          total-quota max-bps bps-capacity verbose Verbose daemon no-software-attribute
          software-attribute fingerprint check-origin-consistency no-udp no-tcp no-tls dtls no-dtls
          no-udp-relay no-tcp-relay stale-nonce max-allocate-lifetime channel-lifetime
          permission-lifetime stun-only no-stun cert raw-public-keys pkey pkey-pwd log-file
          no-stdout-log syslog simple-log log-min-level new-log-timestamp
          new-log-timestamp-format aux-server udp-self-balance alternate-server
          tls-alternate-server tcp-alternate-server udp-alternate-server rest-api-separator
          max-allocate-timeout drain-min-allocations no-multicast-peers allow-loopback-peers
          allowed-peer-ip denied-peer-ip cipher-list pidfile secure-stun CA-file dh-file proc-user
          proc-group mobility no-cli cli cli-ip cli-port cli-password web-admin web-admin-ip
          web-admin-port web-admin-listen-on-workers server-relay cli-max-output-sessions
          ec-curve-name dh566 dh1066 tlsv1 tlsv1_1 no-tlsv1_2 secret-key-file keep-address-family
          allocation-default-address-family acme-redirect log-binding no-rfc5780 rfc5780
          stun-backward-compatibility rfc5766-channel-numbers rfc3489-compatibility
          response-origin-only-with-rfc5780 respond-http-unsupported drop-invalid-packets
          drop-invalid-packets-log udp-recvmmsg udp-recvmmsg-log udp-sendmmsg-log udp-gso
          include-reason-string multiplex-peer multiplex-peer-port multiplex-peer-max-peers
          syslog-facility cpus unauthorized-ratelimit unauthorized-ratelimit-rps stateless-nonce
          stateless-nonce-secret ne
          no-loopback-peers no-tlsv1 no-tlsv1_1 dh2066 no-sslv2 no-sslv3
          no-stun-backward-compatibility prod
          """
              .split("\\s+"));

  @Test
  void everyWordOfCoturnIsKnown() {
    List<String> missing = new ArrayList<>(COTURN);
    missing.removeAll(UnknownWord.names());
    assertEquals(List.of(), missing);
  }

  /** coturn's getopt string, without c, n and h, which are no settings. */
  @Test
  void everyLetterOfCoturnIsKnown() {
    for (char letter : "dpLEXimlrubBeMJNOqQsCKAvVofzaS".toCharArray()) {
      assertTrue(
          Settings.TABLE.stream().anyMatch(setting -> setting.letter().equals(Optional.of(letter))),
          "-" + letter);
    }
  }

  @Test
  void namesVariablesAndLettersAreUnique() {
    Set<String> seen = new HashSet<>();
    for (Setting<?> setting : Settings.TABLE) {
      List<String> names = new ArrayList<>(List.of(setting.name()));
      names.addAll(setting.aliases());
      setting.letter().ifPresent(letter -> names.add("-" + letter));
      for (String name : names) {
        assertTrue(seen.add(name), name);
      }
    }
  }

  @Test
  void everyRowIsComplete() {
    for (Setting<?> setting : Settings.TABLE) {
      assertTrue(setting.help().endsWith("."), setting + ": a sentence");
      assertFalse(setting.help().contains("|"), setting + ": breaks the page");
      assertEquals(setting.status() == Status.WORKS, setting.note().isEmpty(), setting.name());
      if (!setting.fallback().isEmpty()) {
        setting.type().reader().apply(setting.fallback());
      }
      setting.bare().ifPresent(text -> setting.type().reader().apply(text));
    }
  }

  /** {@code mvn test -Dtest=SettingsTest -Dupdate=true} writes the page. */
  @Test
  void thePageOfSettingsIsUpToDate() throws IOException {
    if (Boolean.getBoolean("update")) {
      Files.createDirectories(PAGE.getParent());
      Files.writeString(PAGE, ConfigDocument.markdown());
    }
    assertEquals(
        ConfigDocument.markdown(),
        Files.readString(PAGE),
        "run: ./puente config --markdown > docs/CONFIG.md");
  }
}
