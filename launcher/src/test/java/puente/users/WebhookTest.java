package puente.users;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import puente.stun.FiveTuple;
import puente.stun.IntegrityKey;
import puente.stun.PasswordAlgorithm;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.Accounts;
import puente.turn.store.Accounts.Failed;
import puente.turn.store.Accounts.Known;

/** A web service that is asked for users: what it may say, and what it may not do to us. */
class WebhookTest {

  private static final String SECRET = "a secret of at least 32 characters";
  private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");

  /** Longer than any test waits for an answer that it wants. */
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final FiveTuple client =
      new FiveTuple(
          Transport.TLS,
          TransportAddress.ipv4(0xc0000207, 5000),
          TransportAddress.ipv4(0x7f000001, 5349),
          0,
          null);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicInteger asked = new AtomicInteger();
  private HttpServer server;
  private volatile String answer = "{\"allow\": true, \"password\": \"lirio\"}";
  private volatile int status = 200;
  private volatile UnaryOperator<String> signature = good -> good;
  private volatile JsonObject lastQuestion = new JsonObject();
  private volatile boolean questionIsSigned;
  private volatile boolean hangs;
  private volatile boolean hangsInTheBody;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/users", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    ended.countDown();
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    asked.incrementAndGet();
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    lastQuestion = new JsonObject(body);
    String signed = exchange.getRequestHeaders().getFirst(Webhook.SIGNATURE);
    questionIsSigned =
        Webhook.signature(SECRET.getBytes(UTF_8), NOW.getEpochSecond(), body).equals(signed);
    await(hangs);
    String good =
        Webhook.signature(
            SECRET.getBytes(UTF_8),
            NOW.getEpochSecond(),
            lastQuestion.getString("id") + "." + answer);
    exchange.getResponseHeaders().set(Webhook.SIGNATURE, signature.apply(good));
    exchange.sendResponseHeaders(status, 0);
    exchange.getResponseBody().write(answer.getBytes(UTF_8));
    exchange.getResponseBody().flush();
    await(hangsInTheBody);
    exchange.close();
  }

  private void await(boolean isWanted) {
    try {
      if (isWanted) {
        ended.await();
      }
    } catch (InterruptedException over) {
      Thread.currentThread().interrupt();
    }
  }

  private Webhook hook(Duration timeout) {
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/users");
    return new Webhook(uri, SECRET, timeout, () -> NOW);
  }

  private Lookup.Found finds() throws DatabaseFailure {
    try (Webhook hook = hook(TIMEOUT)) {
      return hook.find(new Accounts.Question(1, "example.org", "iris", client));
    }
  }

  private String refuses() {
    return assertThrows(DatabaseFailure.class, this::finds).line();
  }

  @Test
  void theQuestionSaysWhoComesFromWhere() throws Exception {
    finds();
    assertTrue(questionIsSigned);
    assertEquals("iris", lastQuestion.getString("username"));
    assertEquals("example.org", lastQuestion.getString("realm"));
    assertEquals("192.0.2.7:5000", lastQuestion.getString("client"));
    assertEquals("127.0.0.1:5349", lastQuestion.getString("server"));
    assertEquals("tls", lastQuestion.getString("transport"));
    String first = lastQuestion.getString("id");
    finds();
    assertFalse(first.equals(lastQuestion.getString("id")));
  }

  @Test
  void itLetsInByPasswordOrKey() throws Exception {
    Known known = (Known) finds().answer();
    assertArrayEquals(md5("lirio").bytes(), bytes(known.md5()));
    assertNotNull(known.sha256());
    answer =
        "{\"allow\": true, \"md5\": \""
            + java.util.HexFormat.of().formatHex(md5("x").bytes())
            + "\"}";
    known = (Known) finds().answer();
    assertArrayEquals(md5("x").bytes(), bytes(known.md5()));
    assertEquals(null, known.sha256());
  }

  private static byte[] bytes(@Nullable IntegrityKey key) {
    return key == null ? new byte[0] : key.bytes();
  }

  private static IntegrityKey md5(String password) {
    return IntegrityKey.longTerm(PasswordAlgorithm.MD5, "iris", "example.org", password);
  }

  @Test
  void itSetsLimits() throws Exception {
    answer =
        "{\"allow\":true,\"password\":\"x\",\"quota\":3,\"bytesPerSecond\":125000,"
            + "\"lifetime\":600,\"cache\":60}";
    Lookup.Found found = finds();
    assertEquals(new Accounts.Terms(3, 125_000, 600), ((Known) found.answer()).terms());
    assertEquals(60_000, found.ageMs());
  }

  @Test
  void itRefuses() throws Exception {
    answer = "{\"allow\": false}";
    assertEquals(Failed.UNKNOWN, finds().answer());
    answer = "{}";
    assertEquals(Failed.UNKNOWN, finds().answer());
  }

  /** What is not signed, not for this question, or of another day lets nobody in. */
  @Test
  void onlyItsOwnSignatureCounts() {
    signature = good -> "";
    assertTrue(refuses().contains("not signed"));
    signature = good -> good.substring(0, good.length() - 1) + (good.endsWith("0") ? "1" : "0");
    assertTrue(refuses().contains("not signed"));
    signature =
        good ->
            Webhook.signature(
                SECRET.getBytes(UTF_8), NOW.getEpochSecond(), "0".repeat(32) + "." + answer);
    assertTrue(refuses().contains("not signed"));
    signature =
        good ->
            Webhook.signature(
                SECRET.getBytes(UTF_8),
                NOW.getEpochSecond() - 301,
                lastQuestion.getString("id") + "." + answer);
    assertTrue(refuses().contains("not signed"));
  }

  @Test
  void nonsenseIsAFailureAndShowsNoSecret() {
    for (String wrong :
        new String[] {
          "",
          "[]",
          "{\"allow\":",
          "{\"allow\":\"yes\"}",
          "{\"allow\":true}",
          "{\"allow\":true,\"md5\":\"hunter2\"}",
          "{\"allow\":true,\"password\":\"hunter2\",\"quota\":-1}",
          "{\"allow\":true,\"password\":\"hunter2\",\"cache\":1e9}",
          "{\"allow\":true,\"password\":[\"hunter2\"]}"
        }) {
      answer = wrong;
      String line = refuses();
      assertTrue(line.contains("docs/USERS.md"), wrong);
      assertFalse(line.contains("hunter2"), wrong);
    }
    for (int other : new int[] {204, 302, 401, 404, 500}) {
      answer = "";
      status = other;
      assertTrue(refuses().contains("status " + other));
    }
  }

  /** Neither before its head, nor in its body, nor without end. */
  @Test
  void whoHangsIsNotWaitedFor() {
    for (boolean inTheBody : new boolean[] {false, true}) {
      hangs = !inTheBody;
      hangsInTheBody = inTheBody;
      try (Webhook hook = hook(Duration.ofMillis(300))) {
        DatabaseFailure failure =
            assertThrows(
                DatabaseFailure.class,
                () -> hook.find(new Accounts.Question(1, "example.org", "iris", client)));
        assertTrue(
            failure.line().contains("no answer") || failure.line().contains("Timeout"),
            failure.line());
      }
    }
    hangsInTheBody = false;
    answer = "{\"allow\":false,\"more\":\"" + "x".repeat(100_000) + "\"}";
    refuses();
  }

  /** Behind a breaker, one that fails is asked once a second, however many want to know. */
  @Test
  void aFloodDoesNotReachOneThatFails() {
    status = 500;
    long[] clock = {1000};
    try (Webhook hook = hook(TIMEOUT)) {
      Breaker breaker = new Breaker(hook, () -> clock[0]);
      for (int i = 0; i < 100; i++) {
        assertThrows(
            DatabaseFailure.class,
            () -> breaker.find(new Accounts.Question(1, "example.org", "iris", client)));
      }
      assertEquals(1, asked.get());
      clock[0] += 1000;
      assertThrows(
          DatabaseFailure.class,
          () -> breaker.find(new Accounts.Question(1, "example.org", "iris", client)));
      assertEquals(2, asked.get());
    }
  }
}
