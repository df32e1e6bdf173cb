package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetAddress;
import java.net.Socket;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.acme.TestAcmeServer;

/** Real servers get real certificates, over port 80's and over 443's way. */
@Tag("e2e")
@Timeout(600)
class AcmeTest {
  private static final Duration PATIENCE = Duration.ofSeconds(180);

  private static ServerProcess server(
      TestAcmeServer authority, String name, String challenge, String... more) {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "listening-ip=127.0.0.1",
                "listening-port=%PORT%",
                "tls-listening-port=%TLS%",
                "min-port=%MIN%",
                "max-port=%MAX%",
                "https-port=0",
                "acme-domain=turn.example.org",
                "acme-directory=" + authority.directory(),
                "acme-challenge=" + challenge));
    settings.addAll(List.of(more));
    return ServerProcess.bare(name, settings.toArray(String[]::new));
  }

  /** The certificate that a client gets who trusts this authority alone, and checks the name. */
  private static X509Certificate trusted(TestAcmeServer authority, ServerProcess server)
      throws Exception {
    KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
    roots.load(null, null);
    roots.setCertificateEntry("root", authority.root());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(roots);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), server.tlsPort);
          SSLSocket socket =
              (SSLSocket)
                  context
                      .getSocketFactory()
                      .createSocket(plain, "turn.example.org", server.tlsPort, true)) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return (X509Certificate) socket.getSession().getPeerCertificates()[0];
      } catch (SSLException selfSignedYet) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError(server.log(), selfSignedYet);
        }
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void overHttp() throws Exception {
    assumeTrue(ServerProcess.isPuente(), "our settings");
    try (var authority = new TestAcmeServer();
        var server = server(authority, "acme-http", "http-01", "acme-timeout=60")) {
      authority.httpPort = server.httpPort;
      server.ready();
      X509Certificate leaf = trusted(authority, server);
      assertEquals(1, authority.accounts());
      assertEquals(
          leaf.getNotAfter().toInstant().getEpochSecond(),
          server.metric("puente_tls_cert_expiry_timestamp_seconds", ""),
          0.5);
    }
  }

  @Test
  void overTls() throws Exception {
    assumeTrue(ServerProcess.isPuente(), "our settings");
    try (var authority = new TestAcmeServer();
        var server = server(authority, "acme-tls", "tls-alpn-01")) {
      authority.tlsPort = server.tlsPort;
      server.ready();
      trusted(authority, server);
      assertEquals(1, authority.orders());
    }
  }

  /** One node orders; both serve the certificate, and either answers the authority. */
  @Test
  void ofACluster() throws Exception {
    assumeTrue(ServerProcess.isPuente(), "our settings");
    int one = Ports.free(2);
    int two = one + 1;
    try (var authority = new TestAcmeServer();
        var first = server(authority, "acme-n1", "http-01", ServerProcess.cluster("n1", one, two));
        var second =
            server(authority, "acme-n2", "http-01", ServerProcess.cluster("n2", two, one))) {
      // The authority meets the node that does not order.
      authority.httpPort = second.httpPort;
      first.ready();
      second.ready();
      X509Certificate here = trusted(authority, first);
      assertEquals(here, trusted(authority, second));
      // One more was tried if the other node was not up yet when the authority asked it.
      assertEquals(1, authority.issued());
      assertEquals(1, authority.accounts());
    }
  }
}
