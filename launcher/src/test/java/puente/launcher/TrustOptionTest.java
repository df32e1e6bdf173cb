package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The peers' commands and a server whose certificate no well-known authority has given. */
@Timeout(60)
class TrustOptionTest {
  private static final String PASSWORD = "secret";

  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final List<HttpServer> servers = new ArrayList<>();

  @TempDir Path folder;
  private Path own = Path.of("");
  private String place = "";

  /** As {@code serve} does without a certificate, which so is the file that clients are to be given. */
  @BeforeEach
  void serve() throws Exception {
    own = folder.resolve("self-signed.pem");
    Files.writeString(own, SelfSignedCertificate.pem("host", Instant.now()));
    CertificateChain chain = CertificateChain.load(own);
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "it",
        chain.key(),
        PASSWORD.toCharArray(),
        chain.certificates().toArray(Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    HttpsServer server = HttpsServer.create(anyPort(), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    place = "https://localhost:" + start(server);
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private int start(HttpServer server) {
    server.createContext("/", TrustOptionTest::refuse);
    server.start();
    servers.add(server);
    return server.getAddress().getPort();
  }

  private static void refuse(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(403, -1);
    exchange.close();
  }

  @AfterEach
  void stop() {
    servers.forEach(server -> server.stop(0));
  }

  @Test
  void whoKnowsNoAuthorityIsToldHowToNameIt() {
    for (String command : List.of("punch", "chat", "receive")) {
      String line = fails(1, command, "room", "--server", place);
      assertTrue(line.contains("--ca FILE names the authority"), line);
      assertTrue(line.contains("self-signed.pem"), line);
    }
  }

  @Test
  void theServersOwnCertificateIsTrustedWhereItIsNamed() {
    String line = fails(1, "punch", "room", "--server", place, "--ca", own.toString());
    assertTrue(line.contains("does not know this key"), line); // so it was asked
    String chat = fails(1, "chat", "room", "--server", place, "--ca", own.toString());
    assertFalse(chat.contains("--ca"), chat);
  }

  @Test
  void aFileWithoutCertificatesIsRefusedAtOnce() throws Exception {
    Path empty = Files.writeString(folder.resolve("empty.pem"), "nothing\n");
    for (String command : List.of("punch", "chat", "receive")) {
      String line = fails(2, command, "room", "--server", place, "--ca", empty.toString());
      assertTrue(line.contains("--ca: ") && line.contains("no certificate in PEM form"), line);
      line = fails(2, command, "room", "--server", place, "--ca", "missing.pem");
      assertTrue(line.contains("--ca: ") && line.contains("missing.pem"), line);
    }
  }

  @Test
  void whereNoTlsIsSpokenThatIsSaid() throws Exception {
    try (ServerSocket plain = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> answerInPlainText(plain));
      String at = "https://localhost:" + plain.getLocalPort();
      String line = fails(1, "punch", "room", "--server", at);
      assertTrue(line.contains("http:// instead of https://"), line);
    }
  }

  private static void answerInPlainText(ServerSocket at) {
    try {
      while (true) {
        Socket client = at.accept();
        client.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes());
        client.shutdownOutput();
      }
    } catch (IOException closed) {
      return; // the test is over
    }
  }

  private String fails(int code, String... words) {
    said.reset();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    Surroundings here = new Surroundings(Map.of(), out, out, folder, Clock.systemUTC());
    assertEquals(code, Puente.run(here, WiredNode.STARTER, words), said.toString());
    return said.toString(StandardCharsets.UTF_8);
  }
}
