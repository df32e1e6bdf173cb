package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.admin.RunningServer.TOKEN;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The API: what it answers, and from whom it takes orders. */
class ApiTest {

  private static final String[] OWN = {"Puente-Request", "1"};

  private final RunningServer server = RunningServer.local();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void listsNodes() throws Exception {
    JsonObject all = new JsonObject(server.get("/api/v1/nodes").body());
    assertEquals(2, all.getJsonArray("nodes").size());
    JsonObject own = new JsonObject(server.get("/api/v1/nodes/self").body());
    assertEquals("one", own.getString("id"));
    assertEquals("serving", own.getString("state"));
    assertEquals(3, own.getInteger("allocations"));
    JsonObject other = new JsonObject(server.get("/api/v1/nodes/two%2Fb").body());
    assertFalse(other.getBoolean("alive"));
    assertEquals(404, server.get("/api/v1/nodes/three").statusCode());
  }

  @Test
  void plansCapacity() throws Exception {
    String calls = "{\"demand\":{\"bhca\":60000}}";
    HttpResponse<String> answer = server.post("/api/v1/capacity/plan", calls, OWN);
    assertEquals(200, answer.statusCode());
    JsonObject offered = new JsonObject(answer.body()).getJsonObject("offered");
    assertEquals(5000, offered.getInteger("callErlangs"));
    HttpResponse<String> wrong =
        server.post("/api/v1/capacity/plan", calls.replace("bhca", "bcha"), OWN);
    assertEquals(400, wrong.statusCode());
    assertEquals(
        "demand.bcha: is not a known field", new JsonObject(wrong.body()).getString("detail"));
    assertEquals(400, server.post("/api/v1/capacity/plan", "no", OWN).statusCode());
    assertEquals(404, server.post("/api/v1/capacity/tea", calls, OWN).statusCode());
    assertEquals(405, server.get("/api/v1/capacity/plan").statusCode());
    String long60k = calls + " ".repeat(60_000);
    assertEquals(200, server.post("/api/v1/capacity/plan", long60k, OWN).statusCode());
    String tooLong = calls + " ".repeat(70_000);
    assertEquals(413, server.post("/api/v1/capacity/plan", tooLong, OWN).statusCode());
  }

  @Test
  void drainsAndServesAgain() throws Exception {
    String order = "{\"deadline\":60,\"minAllocations\":2,\"reason\":\"kernel update\"}";
    HttpResponse<String> answer = server.post("/api/v1/nodes/self/drain", order, OWN);
    assertEquals(200, answer.statusCode());
    assertEquals("one", new JsonObject(answer.body()).getString("id"));
    assertEquals(200, server.post("/api/v1/nodes/one/undrain", "", OWN).statusCode());
    assertEquals(
        List.of(
            "drain one DrainOrder[deadline=Optional[PT1M], minAllocations=Optional[2],"
                + " reason=kernel update]",
            "undrain one"),
        server.node.orders);
  }

  /** The numbers are in the problem, for programs; who insists is obeyed. */
  @Test
  void refusesADrainThatTheOthersCannotCarry() throws Exception {
    List<NodeView.NodeInfo> nodes = new ArrayList<>(server.node.nodes);
    nodes.add(
        new NodeView.NodeInfo("three", false, true, "draining", 3, 100, 5, 0, Optional.empty()));
    server.node.nodes = nodes;
    HttpResponse<String> refused = server.post("/api/v1/nodes/self/drain", "{}", OWN);
    assertEquals(409, refused.statusCode());
    JsonObject problem = new JsonObject(refused.body());
    assertEquals(2, problem.getInteger("allocations"));
    assertEquals(false, problem.getBoolean("fits"));
    assertTrue(problem.getString("detail").contains("force"), refused.body());
    assertEquals(List.of(), server.node.orders);
    assertEquals(
        200, server.post("/api/v1/nodes/self/drain", "{\"force\":true}", OWN).statusCode());
    assertEquals(1, server.node.orders.size());
    assertEquals(
        400, server.post("/api/v1/nodes/self/drain", "{\"force\":\"yes\"}", OWN).statusCode());
  }

  @ParameterizedTest
  @CsvSource({"TOO_LATE, 409", "UNKNOWN, 404", "UNREACHABLE, 503"})
  void saysWhatBecameOfAnOrder(NodeView.Outcome outcome, int status) throws Exception {
    server.node.outcome = outcome;
    HttpResponse<String> answer = server.post("/api/v1/nodes/x/drain", "{}", OWN);
    assertEquals(status, answer.statusCode());
    assertEquals(
        "application/problem+json", answer.headers().firstValue("content-type").orElseThrow());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{",
        "{\"deadlin\":1}",
        "{\"deadline\":-1}",
        "{\"deadline\":\"1h\"}",
        "{\"deadline\":1e9}",
        "{\"minAllocations\":-1}",
        "{\"reason\":7}"
      })
  void refusesOrdersThatMakeNoSense(String body) throws Exception {
    assertEquals(400, server.post("/api/v1/nodes/self/drain", body, OWN).statusCode());
    assertEquals(List.of(), server.node.orders);
  }

  @Test
  void takesNoLongOrders() throws Exception {
    String body = "{\"reason\":\"" + "x".repeat(5000) + "\"}";
    assertEquals(413, server.post("/api/v1/nodes/self/drain", body, OWN).statusCode());
  }

  @Test
  void listsSessions() throws Exception {
    String query = "?user=ana*&client=192.0.2.7&transport=udp&limit=1&sort=-rate";
    JsonObject page = new JsonObject(server.get("/api/v1/sessions" + query).body());
    assertEquals(1, page.getInteger("total"));
    assertEquals("abc", page.getJsonArray("sessions").getJsonObject(0).getString("id"));
    assertTrue(server.node.orders.getFirst().contains("user=Optional[ana*]"));
    String next = page.getString("next");
    assertEquals(200, server.get("/api/v1/sessions" + query + "&cursor=" + next).statusCode());
    assertTrue(server.node.orders.getLast().contains("Place[value=11, name=, id=abc]"));
    String other = "/api/v1/sessions?sort=user&cursor=" + next;
    assertEquals(400, server.get(other).statusCode());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "?limit=0",
        "?limit=1001",
        "?limit=x",
        "?users=a",
        "?cursor=x",
        "?user=a&user=b",
        "?sort=age",
        "?state=busy",
        "?transport=sctp"
      })
  void refusesQueriesThatMakeNoSense(String query) throws Exception {
    assertEquals(400, server.get("/api/v1/sessions" + query).statusCode());
  }

  @Test
  void endsSessions() throws Exception {
    assertEquals(204, server.ask("DELETE", "/api/v1/sessions/abc", OWN).statusCode());
    assertEquals(404, server.ask("DELETE", "/api/v1/sessions/xyz", OWN).statusCode());
    assertEquals(List.of("close abc", "close xyz"), server.node.orders);
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /api/v1/nodes",
    "GET, /api/v1/nodes/self/undrain",
    "DELETE, /api/v1/nodes/self/undrain",
    "GET, /api/v1/sessions:close",
    "PUT, /api/v1/sessions/abc"
  })
  void eachPathHasItsMethod(String method, String path) throws Exception {
    HttpResponse<String> answer = server.ask(method, path, OWN);
    assertEquals(405, answer.statusCode());
    assertTrue(answer.headers().firstValue("allow").isPresent());
    assertEquals(List.of(), server.node.orders);
  }

  /** A form or an image of another site sends no headers of its own choice. */
  @Test
  void noOtherSiteChangesAnythingThroughABrowser() throws Exception {
    assertEquals(403, server.post("/api/v1/nodes/self/drain", "{}").statusCode());
    assertEquals(403, server.ask("DELETE", "/api/v1/sessions/abc").statusCode());
    String[] cross = {"Puente-Request", "1", "Sec-Fetch-Site", "cross-site"};
    assertEquals(403, server.post("/api/v1/nodes/self/drain", "{}", cross).statusCode());
    String rebound =
        server.raw(
            "POST /api/v1/nodes/self/drain HTTP/1.1\r\nHost: evil.example\r\n"
                + "Puente-Request: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assertTrue(rebound.startsWith("HTTP/1.1 421"), rebound);
    HttpResponse<String> preflight = server.ask("OPTIONS", "/api/v1/nodes/self/drain", OWN);
    assertTrue(preflight.headers().firstValue("access-control-allow-headers").isEmpty());
    assertEquals(List.of(), server.node.orders);
  }

  @Test
  void changesNeedTheTokenWhereThereIsOne() throws Exception {
    try (RunningServer own = RunningServer.localWithToken()) {
      assertEquals(200, own.get("/api/v1/nodes").statusCode());
      assertEquals(401, own.post("/api/v1/nodes/self/drain", "{}", OWN).statusCode());
      String[] token = {"Authorization", "Bearer " + TOKEN};
      assertEquals(200, own.post("/api/v1/nodes/self/drain", "{}", token).statusCode());
      assertEquals(1, own.node.orders.size());
    }
  }
}
