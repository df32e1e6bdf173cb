package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.admin.records.LogRing;

/** Configuration, logs, levels, threads, and who may relay. */
@Timeout(60)
class OperationsTest {

  private static final String[] TOKEN = {"Authorization", "Bearer " + RunningServer.TOKEN};

  private final RunningServer server = RunningServer.guarded();

  @AfterEach
  void stop() {
    server.close();
  }

  // ---- logs

  @Test
  void answersTheNewestLinesThatAreWanted() throws Exception {
    for (int i = 0; i < 5; i++) {
      log(LogRing.Level.INFO, "puente.turn", "number " + i);
    }
    log(LogRing.Level.DEBUG, "puente.turn", "a detail");
    log(LogRing.Level.ERROR, "puente.net", "no buffer");
    JsonObject two = json(get("logs?limit=2"));
    assertEquals(2, two.getJsonArray("lines").size());
    assertEquals("no buffer", line(two, 1).getString("message"));
    assertEquals(5, json(get("logs?component=puente.turn")).getJsonArray("lines").size());
    assertEquals(1, json(get("logs?text=NUMBER%203")).getJsonArray("lines").size());
    assertEquals(1, json(get("logs?level=error")).getJsonArray("lines").size());
    assertEquals(7, json(get("logs?level=trace")).getJsonArray("lines").size());
    assertEquals(1, json(get("logs?after=6")).getJsonArray("lines").size());
    assertEquals(0, json(get("logs?after=" + two.getString("next"))).getJsonArray("lines").size());
    assertEquals(400, get("logs?after=x").statusCode());
    assertEquals(400, get("logs?level=loud").statusCode());
    assertEquals(400, get("logs?levle=info").statusCode());
  }

  @Test
  void followsTheLogAndResumes() throws Exception {
    log(LogRing.Level.INFO, "puente", "before");
    try (Socket socket = server.connect();
        BufferedReader reader = RunningServer.follow(socket, "")) {
      assertEquals("before", nextLine(reader).getString("message"));
      log(LogRing.Level.INFO, "puente", "a\nb\r\n\nevent: bye\u2028");
      JsonObject hostile = nextLine(reader);
      assertEquals("a\nb\r\n\nevent: bye\u2028", hostile.getString("message"));
      assertEquals(2, hostile.getInteger("seq"));
    }
    log(LogRing.Level.INFO, "puente", "while away");
    try (Socket socket = server.connect();
        BufferedReader reader = RunningServer.follow(socket, "Last-Event-ID: 2\r\n")) {
      assertEquals("while away", nextLine(reader).getString("message"));
    }
  }

  @Test
  void saysHowManyLinesAReaderMissed() throws Exception {
    for (int i = 0; i < LogRing.LINES_MAX + 10; i++) {
      log(LogRing.Level.INFO, "puente", "line " + i);
    }
    try (Socket socket = server.connect();
        BufferedReader reader = RunningServer.follow(socket, "Last-Event-ID: 1\r\n")) {
      String line = reader.readLine();
      while (!line.equals("event: gap")) {
        line = reader.readLine();
      }
      assertEquals("data: {\"lost\":9}", reader.readLine());
      assertEquals(11, nextLine(reader).getInteger("seq"));
    }
  }

  @Test
  void letsOnlySoManyFollow() throws Exception {
    Socket[] sockets = new Socket[LogRoutes.STREAMS_MAX];
    for (int i = 0; i < sockets.length; i++) {
      sockets[i] = server.connect();
      assertTrue(RunningServer.follow(sockets[i], "").readLine() != null);
    }
    HttpResponse<String> refused =
        server.get("/api/v1/logs", "Accept", "text/event-stream", TOKEN[0], TOKEN[1]);
    assertEquals(503, refused.statusCode());
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  private static JsonObject nextLine(BufferedReader reader) throws Exception {
    String line = reader.readLine();
    while (!line.startsWith("data: {\"seq\"")) {
      line = reader.readLine();
    }
    return new JsonObject(line.substring(6));
  }

  private void log(LogRing.Level level, String component, String message) {
    server.logs.add(1_000, level, component, message, Map.of("event", "test"), null);
  }

  private static JsonObject line(JsonObject page, int index) {
    return page.getJsonArray("lines").getJsonObject(index);
  }

  // ---- the process

  @Test
  void raisesALogLevelForAWhile() throws Exception {
    String order = "{\"component\":\"puente.turn\",\"level\":\"debug\",\"seconds\":1}";
    HttpResponse<String> answer = post("nodes/self/log-level", order);
    assertEquals(200, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("\"until\""));
    assertEquals("debug", server.operations.levels.get("puente.turn"));
    long until = System.nanoTime() + 10_000_000_000L;
    while (server.operations.levels.containsKey("puente.turn") && System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    assertFalse(server.operations.levels.containsKey("puente.turn"));
    assertEquals(400, post("nodes/self/log-level", "{\"level\":\"loud\"}").statusCode());
    String other = "{\"component\":\"io.netty\",\"level\":\"trace\"}";
    assertEquals(400, post("nodes/self/log-level", other).statusCode());
    assertEquals(404, post("nodes/three/log-level", order).statusCode());
    assertEquals(409, post("nodes/two%2Fb/log-level", order).statusCode());
  }

  @Test
  void reloadsOrSaysWhyNot() throws Exception {
    HttpResponse<String> done = post("config/reload", "");
    assertEquals("[\"max-port\"]", json(done).getJsonArray("waiting").encode());
    assertEquals("cannot open 192.0.2.1:3478", json(done).getString("refused"));
    server.operations.isBroken = true;
    HttpResponse<String> refused = post("config/reload", "{\"reason\":\"try\"}");
    assertEquals(409, refused.statusCode());
    assertEquals("line 7: realm: empty", json(refused).getString("detail"));
    JsonObject newest = json(get("audit?limit=1")).getJsonArray("entries").getJsonObject(0);
    assertEquals("refused", newest.getString("outcome"));
  }

  @Test
  void aConfigurationIsLookedAtAndNotUsed() throws Exception {
    JsonObject wrong = json(post("config/validate", "{\"text\":\"min-port=x\"}"));
    assertFalse(wrong.getBoolean("ok"));
    assertTrue(json(post("config/validate", "{}")).getBoolean("ok"));
    String long64k = new JsonObject().put("text", "#".repeat(65_000)).encode();
    assertEquals(200, post("config/validate", long64k).statusCode());
    String tooLong = new JsonObject().put("text", "#".repeat(70_000)).encode();
    assertEquals(400, post("config/validate", tooLong).statusCode());
  }

  @Test
  void warnsOfACertificateThatEnds() throws Exception {
    JsonObject certificate = json(get("certs")).getJsonArray("certs").getJsonObject(0);
    assertEquals(9, certificate.getInteger("daysLeft"));
    assertEquals("warning", certificate.getString("severity"));
  }

  // ---- who may relay

  @Test
  void aQuotaChangesOnlyAsItWasSeen() throws Exception {
    String path = "/api/v1/realms/example.org/quota";
    String tag = server.get(path, TOKEN).headers().firstValue("etag").orElseThrow();
    String[] seen = {TOKEN[0], TOKEN[1], "If-Match", tag};
    HttpResponse<String> done = server.send("PUT", path, "{\"perUser\":3,\"perRealm\":500}", seen);
    assertEquals(3, json(done).getInteger("perUser"));
    assertEquals(500, json(done).getInteger("perRealm"));
    assertEquals(1000, json(done).getInteger("total"));
    assertEquals(412, server.send("PUT", path, "{\"perUser\":4}", seen).statusCode());
    assertEquals(400, server.send("PUT", path, "{\"perUser\":-1}", TOKEN).statusCode());
    String other = "/api/v1/realms/other/quota";
    assertEquals(404, server.send("PUT", other, "{\"perUser\":4}", TOKEN).statusCode());
  }

  @Test
  void usersComeInPages() throws Exception {
    assertEquals(201, post("users", "{\"name\":\"dan\"}").statusCode());
    JsonObject first = json(get("users?limit=2"));
    assertEquals(3, first.getInteger("total"));
    assertEquals("conf", first.getString("next"));
    JsonObject second = json(get("users?limit=2&cursor=conf"));
    assertEquals("dan", second.getJsonArray("users").getJsonObject(0).getString("name"));
    assertFalse(second.containsKey("next"));
    assertEquals(409, post("users", "{\"name\":\"dan\"}").statusCode());
    assertEquals(409, server.send("DELETE", "/api/v1/users/conf", "", TOKEN).statusCode());
  }

  @Test
  void aGivenSecretIsNotToldBack() throws Exception {
    String given = "a secret of sixteen or more";
    HttpResponse<String> added = post("secrets", "{\"secret\":\"" + given + "\"}");
    assertEquals(201, added.statusCode());
    assertFalse(added.body().contains(given));
    assertTrue(json(post("secrets", "")).containsKey("secret"));
    assertEquals(400, post("secrets", "{\"secret\":\"short\"}").statusCode());
    assertEquals(201, post("secrets/example.org/rotate", "{\"overlapSeconds\":5}").statusCode());
    assertEquals("[rotate PT5S]", server.turn.orders.toString());
    assertFalse(get("audit").body().contains(given));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return server.get("/api/v1/" + path, TOKEN);
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    return server.post("/api/v1/" + path, body, TOKEN);
  }

  private static JsonObject json(HttpResponse<String> answer) {
    return new JsonObject(answer.body());
  }
}
