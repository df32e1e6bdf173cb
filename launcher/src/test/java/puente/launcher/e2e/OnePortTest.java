package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TURN, HTTP and WebSockets at one port, with TLS and without. */
@Tag("e2e")
class OnePortTest {
  private static final int PATIENCE_S = 60;

  /** Both hold more than any buffer on the way. */
  private static final int PAGES = 40;

  @SuppressWarnings("NullAway.Init")
  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = ServerProcess.start("one-port", "http-port=%PORT%", "https-port=%TLS%");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String at(boolean inTls) {
    return inTls ? "s://127.0.0.1:" + server.tlsPort : "://127.0.0.1:" + server.port;
  }

  private static HttpClient client() throws IOException {
    return HttpClient.newBuilder().sslContext(TlsTunnel.trusting(server.certificate)).build();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void pagesAndCallsComeByTheSamePort(boolean inTls) throws Exception {
    try (HttpClient http = client();
        var turn = turn(inTls)) {
      turn.allocate();
      HttpRequest page = HttpRequest.newBuilder(URI.create("http" + at(inTls) + "/")).build();
      String body = "";
      for (int i = 0; i < PAGES; i++) {
        var answer = http.send(page, BodyHandlers.ofString());
        assertEquals(200, answer.statusCode());
        assertTrue(i == 0 || answer.body().equals(body));
        body = answer.body();
      }
      assertTrue(body.contains("<html"), body);
      turn.ping();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void webSocketsDoAsWell(boolean inTls) throws Exception {
    CompletableFuture<String> heard = new CompletableFuture<>();
    try (HttpClient http = client()) {
      WebSocket socket =
          http.newWebSocketBuilder()
              .buildAsync(URI.create("ws" + at(inTls) + "/y-webrtc"), new Hearer(heard))
              .get(PATIENCE_S, TimeUnit.SECONDS);
      socket.sendText("{\"type\":\"ping\"}", true).get(PATIENCE_S, TimeUnit.SECONDS);
      assertEquals("{\"type\":\"pong\"}", heard.get(PATIENCE_S, TimeUnit.SECONDS));
      socket.abort();
    }
  }

  /** A browser offers h2 and http/1.1, a TURN client nothing or stun.turn. */
  @Test
  void httpIsAgreedOnByName() throws IOException {
    Socket plain = new Socket(loopback(), server.tlsPort);
    try (SSLSocket browser = TlsTunnel.over(server, plain, "h2", "http/1.1")) {
      assertEquals("http/1.1", browser.getApplicationProtocol());
      browser
          .getOutputStream()
          .write("GET /none HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      String answer = new String(browser.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(answer.startsWith("HTTP/1.0 404"), answer);
    }
  }

  /** What is neither is closed as ever. */
  @Test
  void othersAreStillRefused() throws IOException {
    try (Socket stranger = new Socket(loopback(), server.port)) {
      stranger.setSoTimeout(PATIENCE_S * 1000);
      stranger.getOutputStream().write("EHLO example.org\r\n".getBytes(StandardCharsets.US_ASCII));
      assertEquals(-1, stranger.getInputStream().read());
    }
  }

  private static TurnClient turn(boolean inTls) throws IOException {
    Socket socket = new Socket(loopback(), inTls ? server.tlsPort : server.port);
    return new TurnClient(
        new TurnClient.Stream(inTls ? TlsTunnel.over(server, socket) : socket),
        ServerProcess.USER,
        ServerProcess.PASSWORD);
  }

  private static InetAddress loopback() {
    return server.address().getAddress();
  }

  private record Hearer(CompletableFuture<String> heard) implements WebSocket.Listener {
    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
      heard.complete(text.toString());
      return CompletableFuture.completedFuture(text);
    }
  }
}
