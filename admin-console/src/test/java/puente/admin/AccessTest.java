package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets in, how, and what nobody gets by. */
@Timeout(60)
class AccessTest {

  private static final String BEN =
      "{\"name\":\"ben\",\"password\":\"shoes on the roof\",\"role\":\"viewer\"}";

  @TempDir Path directory;

  private RunningServer server;

  @BeforeEach
  void start() {
    server = RunningServer.with(directory, null);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  // ---- setting up

  @Test
  void theFirstAccountTakesTheSetUpToken() throws Exception {
    Path token = directory.resolve("setup-token");
    assertPrivate(token);
    String text = Files.readString(token);
    assertEquals("setup", json(server.get("/api/v1/auth")).getString("state"));
    Browser browser = new Browser(server);
    assertEquals(401, browser.send("POST", "auth/setup", Browser.setUpBody("guess")).statusCode());
    HttpResponse<String> answer = browser.send("POST", "auth/setup", Browser.setUpBody(text));
    assertEquals(200, answer.statusCode());
    assertEquals("admin", json(answer).getString("role"));
    assertFalse(Files.exists(token));
    assertPrivate(directory.resolve("console-accounts.json"));
    assertFalse(
        Files.readString(directory.resolve("console-accounts.json")).contains(Browser.PASSWORD));
    assertEquals(200, browser.get("accounts").statusCode());
    assertEquals(409, browser.send("POST", "auth/setup", Browser.setUpBody(text)).statusCode());
  }

  @Test
  void theSetUpTokenOutlivesARestartAndEndsWithTheFirstAccount() throws Exception {
    String text = Files.readString(directory.resolve("setup-token"));
    restart();
    assertEquals(text, Files.readString(directory.resolve("setup-token")));
    Browser.atSetUp(server, directory);
    restart();
    assertFalse(Files.exists(directory.resolve("setup-token")));
    assertEquals("signed-out", json(server.get("/api/v1/auth")).getString("state"));
    assertEquals(200, new Browser(server).logIn(Browser.NAME, Browser.PASSWORD).statusCode());
  }

  /** Who is merely on the machine may look, as before there were accounts, but not let others in. */
  @Test
  void withAnAccountNobodyIsTrustedForBeingOnTheMachine() throws Exception {
    assertEquals(200, server.get("/api/v1/nodes").statusCode());
    assertEquals(401, server.get("/api/v1/accounts").statusCode());
    assertEquals(401, server.post("/api/v1/accounts", BEN, "Puente-Request", "1").statusCode());
    Browser.atSetUp(server, directory);
    assertEquals(401, server.get("/api/v1/nodes").statusCode());
    String[] own = {"Puente-Request", "1"};
    assertEquals(401, server.post("/api/v1/nodes/self/drain", "{}", own).statusCode());
    assertEquals(200, server.get("/metrics").statusCode());
    assertEquals(List.of(), server.node.orders);
  }

  @ParameterizedTest
  @ValueSource(strings = {"short", "aaaaaaaaaaaaaaaa", "my name is ana"})
  void refusesPasswordsThatAreEasyToGuess(String password) throws Exception {
    String body =
        new JsonObject(Browser.setUpBody(Files.readString(directory.resolve("setup-token"))))
            .put("password", password)
            .encode();
    HttpResponse<String> answer = new Browser(server).send("POST", "auth/setup", body);
    assertEquals(400, answer.statusCode());
    assertTrue(json(answer).getString("detail").startsWith("A password "), answer.body());
  }

  // ---- signing in

  @Test
  void aCookieIsKeptFromScriptsAndOtherSites() throws Exception {
    Browser.atSetUp(server, directory);
    HttpResponse<String> plain = new Browser(server).logIn(Browser.NAME, Browser.PASSWORD);
    assertTrue(
        setCookie(plain).matches("puente=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict"),
        setCookie(plain));
    Browser proxied = new Browser(server, "X-Forwarded-Proto", "https");
    HttpResponse<String> secure = proxied.logIn(Browser.NAME, Browser.PASSWORD);
    assertTrue(
        setCookie(secure)
            .matches("__Host-puente=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Secure"),
        setCookie(secure));
    assertEquals(200, proxied.get("nodes").statusCode());
  }

  @Test
  void asksForNoPasswordOverPlainHttpFromElsewhere() throws Exception {
    Browser.atSetUp(server, directory);
    String body = "{\"name\":\"ana\",\"password\":\"" + Browser.PASSWORD + "\"}";
    String answer =
        server.raw(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: 10.1.2.3:9641\r\nConnection: close\r\n"
                + "Content-Length: "
                + body.length()
                + "\r\n\r\n"
                + body);
    assertTrue(answer.startsWith("HTTP/1.1 403"), answer);
    assertTrue(answer.contains("SSH tunnel"), answer);
  }

  /** A proxy in front speaks by its own name; nobody is trusted for coming by it. */
  @Test
  void isReachedByAProxysNameOnceThereIsAnAccount() throws Exception {
    String request = " HTTP/1.1\r\nHost: console.example\r\nX-Forwarded-Proto: https\r\n";
    String metrics = "GET /metrics" + request + "Connection: close\r\n\r\n";
    assertTrue(server.raw(metrics).startsWith("HTTP/1.1 421"));
    Browser.atSetUp(server, directory);
    assertTrue(server.raw(metrics).startsWith("HTTP/1.1 401"));
    String body = "{\"name\":\"ana\",\"password\":\"" + Browser.PASSWORD + "\"}";
    String answer =
        server.raw(
            "POST /api/v1/auth/login"
                + request
                + "Origin: https://console.example\r\nConnection: close\r\nContent-Length: "
                + body.length()
                + "\r\n\r\n"
                + body);
    assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
    assertTrue(answer.contains("__Host-puente="), answer);
  }

  @Test
  void aWrongNameAndAWrongPasswordLookAlike() throws Exception {
    Browser.atSetUp(server, directory);
    HttpResponse<String> wrong = new Browser(server).logIn(Browser.NAME, "not the password");
    HttpResponse<String> nobody = new Browser(server).logIn("nobody", "not the password");
    assertEquals(401, wrong.statusCode());
    assertEquals(wrong.body(), nobody.body());
    assertEquals(401, new Browser(server).logIn(Browser.NAME, "").statusCode());
    assertEquals(400, new Browser(server).send("POST", "auth/login", "{}").statusCode());
  }

  @Test
  void nobodyGuessesOften() throws Exception {
    Browser.atSetUp(server, directory);
    for (int i = 0; i < GuessThrottle.GUESSES_MAX; i++) {
      assertEquals(401, new Browser(server).logIn(Browser.NAME, "guess number " + i).statusCode());
    }
    HttpResponse<String> evenRight = new Browser(server).logIn(Browser.NAME, Browser.PASSWORD);
    assertEquals(429, evenRight.statusCode());
    assertEquals("30", evenRight.headers().firstValue("retry-after").orElseThrow());
  }

  @Test
  void aSessionIsNewAtEachSignIn() throws Exception {
    Browser browser = Browser.atSetUp(server, directory);
    String before = browser.cookie;
    assertEquals(200, browser.logIn(Browser.NAME, Browser.PASSWORD).statusCode());
    assertNotEquals(before, browser.cookie);
    assertEquals(401, server.get("/api/v1/nodes", "Cookie", before).statusCode());
    String chosen = "puente=" + "a".repeat(43);
    assertEquals(401, server.get("/api/v1/nodes", "Cookie", chosen).statusCode());
  }

  // ---- changing things

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "-, right, 403",
        "http://evil.example, right, 403",
        "null, right, 403",
        "http://127.0.0.1:1, right, 403",
        "ours, -, 403",
        "ours, wrong, 403",
        "ours, right, 200"
      })
  void aChangeNeedsTheOriginAndTheHeader(String origin, String csrf, int status) throws Exception {
    Browser browser = Browser.atSetUp(server, directory);
    List<String> headers = new java.util.ArrayList<>(List.of("Cookie", browser.cookie));
    if (origin != null) {
      headers.addAll(List.of("Origin", origin.equals("ours") ? server.origin() : origin));
    }
    if (csrf != null) {
      headers.addAll(List.of("Puente-CSRF", csrf.equals("right") ? browser.csrf : "no"));
    }
    HttpResponse<String> answer =
        server.post("/api/v1/nodes/self/drain", "{}", headers.toArray(String[]::new));
    assertEquals(status, answer.statusCode(), answer.body());
    assertEquals(status == 200 ? 1 : 0, server.node.orders.size());
  }

  @Test
  void eachRoleMayWhatItMay() throws Exception {
    Browser admin = Browser.atSetUp(server, directory);
    assertEquals(201, admin.send("POST", "accounts", BEN).statusCode());
    Browser ben = new Browser(server);
    assertEquals(200, ben.logIn("ben", "shoes on the roof").statusCode());
    assertEquals(200, ben.get("nodes").statusCode());
    HttpResponse<String> refused = ben.send("POST", "nodes/self/drain", "{}");
    assertEquals(403, refused.statusCode());
    assertEquals("Needs the role operator; yours is viewer.", json(refused).getString("detail"));
    assertEquals(403, ben.get("audit").statusCode());
    assertEquals(403, ben.get("tokens").statusCode());
    assertEquals(List.of(), server.node.orders);
    String operator = "{\"role\":\"operator\"}";
    assertEquals(200, admin.send("PUT", "accounts/ben", operator).statusCode());
    assertEquals(401, ben.get("nodes").statusCode());
    assertEquals(200, ben.logIn("ben", "shoes on the roof").statusCode());
    assertEquals(200, ben.send("POST", "nodes/self/drain", "{}").statusCode());
    assertEquals(403, ben.send("POST", "accounts", BEN.replace("ben", "cat")).statusCode());
  }

  @Test
  void somebodyAlwaysMayDoEverything() throws Exception {
    Browser admin = Browser.atSetUp(server, directory);
    assertEquals(409, admin.send("DELETE", "accounts/ana", "").statusCode());
    assertEquals(409, admin.send("PUT", "accounts/ana", "{\"role\":\"viewer\"}").statusCode());
    assertEquals(404, admin.send("DELETE", "accounts/ben", "").statusCode());
    assertEquals(409, admin.send("POST", "accounts", BEN.replace("ben", "ana")).statusCode());
    assertEquals(400, admin.send("POST", "accounts", BEN.replace("ben", "a b")).statusCode());
    assertEquals(201, admin.send("POST", "accounts", BEN).statusCode());
    assertEquals(204, admin.send("DELETE", "accounts/ben", "").statusCode());
  }

  // ---- signing out

  @Test
  void signingOutEndsTheSessionHere() throws Exception {
    Browser browser = Browser.atSetUp(server, directory);
    String cookie = browser.cookie;
    assertEquals(204, browser.send("POST", "auth/logout", "").statusCode());
    assertEquals("puente=", browser.cookie);
    assertEquals(401, server.get("/api/v1/nodes", "Cookie", cookie).statusCode());
  }

  @Test
  void signingOutEverywhereEndsAll() throws Exception {
    Browser here = Browser.atSetUp(server, directory);
    Browser there = new Browser(server);
    assertEquals(200, there.logIn(Browser.NAME, Browser.PASSWORD).statusCode());
    assertEquals(204, here.send("POST", "auth/logout-everywhere", "").statusCode());
    assertEquals(401, there.get("nodes").statusCode());
  }

  @Test
  void aNewPasswordEndsTheOtherSessionsAndTheOldPassword() throws Exception {
    Browser here = Browser.atSetUp(server, directory);
    Browser there = new Browser(server);
    assertEquals(200, there.logIn(Browser.NAME, Browser.PASSWORD).statusCode());
    String wrong = "{\"password\":\"no\",\"newPassword\":\"staple and horse\"}";
    assertEquals(403, here.send("POST", "auth/password", wrong).statusCode());
    String right = wrong.replace("\"no\"", "\"" + Browser.PASSWORD + "\"");
    assertEquals(200, here.send("POST", "auth/password", right).statusCode());
    assertEquals(200, here.get("nodes").statusCode());
    assertEquals(401, there.get("nodes").statusCode());
    assertEquals(401, there.logIn(Browser.NAME, Browser.PASSWORD).statusCode());
    assertEquals(200, there.logIn(Browser.NAME, "staple and horse").statusCode());
  }

  // ---- tokens

  @Test
  void aTokenOpensWhatItsRoleMayUntilItIsRevoked() throws Exception {
    Browser admin = Browser.atSetUp(server, directory);
    HttpResponse<String> made =
        admin.send("POST", "tokens", "{\"name\":\"ci\",\"role\":\"operator\"}");
    assertEquals(201, made.statusCode());
    String text = json(made).getString("token");
    assertTrue(text.startsWith("puente_"));
    assertFalse(Files.readString(directory.resolve("console-tokens.json")).contains(text));
    assertPrivate(directory.resolve("console-tokens.json"));
    assertFalse(admin.get("tokens").body().contains(text));
    String[] bearer = {"Authorization", "Bearer " + text};
    assertEquals(200, server.post("/api/v1/nodes/self/drain", "{}", bearer).statusCode());
    assertEquals(403, server.get("/api/v1/tokens", bearer).statusCode());
    restart();
    assertEquals(200, server.getAs(text, "/api/v1/nodes").statusCode());
    admin = new Browser(server);
    admin.logIn(Browser.NAME, Browser.PASSWORD);
    String path = "tokens/" + json(made).getString("id");
    assertEquals(204, admin.send("DELETE", path, "").statusCode());
    assertEquals(404, admin.send("DELETE", path, "").statusCode());
    assertEquals(401, server.getAs(text, "/api/v1/nodes").statusCode());
  }

  // ---- the trail

  @Test
  void changesAreKeptOneALineWhateverTheyContain() throws Exception {
    Browser admin = Browser.atSetUp(server, directory);
    String reason = "a\nb\r\u2028\u0000\u001b[31m\"}";
    String body = new JsonObject().put("reason", reason).encode();
    assertEquals(200, admin.send("POST", "nodes/self/drain", body).statusCode());
    restart();
    Path file;
    try (var files = Files.list(directory)) {
      file = files.filter(path -> path.toString().contains("audit-")).findFirst().orElseThrow();
    }
    assertPrivate(file);
    assertEquals(2, Files.readString(file).lines().count());
    admin = new Browser(server);
    admin.logIn(Browser.NAME, Browser.PASSWORD);
    JsonArray entries = json(admin.get("audit?action=drain")).getJsonArray("entries");
    assertEquals(1, entries.size());
    JsonObject entry = entries.getJsonObject(0);
    assertEquals("account:ana", entry.getString("who"));
    assertEquals("one", entry.getString("target"));
    assertEquals(reason, entry.getString("reason"));
    JsonObject first = json(admin.get("audit?limit=1"));
    assertEquals("login", first.getJsonArray("entries").getJsonObject(0).getString("action"));
    JsonObject second = json(admin.get("audit?limit=5&cursor=" + first.getString("next")));
    assertEquals(2, second.getJsonArray("entries").size());
    assertFalse(second.containsKey("next"));
  }

  private void restart() {
    server.close();
    server = RunningServer.with(directory, null);
  }

  private static void assertPrivate(Path file) throws Exception {
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  private static String setCookie(HttpResponse<String> answer) {
    return answer.headers().firstValue("set-cookie").orElseThrow();
  }

  private static JsonObject json(HttpResponse<String> answer) {
    return new JsonObject(answer.body());
  }
}
