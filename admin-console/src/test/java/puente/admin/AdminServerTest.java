package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import puente.admin.NodeView.Check;

class AdminServerTest {

  private static RunningServer server;

  @BeforeAll
  static void start() {
    server = RunningServer.local();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void saysThatTheProcessIsAlive() throws Exception {
    HttpResponse<String> answer = server.get("/healthz");
    assertEquals(200, answer.statusCode());
    assertEquals("application/json", answer.headers().firstValue("content-type").orElseThrow());
    assertEquals("alive", new JsonObject(answer.body()).getString("status"));
  }

  @Test
  void listsTheChecksOfReadiness() throws Exception {
    HttpResponse<String> answer = server.get("/readyz");
    assertEquals(200, answer.statusCode());
    JsonObject body = new JsonObject(answer.body());
    assertEquals("ready", body.getString("status"));
    assertEquals(2, body.getJsonArray("checks").size());
    JsonObject first = body.getJsonArray("checks").getJsonObject(0);
    assertEquals("udp listener", first.getString("name"));
    assertEquals("pass", first.getString("status"));
    assertEquals("1 listens", first.getString("detail"));
  }

  @Test
  void saysWhyItIsNotReady() throws Exception {
    try (RunningServer own = RunningServer.local()) {
      own.node.readiness =
          List.of(
              new Check("udp listener", true, "1 listens"),
              new Check("relay ports", false, "1 % \"free\""));
      HttpResponse<String> answer = own.get("/readyz");
      assertEquals(503, answer.statusCode());
      JsonObject body = new JsonObject(answer.body());
      assertEquals("not ready", body.getString("status"));
      assertEquals("relay ports: 1 % \"free\"", body.getString("reason"));
      own.node.liveness = List.of(new Check("event loops", false, "1 stuck"));
      assertEquals(503, own.get("/healthz").statusCode());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/metrics | */* | PUENTE plain",
        "/metrics | text/plain;version=0.0.4 | PUENTE plain",
        "/metrics | application/openmetrics-text | PUENTE open",
        "/metrics | application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3 | PUENTE open",
        "/metrics | application/openmetrics-text;q=0.2,text/plain | PUENTE plain",
        "/metrics | application/openmetrics-text;q=0 | PUENTE plain",
        "/metrics?compat=coturn | */* | COTURN plain",
        "/metrics?x=1&compat=coturn | */* | COTURN plain",
      })
  void writesMetricsAsAskedFor(String path, String accept, String expected) throws Exception {
    HttpResponse<String> answer = server.get(path, "Accept", accept);
    assertEquals(200, answer.statusCode());
    assertEquals(expected, answer.body().lines().findFirst().orElseThrow());
  }

  @Test
  void refusesNamesThatNobodyKnows() throws Exception {
    assertProblem(400, server.get("/metrics?compat=other"));
  }

  @Test
  void aSlowDiskKeepsNobodyWaiting() throws Exception {
    CountDownLatch free = new CountDownLatch(1);
    server.holdUpUntil(free);
    try {
      assertEquals(200, server.get("/metrics").statusCode());
    } finally {
      free.countDown();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/healthz/",
        "/console/index.html",
        "/css/",
        "//healthz",
        "/Healthz",
        "/healthz;a",
        "/%68ealthz",
        "/metrics/..",
        "/x/../metrics",
        "/..%2f..%2fetc/passwd",
        "/api/v1/nothing",
        "/metrics%00",
        "/actuator/env",
      })
  void knowsOnlyItsPaths(String path) throws Exception {
    assertProblem(404, server.get(path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"})
  void canOnlyBeRead(String method) throws Exception {
    HttpResponse<String> answer = server.ask(method, "/metrics", "X-HTTP-Method-Override", "GET");
    assertProblem(405, answer);
    assertEquals("GET, HEAD", answer.headers().firstValue("allow").orElseThrow());
  }

  @Test
  void answersHeadWithoutABody() throws Exception {
    HttpResponse<String> answer = server.ask("HEAD", "/healthz");
    assertEquals(200, answer.statusCode());
    assertEquals("", answer.body());
    assertEquals(
        server.get("/healthz").headers().firstValue("content-length"),
        answer.headers().firstValue("content-length"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/healthz", "/readyz", "/metrics", "/nothing"})
  void protectsWhatItShows(String path) throws Exception {
    var headers = server.get(path).headers();
    assertEquals("nosniff", headers.firstValue("x-content-type-options").orElseThrow());
    assertEquals("no-store", headers.firstValue("cache-control").orElseThrow());
    assertTrue(
        headers
            .firstValue("content-security-policy")
            .orElseThrow()
            .startsWith("default-src 'none'"));
    assertTrue(headers.firstValue("server").isEmpty());
    assertTrue(headers.firstValue("access-control-allow-origin").isEmpty());
  }

  @Test
  void tellsNobodyAboutItsDefects() throws Exception {
    try (RunningServer own = RunningServer.local()) {
      own.node.broken = true;
      HttpResponse<String> answer = own.get("/readyz");
      assertProblem(500, answer);
      assertFalse(answer.body().contains("secret"));
      own.node.broken = false;
      assertEquals(200, own.get("/readyz").statusCode());
    }
  }

  @Test
  void saysInOneLineThatThePortIsInUse() {
    assertFailsToStart(
        AdminStartFailure.Reason.IN_USE,
        "127.0.0.1",
        server.port(),
        null,
        "cannot open the admin server on 127.0.0.1:"
            + server.port()
            + ": the port is in use (admin-port)");
  }

  @Test
  void saysInOneLineThatTheAddressIsNotOurs() {
    assertFailsToStart(
        AdminStartFailure.Reason.NO_SUCH_ADDRESS,
        "192.0.2.77",
        0,
        RunningServer.TOKEN,
        "cannot open the admin server on 192.0.2.77:0: "
            + "this machine does not have the address (admin-ip)");
  }

  @ParameterizedTest
  @CsvSource({"0.0.0.0, admin-ip=0.0.0.0", "::, admin-ip=0:0:0:0:0:0:0:0", "192.0.2.7, admin-ip="})
  void doesNotStartUnguardedWhereOthersCanReachIt(String address, String text) {
    assertFailsToStart(AdminStartFailure.Reason.NO_TOKEN, address, 0, null, text);
  }

  private static void assertProblem(int status, HttpResponse<String> answer) {
    assertEquals(status, answer.statusCode());
    assertEquals(
        "application/problem+json", answer.headers().firstValue("content-type").orElseThrow());
    JsonObject body = new JsonObject(answer.body());
    assertEquals(status, body.getInteger("status"));
    assertFalse(body.getString("title").isEmpty());
    assertFalse(body.getString("detail").isEmpty());
  }

  private static void assertFailsToStart(
      AdminStartFailure.Reason reason,
      String address,
      int port,
      @Nullable String token,
      String message) {
    Vertx vertx = Vertx.vertx();
    try {
      CompletionException thrown =
          assertThrows(
              CompletionException.class,
              () -> RunningServer.start(vertx, address, port, token, new FakeNode()));
      AdminStartFailure failure = assertInstanceOf(AdminStartFailure.class, thrown.getCause());
      assertEquals(reason, failure.reason());
      String line = String.valueOf(failure.getMessage());
      assertTrue(line.startsWith(message), line);
      assertFalse(line.contains("\n"), line);
    } finally {
      vertx.close().await();
    }
  }
}
