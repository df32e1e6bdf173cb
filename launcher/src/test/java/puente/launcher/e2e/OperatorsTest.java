package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Operators at the admin API of a real server, and what its TURN clients notice of them. */
@Tag("e2e")
@Timeout(180)
class OperatorsTest {

  private static final String NAME = "ana";
  private static final String PASSWORD = "correct horse battery";

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private String cookie = "";
  private String csrf = "";

  @BeforeEach
  void ours() {
    org.junit.jupiter.api.Assumptions.assumeTrue(ServerProcess.isPuente());
  }

  /** Accounts outlive a process, and would outlive a run of the tests. */
  @BeforeEach
  void forgetFormerRuns() throws Exception {
    Path all = Path.of("target", "e2e");
    if (!Files.exists(all)) {
      return;
    }
    List<Path> former;
    try (Stream<Path> found = Files.walk(all)) {
      former = found.filter(path -> path.toString().contains("operators-")).toList();
    }
    for (Path path : former.reversed()) {
      Files.delete(path);
    }
  }

  @Test
  void usersSecretsAndQuotasTakeEffectAtOnceAndOutliveARestart() throws Exception {
    try (var server = ServerProcess.start("operators")) {
      setUp(server);
      assertEquals(401, code(server, "dan", "dans password"));
      JsonObject dan = new JsonObject().put("name", "dan").put("password", "dans password");
      assertEquals(201, send(server, "POST", "users", dan).statusCode());
      assertEquals(0, code(server, "dan", "dans password"));
      assertEquals(409, send(server, "DELETE", "users/user", null).statusCode());

      JsonObject secret = json(send(server, "POST", "secrets", null));
      assertTrue(secret.getBoolean("signing"));
      JsonObject early = credential(server);
      assertEquals(0, code(server, early));

      JsonObject soon = new JsonObject().put("overlapSeconds", 2);
      assertEquals(
          201,
          send(server, "POST", "secrets/" + ServerProcess.REALM + "/rotate", soon).statusCode());
      assertEquals(0, code(server, early));
      awaitTheEndOfTheOldSecret(server);
      assertEquals(401, code(server, early));
      JsonObject late = credential(server);
      assertEquals(0, code(server, late));

      JsonObject quota = new JsonObject().put("perUser", 1);
      String path = "realms/" + ServerProcess.REALM + "/quota";
      assertEquals(200, send(server, "PUT", path, quota).statusCode());
      TurnClient.udp(server).allocate();
      assertEquals(
          486, Stun.errorCode(TurnClient.udp(server).signed(Stun.ALLOCATE, OperatorsTest::udp)));
      JsonObject realm = new JsonObject().put("perUser", 0).put("perRealm", 1);
      assertEquals(200, send(server, "PUT", path, realm).statusCode());
      assertEquals(486, code(server, late), "another user of a realm that is full");
      realm.put("perUser", 1).put("perRealm", 0);
      assertEquals(200, send(server, "PUT", path, realm).statusCode());

      server.kill();
      server.startAgain();
      server.ready();
      logIn(server);
      assertEquals(0, code(server, late));
      assertEquals(1, json(send(server, "GET", path, null)).getInteger("perUser"));
      assertEquals(204, send(server, "DELETE", "users/dan", null).statusCode());
      assertEquals(401, code(server, "dan", "dans password"));
      JsonArray entries = json(send(server, "GET", "audit", null)).getJsonArray("entries");
      assertEquals("remove-user", entries.getJsonObject(0).getString("action"));
      assertTrue(entries.encode().contains("set-quota"));
      assertFalse(entries.encode().contains(secret.getString("secret")));
      assertFalse(server.log().contains(secret.getString("secret")));
    }
  }

  @Test
  void theConfigurationIsShownLookedAtAndReloaded() throws Exception {
    try (var server = ServerProcess.start("operators-config")) {
      setUp(server);
      JsonObject config = json(send(server, "GET", "config", null));
      JsonObject user = setting(config, "user");
      assertEquals("[\"user:••••••\"]", user.getJsonArray("values").encode());
      assertTrue(user.getBoolean("secret"));
      assertEquals("--realm", setting(config, "realm").getString("origin"));
      assertFalse(setting(config, "min-port").getBoolean("reloadable"));

      JsonObject wrong = new JsonObject().put("text", "max-bps=x\nrealmm=a\n");
      JsonObject verdict = json(send(server, "POST", "config/validate", wrong));
      assertFalse(verdict.getBoolean("ok"));
      assertTrue(verdict.getJsonArray("errors").getString(0).contains("max-bps"));
      assertFalse(verdict.encode().contains("validate"), verdict.encode());
      JsonObject right = new JsonObject().put("text", "max-bps=77\n");
      verdict = json(send(server, "POST", "config/validate", right));
      assertTrue(verdict.getBoolean("ok"), verdict.encode());
      assertTrue(verdict.getJsonArray("changes").encode().contains("max-bps"));
      assertEquals(200, send(server, "POST", "config/reload", null).statusCode());

      JsonObject certificate =
          json(send(server, "GET", "certs", null)).getJsonArray("certs").getJsonObject(0);
      assertTrue(certificate.getInteger("daysLeft") >= 0, certificate.encode());
      assertNotNull(certificate.getString("keyType"));

      JsonObject level = new JsonObject().put("component", "puente.turn").put("level", "debug");
      assertEquals(200, send(server, "POST", "nodes/self/log-level", level).statusCode());
      String lines = send(server, "GET", "logs?text=reloaded", null).body();
      assertEquals(1, new JsonObject(lines).getJsonArray("lines").size(), lines);
      JsonObject checks = json(send(server, "GET", "diagnostics", null));
      assertTrue(checks.getJsonArray("checks").size() > 5, checks.encode());
      JsonObject bundle = json(send(server, "POST", "nodes/self/support-bundle", null));
      assertFalse(bundle.encode().contains(PASSWORD));
      assertFalse(bundle.encode().contains("\"user:pass\""));
      assertTrue(bundle.getJsonArray("threads").size() > 3);
    }
  }

  /** Also on one that was away when it was said; and any of them may take it back. */
  @Test
  void whatIsAddedOnOneNodeIsInForceOnAll() throws Exception {
    int ports = Ports.free(2);
    try (var one = node("operators-one", ports, ports + 1);
        var two = node("operators-two", ports + 1, ports)) {
      setUp(one);
      JsonObject dan = new JsonObject().put("name", "dan").put("password", "dans password");
      assertEquals(201, send(one, "POST", "users", dan).statusCode());
      await(() -> code(two, "dan", "dans password") == 0, "dan is known to the other node");

      two.kill();
      JsonObject secret = json(send(one, "POST", "secrets", null));
      JsonObject quota = new JsonObject().put("perRealm", 50);
      String path = "realms/" + ServerProcess.REALM + "/quota";
      assertEquals(200, send(one, "PUT", path, quota).statusCode());
      two.startAgain();
      two.ready();
      awaitAdmin(two);
      JsonObject credential = credential(one);
      await(() -> code(two, credential) == 0, "the secret is known to who was away");
      await(() -> perRealm(two, path) == 50, "and so is the quota, to who signed in elsewhere");

      assertEquals(204, send(two, "DELETE", "users/dan", null).statusCode());
      // It may go between an Allocate and the Refresh that frees it again.
      await(() -> allocateCode(one, "dan", "dans password") == 401, "dan is gone on both");
      assertFalse(two.log().contains(secret.getString("secret")));
    }
  }

  private int perRealm(ServerProcess server, String path) throws Exception {
    HttpResponse<String> answer = send(server, "GET", path, null);
    return answer.statusCode() == 200 ? json(answer).getInteger("perRealm") : -1;
  }

  private static ServerProcess node(String name, int port, int other) {
    return ServerProcess.start(name, ServerProcess.cluster(name, port, other));
  }

  private static void await(Callable<Boolean> condition, String what) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.call()) {
      assertTrue(System.nanoTime() < end, what);
    }
  }

  // ---- an operator

  private void setUp(ServerProcess server) throws Exception {
    awaitAdmin(server);
    String token = Files.readString(server.folder.resolve("state/setup-token")).strip();
    assertTrue(server.program().output().contains(token), "shown once");
    JsonObject body =
        new JsonObject().put("token", token).put("name", NAME).put("password", PASSWORD);
    signedIn(send(server, "POST", "auth/setup", body));
  }

  private void logIn(ServerProcess server) throws Exception {
    awaitAdmin(server);
    JsonObject body = new JsonObject().put("name", NAME).put("password", PASSWORD);
    signedIn(send(server, "POST", "auth/login", body));
  }

  private void signedIn(HttpResponse<String> answer) {
    assertEquals(200, answer.statusCode(), answer.body());
    cookie = answer.headers().firstValue("set-cookie").orElseThrow().split(";")[0];
    csrf = json(answer).getString("csrfToken");
  }

  private HttpResponse<String> send(
      ServerProcess server, String method, String path, @Nullable JsonObject body)
      throws Exception {
    String origin = "http://127.0.0.1:" + server.adminPort;
    return client.send(
        HttpRequest.newBuilder(URI.create(origin + "/api/v1/" + path))
            .timeout(Duration.ofSeconds(20))
            .header("Origin", origin)
            .header("Cookie", cookie)
            .header("Puente-CSRF", csrf)
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body.encode()))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private void awaitAdmin(ServerProcess server) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (true) {
      try {
        send(server, "GET", "auth", null);
        boolean waits = Files.exists(server.folder.resolve("state/setup-token"));
        if (!waits || server.program().output().contains("set-up token")) {
          return;
        }
      } catch (ConnectException notYet) {
        assertTrue(System.nanoTime() < end, server.log());
      }
      assertTrue(System.nanoTime() < end, server.log());
    }
  }

  private static JsonObject setting(JsonObject config, String word) {
    return config.getJsonArray("settings").stream()
        .map(JsonObject.class::cast)
        .filter(one -> one.getString("word").equals(word))
        .findFirst()
        .orElseThrow();
  }

  private static JsonObject json(HttpResponse<String> answer) {
    assertTrue(answer.statusCode() < 300, answer.body());
    return new JsonObject(answer.body());
  }

  // ---- a client

  private JsonObject credential(ServerProcess server) throws Exception {
    JsonObject order = new JsonObject().put("user", "eva").put("ttlSeconds", 600);
    return json(send(server, "POST", "credentials", order));
  }

  /** Of the secrets, one is left that was added, and the server's configuration has none. */
  private void awaitTheEndOfTheOldSecret(ServerProcess server) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (json(send(server, "GET", "secrets", null)).getJsonArray("secrets").size() > 1) {
      assertTrue(System.nanoTime() < end, "the secret ends");
    }
  }

  private static int code(ServerProcess server, JsonObject credential) throws Exception {
    return code(server, credential.getString("username"), credential.getString("password"));
  }

  /** What an Allocate is answered with; 0 is success. */
  private static int code(ServerProcess server, String name, String password) throws Exception {
    try (var turn = TurnClient.udp(server, name, password)) {
      byte[] answer = turn.signed(Stun.ALLOCATE, OperatorsTest::udp);
      boolean failed = (Stun.type(answer) & Stun.ERROR) != Stun.SUCCESS;
      int code = failed ? Stun.errorCode(answer) : 0;
      if (!failed) {
        turn.refresh(0);
      }
      return code;
    }
  }

  /** The same, and what is granted stays for its lifetime. */
  private static int allocateCode(ServerProcess server, String name, String password)
      throws Exception {
    try (var turn = TurnClient.udp(server, name, password)) {
      byte[] answer = turn.signed(Stun.ALLOCATE, OperatorsTest::udp);
      boolean failed = (Stun.type(answer) & Stun.ERROR) != Stun.SUCCESS;
      return failed ? Stun.errorCode(answer) : 0;
    }
  }

  private static void udp(Stun message) {
    message.with(Stun.REQUESTED_TRANSPORT, new byte[] {17, 0, 0, 0});
  }
}
