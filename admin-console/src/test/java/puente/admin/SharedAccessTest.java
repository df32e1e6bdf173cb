package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who may come in to one node may come in to all, and who may not any more to none. */
@Timeout(60)
class SharedAccessTest {

  private static final String BEN =
      "{\"name\":\"ben\",\"password\":\"shoes on the roof\",\"role\":\"viewer\"}";

  private static final long PATIENCE_NANOS = 50_000_000_000L;

  @TempDir Path here;
  @TempDir Path there;

  private RunningServer one;
  private RunningServer two;

  @BeforeEach
  void start() {
    one = RunningServer.with(here, (String) null);
    two = RunningServer.with(there, (String) null);
  }

  @AfterEach
  void stop() {
    one.close();
    two.close();
  }

  /** What was said at one node is heard at the other, in order. */
  private static void carry(RunningServer from, RunningServer to) {
    List<JsonObject> news = List.copyOf(from.peers.told);
    from.peers.told.clear();
    news.forEach(to.peers::hear);
  }

  /** Both know the same: what was said is heard. */
  private void agree() {
    long until = System.nanoTime() + PATIENCE_NANOS;
    while (!lasting(one).equals(lasting(two))) {
      assertTrue(System.nanoTime() < until, "they do not agree");
      Thread.onSpinWait();
    }
  }

  private static JsonObject lasting(RunningServer server) {
    JsonObject all = server.peers.all();
    List.of("sessions", "ended", "over").forEach(all::remove);
    return all;
  }

  private void carryAll() {
    carry(one, two);
    agree();
  }

  @Test
  void anAccountIsGoodOnEveryNode() throws Exception {
    assertEquals(200, two.get("/api/v1/nodes").statusCode());
    Browser ana = Browser.atSetUp(one, here);
    assertTrue(Files.exists(there.resolve("setup-token")));
    carryAll();
    assertEquals(401, two.get("/api/v1/nodes").statusCode(), "nobody is trusted for being there");
    Browser away = new Browser(two);
    assertEquals(200, away.logIn(Browser.NAME, Browser.PASSWORD).statusCode());
    assertEquals("admin", json(away.get("auth")).getString("role"));
    assertFalse(Files.exists(there.resolve("setup-token")));

    assertEquals(201, ana.send("POST", "accounts", BEN).statusCode());
    carryAll();
    Browser ben = new Browser(two);
    assertEquals(200, ben.logIn("ben", "shoes on the roof").statusCode());
    ana.send("PUT", "accounts/ben", "{\"password\":\"socks in the sink\"}");
    carryAll();
    assertFalse(logsIn("ben", "shoes on the roof"));
    assertEquals(401, ben.get("nodes").statusCode(), "a session of the old password");
    assertTrue(logsIn("ben", "socks in the sink"));

    JsonObject before = one.peers.all();
    assertEquals(204, ana.send("DELETE", "accounts/ben", "").statusCode());
    carryAll();
    assertFalse(logsIn("ben", "socks in the sink"));
    two.peers.hear(before);
    hearMark();
    assertFalse(away.get("accounts").body().contains("ben"), "a node that missed it is away");
  }

  /** Behind one name people come to any node: who signed in at one is known to all. */
  @Test
  void aSessionIsGoodOnEveryNodeUntilItsEnd() throws Exception {
    Browser ana = Browser.atSetUp(one, here);
    carry(one, two);
    hearMark();
    Browser same = ana.at(two);
    assertEquals(200, same.get("nodes").statusCode());
    assertEquals(201, same.send("POST", "accounts", BEN).statusCode(), "and may change things");
    assertEquals(204, same.send("POST", "auth/logout", "").statusCode());
    carry(two, one);
    awaitRefusal(ana);

    assertEquals(200, ana.logIn(Browser.NAME, Browser.PASSWORD).statusCode());
    carry(one, two);
    hearMark();
    Browser ben = new Browser(two);
    assertEquals(200, ben.logIn("ben", "shoes on the roof").statusCode());
    carry(two, one);
    assertEquals(200, ana.at(two).get("nodes").statusCode());
    assertEquals(204, ana.send("POST", "accounts/ben/logout", "").statusCode());
    carry(one, two);
    awaitRefusal(ben);
    assertEquals(200, ana.at(two).get("nodes").statusCode());
  }

  private static void awaitRefusal(Browser browser) throws Exception {
    long until = System.nanoTime() + PATIENCE_NANOS;
    while (browser.get("nodes").statusCode() != 401) {
      assertTrue(System.nanoTime() < until, "the session goes on");
    }
  }

  @Test
  void aTokenIsGoodOnEveryNodeUntilItIsRevoked() throws Exception {
    Browser ana = Browser.atSetUp(one, here);
    JsonObject made = json(ana.send("POST", "tokens", "{\"name\":\"ci\",\"role\":\"viewer\"}"));
    String token = made.getString("token");
    for (JsonObject news : one.peers.told) {
      assertFalse(news.encode().contains(token), "only a digest goes over the wire");
    }
    carryAll();
    assertEquals(200, two.getAs(token, "/api/v1/nodes").statusCode());
    JsonObject before = one.peers.all();
    assertEquals(204, ana.send("DELETE", "tokens/" + made.getString("id"), "").statusCode());
    carryAll();
    assertEquals(401, two.getAs(token, "/api/v1/nodes").statusCode());
    two.close();
    two = RunningServer.with(there, (String) null);
    two.peers.hear(before);
    hearMark();
    assertEquals(401, two.getAs(token, "/api/v1/nodes").statusCode(), "kept over a restart");
  }

  /** Of two changes the later is right, in whichever order they are heard. */
  @Test
  void theLaterChangeIsRight() throws Exception {
    Browser ana = Browser.atSetUp(one, here);
    ana.send("POST", "accounts", BEN);
    JsonObject early = one.peers.all();
    ana.send("PUT", "accounts/ben", "{\"role\":\"operator\"}");
    two.peers.hear(one.peers.all());
    agree();
    two.peers.hear(early);
    hearMark();
    Browser ben = new Browser(two);
    ben.logIn("ben", "shoes on the roof");
    assertEquals("operator", json(ben.get("auth")).getString("role"));
  }

  @Test
  void whatMakesNoSenseChangesNothing() throws Exception {
    Browser ana = Browser.atSetUp(one, here);
    carryAll();
    two.peers.hear(new JsonObject().put("accounts", "all of them"));
    two.peers.hear(new JsonObject().put("tokens", new JsonArray().add(17)));
    two.peers.hear(account("<script>"));
    hearMark();
    assertFalse(two.peers.all().encode().contains("script"));
    assertEquals(200, ana.get("accounts").statusCode());
  }

  private boolean logsIn(String name, String password) throws Exception {
    HttpResponse<String> answer = new Browser(two).logIn(name, password);
    return answer.statusCode() == 200;
  }

  /** Says something last, and waits until it is heard, as then all before it is. */
  private void hearMark() throws Exception {
    two.peers.hear(account("mark"));
    long until = System.nanoTime() + PATIENCE_NANOS;
    while (!two.peers.all().encode().contains("\"mark\"")) {
      assertTrue(System.nanoTime() < until, "mark is not heard of");
      Thread.onSpinWait();
    }
  }

  /** An account with ana's password under another name. */
  private JsonObject account(String name) throws Exception {
    String kept = Files.readString(here.resolve("console-accounts.json"));
    JsonObject account =
        new JsonObject(kept).getJsonArray("accounts").getJsonObject(0).copy().put("name", name);
    account.put("changed", Instant.now().toString());
    return new JsonObject().put("accounts", new JsonArray().add(account));
  }

  private static JsonObject json(HttpResponse<String> answer) {
    return new JsonObject(answer.body());
  }
}
