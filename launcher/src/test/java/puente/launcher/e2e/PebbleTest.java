package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import puente.doctor.TestCertificateAuthority;

/**
 * Certificates of Pebble, the authority that Let's Encrypt made for tests of clients: it refuses nonces
 * now and then, and its own HTTPS is of a root that nobody knows.
 */
@Tag("e2e")
@Timeout(300)
class PebbleTest {
  private static final Path WORK = Path.of("target", "e2e", "pebble").toAbsolutePath();
  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final String NAME = "turn.example.org";

  /** Pebble's, its management's, the DNS's and its management's; TURN over TLS, HTTP and HTTPS. */
  private final int ports = Ports.free(8);

  private final List<Program> programs = new ArrayList<>();
  private Path root = WORK;

  @BeforeEach
  void authority() throws IOException {
    assumeTrue(ServerProcess.isPuente(), "our settings");
    Program.require("pebble", "pebble-challtestsrv", "curl");
    Files.createDirectories(WORK);
    var authority = new TestCertificateAuthority();
    KeyPair keys = TestCertificateAuthority.newKeys();
    Instant now = Instant.now();
    X509Certificate own =
        authority.issue(
            keys.getPublic(),
            List.of("127.0.0.1"),
            now.minusSeconds(3600),
            now.plus(Duration.ofDays(1)));
    root = write("root.pem", TestCertificateAuthority.pem(authority.root()));
    write("own.pem", TestCertificateAuthority.pem(own));
    write("own.key", TestCertificateAuthority.pem(keys.getPrivate()));
  }

  @AfterEach
  void end() {
    programs.forEach(Program::close);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http-01", "tls-alpn-01", "dns-01"})
  void issues(String way) throws Exception {
    pebble();
    List<String> settings = new ArrayList<>(List.of("acme-ca-file=" + root));
    settings.add("acme-challenge=" + way);
    settings.add("tls-listening-port=" + (ports + 4));
    if (way.equals("dns-01")) {
      settings.add("acme-dns-hook=" + hook());
    }
    try (ServerProcess server = server(way, settings)) {
      X509Certificate leaf = pebbles(ports + 4, server);
      assertEquals(NAME, leaf.getSubjectAlternativeNames().iterator().next().get(1));
      // It is in force a moment before it is counted.
      until(server, () -> server.metric("puente_acme_orders_total", "result=\"issued\"") == 1);
      assertEquals(0, server.metric("puente_acme_orders_total", "result=\"failed\""), 0);
    }
  }

  /** Without its root the authority is nobody. */
  @Test
  void whoIsNotTrustedIsNotAsked() throws Exception {
    pebble();
    try (ServerProcess server = server("untrusted", List.of("no-tls"))) {
      until(server, () -> server.metric("puente_acme_orders_total", "result=\"failed\"") >= 1);
      assertTrue(server.log().contains("event=certificate-not-issued"), server::log);
      assertTrue(server.log().contains("PKIX"), server::log);
    }
  }

  private static void until(ServerProcess server, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        if (condition.call()) {
          return;
        }
      } catch (ConnectException starting) {
        // The admin port comes last.
      }
      assertTrue(System.nanoTime() < deadline, server::log);
      LockSupport.parkNanos(50_000_000);
    }
  }

  private ServerProcess server(String name, List<String> more) {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "listening-ip=127.0.0.1",
                "listening-port=%PORT%",
                "min-port=%MIN%",
                "max-port=%MAX%",
                "http-port=" + (ports + 5),
                "https-port=" + (ports + 6),
                "acme-domain=" + NAME,
                "acme-directory=https://127.0.0.1:" + ports + "/dir"));
    settings.addAll(more);
    return ServerProcess.bare("pebble-" + name, settings.toArray(String[]::new));
  }

  /** The certificate in force, as soon as it is one of Pebble's. */
  private static X509Certificate pebbles(int port, ServerProcess server) throws Exception {
    SSLContext anybody = SSLContext.getInstance("TLS");
    anybody.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
          SSLSocket socket =
              (SSLSocket) anybody.getSocketFactory().createSocket(plain, NAME, port, true)) {
        socket.startHandshake();
        X509Certificate leaf = (X509Certificate) socket.getSession().getPeerCertificates()[0];
        if (leaf.getIssuerX500Principal().getName().contains("Pebble")) {
          return leaf;
        }
      } catch (ConnectException starting) {
        assertTrue(System.nanoTime() < deadline, starting::toString);
      }
      assertTrue(System.nanoTime() < deadline, server::log);
      LockSupport.parkNanos(50_000_000);
    }
  }

  private void pebble() throws IOException {
    String config =
        """
        {"pebble": {
          "listenAddress": "127.0.0.1:%d", "managementListenAddress": "127.0.0.1:%d",
          "certificate": "%s", "privateKey": "%s",
          "httpPort": %d, "tlsPort": %d, "ocspResponderURL": "", "externalAccountBindingRequired": false
        }}
        """
            .formatted(
                ports,
                ports + 1,
                WORK.resolve("own.pem"),
                WORK.resolve("own.key"),
                ports + 5,
                ports + 4);
    String dns = "127.0.0.1:" + (ports + 2);
    run(
        "pebble-challtestsrv",
        "-defaultIPv4=127.0.0.1",
        "-defaultIPv6=",
        "-dns01=" + dns,
        "-http01=",
        "-https01=",
        "-tlsalpn01=",
        "-management=127.0.0.1:" + (ports + 3));
    Path file = write("pebble.json", config);
    run("pebble", "-config=" + file, "-dnsserver=" + dns, "-strict");
  }

  private void run(String... command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    // It would look at a challenge after some seconds only, by chance.
    builder.environment().put("PEBBLE_VA_NOSLEEP", "1");
    programs.add(Program.start(builder, WORK.resolve(command[0] + ".log")));
  }

  private Path hook() throws IOException {
    String management = "http://127.0.0.1:" + (ports + 3);
    Path hook =
        write(
            "hook",
            """
            #!/bin/sh
            case $1 in
            present) exec curl -fs -d '{"host":"'$2'","value":"'$3'"}' %s/set-txt ;;
            clear) exec curl -fs -d '{"host":"'$2'"}' %s/clear-txt ;;
            esac
            """
                .formatted(management, management));
    Files.setPosixFilePermissions(hook, PosixFilePermissions.fromString("rwx------"));
    return hook;
  }

  private static Path write(String name, String text) throws IOException {
    return Files.writeString(WORK.resolve(name), text);
  }
}
