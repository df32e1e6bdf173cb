package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import puente.signal.GatewayServer;
import puente.signal.Origins;
import puente.signal.Reply;
import puente.signal.TrustedProxies;

/** HTTPS and its certificate, which changes while clients talk. */
class HttpsReloadTest {
  private static final int PATIENCE_MS = 60_000;

  /** Looks at certificates, and does not judge them. */
  private static final TrustManager ANY =
      new X509TrustManager() {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
          return new X509Certificate[0];
        }
      };

  @TempDir Path directory;
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private Config config() throws StartFailure {
    return new Given(directory).flag("state-dir", directory.toString()).load();
  }

  private GatewayServer serve(NodeTls tls, long requestMs) {
    var route =
        GatewayServer.Route.get(
            "/hello",
            GatewayServer.Access.ANYBODY,
            request -> Future.succeededFuture(Reply.text(200, "text/plain", "hello")));
    var options =
        new GatewayServer.Options(
            InetAddress.getLoopbackAddress(),
            OptionalInt.empty(),
            OptionalInt.of(0),
            new GatewayServer.Tls(tls.keyManager(), tls.protocols()),
            new Origins(Set.of()),
            new GatewayServer.Limits(100, 100, requestMs),
            TrustedProxies.NONE,
            GatewayServer.SharedPorts.NONE);
    return GatewayServer.start(
            vertx, vertx.getOrCreateContext(), options, List.of(route), List.of())
        .toCompletableFuture()
        .join();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void newClientsSeeTheNewCertificateAndOldOnesGoOn(String protocol) throws Exception {
    StateDirectory state = StateDirectory.open(config());
    NodeTls tls = NodeTls.open(config(), state);
    GatewayServer server = serve(tls, 10_000);
    X509Certificate before = tls.leaf();
    try (SSLSocket old = connect(server, protocol)) {
      assertEquals(before, certificate(old));
      says(old);
      Files.writeString(
          directory.resolve("self-signed.pem"),
          SelfSignedCertificate.pem("localhost", Instant.now()));
      tls.reload(config(), state);
      assertNotEquals(before, tls.leaf());
      try (SSLSocket fresh = connect(server, protocol)) {
        assertEquals(tls.leaf(), certificate(fresh));
        says(fresh);
      }
      says(old);
      assertEquals(before, certificate(old));
    }
    server.close().toCompletableFuture().join();
  }

  /** What is no certificate stops the reload, not the server. */
  @Test
  void aBrokenCertificateLeavesTheOldOneInForce() throws Exception {
    StateDirectory state = StateDirectory.open(config());
    NodeTls tls = NodeTls.open(config(), state);
    GatewayServer server = serve(tls, 10_000);
    X509Certificate before = tls.leaf();
    Files.writeString(directory.resolve("self-signed.pem"), "no certificate");
    org.junit.jupiter.api.Assertions.assertThrows(
        StartFailure.class, () -> tls.reload(config(), state));
    try (SSLSocket client = connect(server, "TLSv1.3")) {
      assertEquals(before, certificate(client));
      says(client);
    }
    server.close().toCompletableFuture().join();
  }

  /** Who begins a handshake and does not go on is let go of. */
  @Test
  void halfHandshakesEnd() throws Exception {
    GatewayServer server = serve(NodeTls.open(config(), StateDirectory.open(config())), 300);
    byte[][] halves = {{}, {0x16, 3, 1}, {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3}};
    for (byte[] half : halves) {
      try (Socket socket =
          new Socket(InetAddress.getLoopbackAddress(), server.tlsPort().orElseThrow())) {
        socket.setSoTimeout(PATIENCE_MS);
        socket.getOutputStream().write(half);
        assertArrayEquals(new byte[0], socket.getInputStream().readAllBytes());
      }
    }
    server.close().toCompletableFuture().join();
  }

  private static SSLSocket connect(GatewayServer server, String protocol)
      throws IOException, GeneralSecurityException {
    // Another context for each: nothing is resumed.
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {ANY}, null);
    int port = server.tlsPort().orElseThrow();
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(PATIENCE_MS);
    socket.setEnabledProtocols(new String[] {protocol});
    socket.startHandshake();
    assertEquals(protocol, socket.getSession().getProtocol());
    return socket;
  }

  private static Certificate certificate(SSLSocket socket) throws IOException {
    return socket.getSession().getPeerCertificates()[0];
  }

  private static void says(SSLSocket socket) throws IOException {
    String request = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    StringBuilder answer = new StringBuilder();
    while (!answer.toString().endsWith("hello")) {
      int next = socket.getInputStream().read();
      assertTrue(next >= 0, answer::toString);
      answer.append((char) next);
    }
    assertTrue(answer.toString().startsWith("HTTP/1.1 200 "), answer::toString);
  }
}
