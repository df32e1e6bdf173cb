package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.admin.RunningServer.TOKEN;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import puente.admin.NodeView.Check;

/** A server that other machines can reach shows itself to those who have the token. */
class AdminGateTest {

  private RunningServer server;

  @BeforeEach
  void start() {
    server = RunningServer.guarded();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void showsEverythingToTheTokensOwner() throws Exception {
    assertEquals(200, server.getAs(TOKEN, "/metrics").statusCode());
    assertEquals(404, server.getAs(TOKEN, "/nothing").statusCode());
    assertTrue(new JsonObject(server.getAs(TOKEN, "/readyz").body()).containsKey("checks"));
    assertEquals(200, server.get("/metrics", "Authorization", "bearer " + TOKEN).statusCode());
  }

  @Test
  void showsStrangersThatItLivesAndNothingMore() throws Exception {
    server.node.readiness = List.of(new Check("relay ports", false, "none free"));
    assertEquals("{\"status\":\"alive\"}\n", server.get("/healthz").body());
    HttpResponse<String> ready = server.get("/readyz");
    assertEquals(503, ready.statusCode());
    assertEquals("{\"status\":\"not ready\"}\n", ready.body());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/metrics",
        "/metrics?compat=coturn",
        "//",
        "/nothing",
        "/api/v1/nodes",
        "/healthz/",
        "//metrics",
        "/./metrics",
        "/healthz/../metrics",
        "/healthz%2f..%2fmetrics",
        "/METRICS",
        "/metrics;/healthz",
        "/metrics%3f/healthz",
        "/metrics%20",
        "/%6detrics",
        "/healthz%23/metrics",
        "/metrics?/healthz",
        "/readyz/metrics",
      })
  void turnsStrangersAway(String path) throws Exception {
    HttpResponse<String> answer =
        server.get(
            path,
            "X-Forwarded-For",
            "127.0.0.1",
            "X-Real-IP",
            "127.0.0.1",
            "Forwarded",
            "for=127.0.0.1",
            "X-Original-URL",
            "/healthz",
            "X-Rewrite-URL",
            "/healthz",
            "X-HTTP-Method-Override",
            "HEAD",
            "Cookie",
            "token=" + TOKEN);
    assertEquals(401, answer.statusCode());
    assertEquals(
        "Bearer realm=\"puente\"", answer.headers().firstValue("www-authenticate").orElseThrow());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer  " + TOKEN,
        "Basic " + TOKEN,
        TOKEN,
        "Bearer " + TOKEN + "x",
        "Bearer null",
        "Bearer correct horse battery stapl",
        "Bearer CORRECT HORSE BATTERY STAPLE",
      })
  void knowsAWrongToken(String credentials) throws Exception {
    assertEquals(401, server.get("/metrics", "Authorization", credentials).statusCode());
    String query = "/metrics?token=correct%20horse%20battery%20staple";
    assertEquals(401, server.get(query).statusCode());
  }

  @Test
  void takesOneTokenOnly() throws Exception {
    String answer =
        server.raw(
            "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer no\r\n"
                + "Authorization: Bearer "
                + TOKEN
                + "\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 401 "), answer);
  }

  @Test
  void letsNobodyGuessOften() throws Exception {
    for (int i = 1; i < GuessThrottle.GUESSES_MAX; i++) {
      assertEquals(401, server.getAs("guess" + i, "/metrics").statusCode());
    }
    assertEquals(429, server.getAs("guess", "/metrics").statusCode());
    HttpResponse<String> evenRight = server.getAs(TOKEN, "/metrics");
    assertEquals(429, evenRight.statusCode());
    assertEquals("30", evenRight.headers().firstValue("retry-after").orElseThrow());
    assertEquals(401, server.get("/metrics").statusCode());
    assertEquals(200, server.get("/healthz").statusCode());
    assertFalse(new JsonObject(server.getAs(TOKEN, "/readyz").body()).containsKey("checks"));
  }

  @Test
  void countsNoVisitWithoutATokenAsAGuess() throws Exception {
    for (int i = 0; i < 3 * GuessThrottle.GUESSES_MAX; i++) {
      assertEquals(401, server.get("/metrics").statusCode());
    }
    assertEquals(200, server.getAs(TOKEN, "/metrics").statusCode());
  }

  @Test
  void isReachedByAnyName() throws Exception {
    String answer =
        server.raw("GET /healthz HTTP/1.1\r\nHost: turn.example.org\r\nConnection: close\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
  }
}
