package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What was changed on one node is in the audit log that any other shows. */
@Timeout(60)
class SharedAuditTest {

  private static final int CHANGES = 5;

  @RegisterExtension final TwoServers both = new TwoServers();

  private static void change(RunningServer server, int number) throws Exception {
    JsonObject token = new JsonObject().put("name", "t" + number).put("role", "viewer");
    int status =
        server
            .send("POST", "/api/v1/tokens", token.encode(), "Authorization", bearer())
            .statusCode();
    assertEquals(201, status);
  }

  private static String bearer() {
    return "Bearer " + RunningServer.TOKEN;
  }

  private static JsonObject audit(RunningServer server, String query) throws Exception {
    var answer = server.getAs(RunningServer.TOKEN, "/api/v1/audit?action=add-token" + query);
    assertEquals(200, answer.statusCode(), answer.body());
    return new JsonObject(answer.body());
  }

  private static List<String> targets(JsonObject page) {
    JsonArray entries = page.getJsonArray("entries");
    return entries.stream()
        .map(JsonObject.class::cast)
        .map(entry -> entry.getString("node") + " " + entry.getString("target"))
        .toList();
  }

  private void changeInTurns() throws Exception {
    for (int i = 0; i < CHANGES; i++) {
      change(both.one, 2 * i);
      change(both.two, 2 * i + 1);
    }
  }

  @Test
  void anyNodeShowsAllOfIt() throws Exception {
    changeInTurns();
    List<String> said = targets(audit(both.one, ""));
    assertEquals(2 * CHANGES, said.size());
    assertEquals(said, targets(audit(both.two, "")));
    List<String> ofTwo = targets(audit(both.one, "&node=two"));
    assertEquals(List.of("two t9", "two t7", "two t5", "two t3", "two t1"), ofTwo);
    assertEquals(404, both.one.getAs(RunningServer.TOKEN, "/api/v1/audit?node=no").statusCode());
    JsonArray times = audit(both.two, "").getJsonArray("entries");
    for (int i = 1; i < times.size(); i++) {
      String later = times.getJsonObject(i - 1).getString("t");
      assertTrue(later.compareTo(times.getJsonObject(i).getString("t")) >= 0, times::encode);
    }
  }

  /** No entry twice, none left out, whatever is noted meanwhile. */
  @Test
  void pagesFollowEachOther() throws Exception {
    changeInTurns();
    List<String> whole = targets(audit(both.one, ""));
    List<String> paged = new ArrayList<>();
    JsonObject page = audit(both.one, "&limit=3");
    paged.addAll(targets(page));
    change(both.two, 100);
    while (page.containsKey("next")) {
      page = audit(both.two, "&limit=3&cursor=" + page.getString("next"));
      assertTrue(page.getJsonArray("entries").size() <= 3);
      paged.addAll(targets(page));
    }
    assertEquals(whole, paged);
    assertEquals(paged.size(), new HashSet<>(paged).size());
    for (String wrong : List.of("x", "e30x", "eyJvbmUiOiJ4In0")) {
      String path = "/api/v1/audit?cursor=" + wrong;
      assertEquals(400, both.one.getAs(RunningServer.TOKEN, path).statusCode(), wrong);
    }
  }

  @Test
  void whoDoesNotAnswerIsNamed() throws Exception {
    changeInTurns();
    FakeLive gone = new FakeLive(List.of());
    gone.name("gone");
    both.one.node.live.join(gone);
    JsonObject page = audit(both.one, "");
    assertEquals("[\"gone\"]", page.getJsonObject("coverage").getJsonArray("missing").encode());
    assertEquals(CHANGES, page.getJsonArray("entries").size());
    both.one.node.live.join(null);
    assertFalse(audit(both.one, "").getJsonObject("coverage").containsKey("missing"));
  }
}
