package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import puente.supervisor.HealthCheck;

/** What the operating system and an operator's scripts see: exit codes, signals, one clear line. */
@Tag("e2e")
class ProcessTest {

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static void ours() {
    assumeTrue(ServerProcess.isPuente(), "exit codes are this server's own contract");
  }

  private static Program.Finished ended(ServerProcess server) {
    return server.program().finish(LIMIT);
  }

  /** One line says what is wrong; nobody wants a stack trace. */
  private static void assertOneLine(Program.Finished result, String... words) {
    for (var word : words) {
      assertTrue(result.output().contains(word), "should say " + word + ":\n" + result.output());
    }
    assertFalse(result.output().contains("\tat "), result.output());
    long lines = result.output().lines().filter(line -> line.contains(words[0])).count();
    assertEquals(1, lines, result.output());
  }

  /** A UDP or TCP port in use is exit code 3 and one line that names the port. */
  @Test
  void portInUse() throws IOException {
    ours();
    var loopback = InetAddress.getByName("127.0.0.1");
    try (var udp = new DatagramSocket(0, loopback)) {
      var port = "" + udp.getLocalPort();
      var result =
          ended(
              ServerProcess.bare(
                  "udp-in-use", "listening-ip=127.0.0.1", "listening-port=" + port, "no-tls"));
      assertEquals(3, result.exit(), result.output());
      assertOneLine(result, port);
    }
    try (var tcp = new ServerSocket(0, 1, loopback)) {
      var port = "" + tcp.getLocalPort();
      var result =
          ended(
              ServerProcess.bare(
                  "tcp-in-use", "listening-ip=127.0.0.1", "listening-port=" + port, "no-tls"));
      assertEquals(3, result.exit(), result.output());
      assertOneLine(result, port);
    }
  }

  /** Probes find a server only when all its ports are open: one that lacks its pages never shows. */
  @Test
  void isNotSeenWithoutItsPages() throws IOException {
    ours();
    try (var http = new ServerSocket(0, 1, InetAddress.getByName("0.0.0.0"))) {
      var server =
          ServerProcess.bare(
              "http-in-use",
              "listening-ip=127.0.0.1",
              "listening-port=%PORT%",
              "no-tls",
              "http-port=" + http.getLocalPort());
      var result = ended(server);
      assertEquals(3, result.exit(), result.output());
      assertOneLine(result, "" + http.getLocalPort());
      var seen = server.folder.resolve("state").resolve(HealthCheck.FILE);
      assertFalse(Files.exists(seen), "its admin port was open");
    }
  }

  /** A malformed security rule, or a certificate that cannot be read, is exit code 2. */
  @Test
  void badConfiguration() {
    ours();
    var rule = ended(ServerProcess.bare("bad-rule", "denied-peer-ip=10.0.0.300"));
    assertEquals(2, rule.exit(), rule.output());
    assertOneLine(rule, "denied-peer-ip");
    var file =
        ended(
            ServerProcess.bare(
                "bad-cert",
                "listening-ip=127.0.0.1",
                "listening-port=%PORT%",
                "tls-listening-port=%TLS%",
                "cert=/nonexistent/cert.pem",
                "pkey=%KEY%"));
    assertEquals(2, file.exit(), file.output());
    assertOneLine(file, "/nonexistent/cert.pem");
  }

  /** SIGTERM with an allocation and no drain configured stops in order: exit code 0. */
  @Test
  void terminates() throws IOException {
    try (var server = ServerProcess.start("sigterm");
        var client = TurnClient.tcp(server)) {
      client.allocate();
      server.program().signal("TERM");
      var result = ended(server);
      if (ServerProcess.isPuente()) {
        assertEquals(0, result.exit(), result.output());
        assertFalse(result.output().contains("Exception"), result.output());
      }
      assertTrue(Ports.isFree(server.port), "the port should be free again");
    }
  }

  /** SIGINT is Control-C: the same. */
  @Test
  void interrupted() throws IOException {
    ours();
    Interrupts.required();
    try (var server = ServerProcess.start("sigint")) {
      server.program().signal("INT");
      var result = ended(server);
      assertTrue(result.exit() == 0 || result.exit() == 130, result.output());
    }
  }

  /** SIGHUP reads certificates, users and rules again and costs a call under way nothing. */
  @Test
  void reloadsUnderTraffic() throws IOException {
    try (var server = ServerProcess.start("sighup");
        var call = new Call(server);
        var secure = new Call(TurnClient.tls(server), TurnClient.udp(server))) {
      for (int round = 0; round < 5; round++) {
        call.carries(200);
        server.program().signal("HUP");
        call.carries(200);
        secure.carries(100);
      }
      call.assertNothingLost();
      secure.assertNothingLost();
      System.out.println("SIGHUP x 5: " + call.state() + "; " + secure.state());
    }
  }

  /** New certificates are what the next TLS client sees; the one that talks already goes on. */
  @Test
  void reloadsItsCertificate() throws Exception {
    ours();
    try (var server = ServerProcess.start("new-certificate");
        var before = TurnClient.tls(server)) {
      before.allocate();
      var old = Files.readAllBytes(server.certificate.chain());
      var fresh = Certificate.in(Files.createDirectories(server.folder.resolve("new")));
      Files.move(fresh.key(), server.certificate.key(), StandardCopyOption.REPLACE_EXISTING);
      Files.move(fresh.chain(), server.certificate.chain(), StandardCopyOption.REPLACE_EXISTING);
      assertFalse(Arrays.equals(old, Files.readAllBytes(server.certificate.chain())));
      server.program().signal("HUP");
      awaitNewCertificate(server);
      before.refresh(600);
    }
  }

  /** RFC 5246 §7.4.1.2 lets a client ask for handshakes without end; we need not give them. */
  @Test
  void renegotiationIsRefused() throws IOException {
    ours();
    try (var server = ServerProcess.start("renegotiation");
        var socket = TlsTunnel.connect(server, "TLSv1.2")) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      assertThrows(
          IOException.class,
          () -> {
            socket.startHandshake();
            while (socket.getInputStream().read() >= 0) {}
            throw new java.io.EOFException("closed");
          });
      try (var again = TlsTunnel.connect(server, "TLSv1.2")) {
        assertTrue(again.getSession().isValid());
      }
    }
  }

  private static void awaitNewCertificate(ServerProcess server) throws IOException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      // The client trusts the file as it is now: the handshake succeeds with the new one only.
      try (var socket = TlsTunnel.connect(server)) {
        assertTrue(socket.getSession().isValid());
        return;
      } catch (javax.net.ssl.SSLException e) {
        if (System.nanoTime() > deadline || server.program().endsWithin(Duration.ofMillis(50))) {
          throw new AssertionError("still the old certificate\n" + server.log(), e);
        }
      }
    }
  }

  /** Two servers never share a port by accident, SO_REUSEPORT or not. */
  @Test
  void secondServerIsRefused() {
    ours();
    try (var server = ServerProcess.start("first")) {
      var second =
          ServerProcess.bare(
              "second", "listening-ip=127.0.0.1", "listening-port=" + server.port, "no-tls");
      var result = ended(second);
      assertEquals(3, result.exit(), result.output());
      assertThrows(
          IOException.class,
          () -> new ServerSocket(server.port, 1, InetAddress.getByName("127.0.0.1")).close());
      assertTrue(new InetSocketAddress("127.0.0.1", server.port).equals(server.address()));
    }
  }
}
