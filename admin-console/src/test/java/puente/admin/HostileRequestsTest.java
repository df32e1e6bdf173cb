package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What no well-meaning client sends. */
@Timeout(60)
class HostileRequestsTest {

  private static final String CLOSE = "Connection: close\r\n\r\n";

  private static RunningServer server;

  @BeforeAll
  static void start() {
    server = RunningServer.local();
  }

  @AfterAll
  static void stop() throws Exception {
    assertEquals(200, server.get("/healthz").statusCode());
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example", "evil.example:9641", "127.0.0.1.evil.example", "localhost.evil.example",
        "127.0.0.1@evil.example", "evil.example#localhost", "<script>alert(1)</script>", "",
        "localhost\tevil.example", "[::1].evil.example", "127.0.0.1 evil.example",
      })
  void letsNoForeignNameLeadABrowserHere(String host) throws Exception {
    String answer = server.raw("GET /metrics HTTP/1.1\r\nHost: " + host + "\r\n" + CLOSE);
    assertTrue(isRefusal(answer), answer);
    assertFalse(answer.contains("evil"), answer);
    assertFalse(answer.contains("script"), answer);
    assertFalse(answer.contains("PUENTE"), answer);
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "LOCALHOST:9641", "127.0.0.1", "[::1]:9641", "10.0.0.1:80"})
  void isReachedByAddressesAndLocalhost(String host) throws Exception {
    assertStatus(200, "GET /metrics HTTP/1.1\r\nHost: " + host + "\r\n" + CLOSE);
  }

  /** RFC 9112 §9.6: a connection that is reset takes the answer along. */
  @Test
  void whoSendsTooMuchIsToldSoNevertheless() throws IOException {
    try (Socket socket = server.connect()) {
      String head =
          "POST /api/v1/capacity/plan HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000000\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(new byte[4_000_000]);
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
      assertTrue(answer.endsWith("or a shorter one.\"}\n"), answer);
    }
  }

  @Test
  void wantsOneHost() throws Exception {
    assertStatus(400, "GET /healthz HTTP/1.1\r\n" + CLOSE);
    assertStatus(400, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: a\r\n" + CLOSE);
    assertStatus(200, "GET /healthz HTTP/1.0\r\n\r\n");
  }

  @Test
  void boundsTheRequestLineAndTheHeaders() throws Exception {
    String line = "GET /" + "a".repeat(AdminServer.REQUEST_LINE_MAX) + " HTTP/1.1\r\n";
    assertStatus(414, line + "Host: localhost\r\n\r\n");
    String header = "X: " + "a".repeat(AdminServer.HEADERS_MAX) + "\r\n";
    assertStatus(431, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n");
    String many = "X: a\r\n".repeat(AdminServer.HEADERS_MAX / 3);
    assertStatus(431, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + many + "\r\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 16777216",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: -1",
        "Content-Length: 0x5",
        "Content-Length: +5",
        "Expect: 100-continue\r\nContent-Length: 99999999",
      })
  void readsNoBodyAndSoNoRequestInsideOne(String headers) throws Exception {
    String hidden = "0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n" + CLOSE;
    String answer =
        server.raw("POST /healthz HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n\r\n" + hidden);
    assertTrue(isRefusal(answer), answer);
    assertEquals(0, answer.lastIndexOf("HTTP/1."), answer);
    assertFalse(answer.contains("PUENTE"), answer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\r\n\r\n\r\n",
        "hello\r\n\r\n",
        "GET\r\n\r\n",
        "GET  HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /metrics HTTP/9.9\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost localhost\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX\u0000Y: 1\r\n\r\n",
        "GET /a\u0000b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "TRACE / HTTP/1.1\r\nHost: localhost\r\nSecret: abc\r\nConnection: close\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u0016\u0003\u0001\u0000\u0005\u0001\u0000\u0000\u0001\u0000\r\n\r\n",
        "GET ../metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET http://[::1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /metrics?%zz=%f HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n",
      })
  void survivesNonsense(String bytes) throws Exception {
    try (Socket socket = server.connect()) {
      socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      String answer = read(socket);
      assertTrue(answer.isEmpty() || isRefusal(answer), answer);
      assertFalse(answer.contains("PUENTE"), answer);
      assertFalse(answer.contains("abc"), answer);
    }
  }

  @Test
  void doesNotBecomeAnotherProtocol() throws Exception {
    String upgrade =
        "Upgrade: %s\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    for (String protocol : List.of("h2c", "websocket")) {
      try (Socket socket = server.connect()) {
        String request =
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + upgrade.formatted(protocol);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        byte[] start = socket.getInputStream().readNBytes(12);
        assertFalse(new String(start, StandardCharsets.ISO_8859_1).contains("101"), protocol);
      }
    }
  }

  @Test
  void answersPipelinedRequestsInOrder() throws Exception {
    String one = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n";
    String answer = server.raw((one + "\r\n").repeat(50) + one + CLOSE);
    assertEquals(52, answer.split("HTTP/1.1 200 OK", -1).length);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GET /heal", "GET /healthz HTTP/1.1\r\nHost: loc"})
  void waitsForNoSlowRequest(String beginning) throws Exception {
    Vertx vertx = Vertx.vertx();
    try (Socket socket = new Socket()) {
      int port = listenImpatiently(vertx);
      socket.setSoTimeout(10_000);
      socket.connect(new InetSocketAddress("127.0.0.1", port));
      socket.getOutputStream().write(beginning.getBytes(StandardCharsets.US_ASCII));
      assertEquals("", read(socket));
    } finally {
      vertx.close().await();
    }
  }

  private static int listenImpatiently(Vertx vertx) {
    AdminConnections connections = new AdminConnections(vertx, 50);
    return vertx
        .createHttpServer(AdminServer.limits())
        .connectionHandler(connections::onOpen)
        .requestHandler(request -> request.response().end())
        .listen(0, "127.0.0.1")
        .await()
        .actualPort();
  }

  @Test
  void keepsAPlaceForOthersWhenOneOpensManyConnections() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try (RunningServer own = RunningServer.local()) {
      for (int i = 0; i < AdminConnections.CONNECTIONS_PER_SOURCE_MAX; i++) {
        Socket socket = own.connect();
        sockets.add(socket);
        ask(socket);
      }
      try (Socket oneTooMany = own.connect()) {
        assertEquals("", read(oneTooMany));
      }
      sockets.getFirst().close();
      assertEquals(200, reconnected(own));
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  /** The server learns of a closed connection a moment later. */
  private static int reconnected(RunningServer own) throws Exception {
    for (int attempt = 1; ; attempt++) {
      try {
        return own.get("/healthz").statusCode();
      } catch (IOException refused) {
        if (attempt == 100) {
          throw refused;
        }
        Thread.onSpinWait();
      }
    }
  }

  private static void ask(Socket socket) throws IOException {
    socket
        .getOutputStream()
        .write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.UTF_8));
    byte[] start = socket.getInputStream().readNBytes(12);
    assertEquals("HTTP/1.1 200", new String(start, StandardCharsets.UTF_8));
  }

  private static void assertStatus(int status, String request) throws IOException {
    String answer = server.raw(request);
    assertTrue(answer.matches("(?s)HTTP/1\\.[01] " + status + " .*"), answer);
    if (status != 200) {
      assertTrue(answer.contains("application/problem+json"), answer);
    }
  }

  private static boolean isRefusal(String answer) {
    return answer.matches("(?s)HTTP/\\d\\.\\d (4|501).*");
  }

  /** All that comes; a reset, for what was sent and not read, ends it too. */
  private static String read(Socket socket) throws IOException {
    StringBuilder all = new StringBuilder();
    try {
      for (int c = socket.getInputStream().read(); c >= 0; c = socket.getInputStream().read()) {
        all.append((char) c);
      }
    } catch (SocketException reset) {
      return all.toString();
    }
    return all.toString();
  }
}
