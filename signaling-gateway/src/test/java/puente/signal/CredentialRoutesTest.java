package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.jwk.JWKSet;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each shape of credentials, to the status codes and types. */
class CredentialRoutesTest {
  private static final String OWN = "/api/v1/ice-servers";
  private static final String[] BEARER = {"Authorization", "Bearer " + RunningGateway.KEY};

  @SuppressWarnings("NullAway.Init")
  private static RunningGateway gateway;

  @BeforeAll
  static void open() {
    gateway = new RunningGateway(new JWKSet());
  }

  @AfterAll
  static void close() {
    gateway.close();
  }

  private static Map<String, @Nullable Object> body(HttpResponse<String> answer) {
    try {
      return Json.object(answer.body());
    } catch (Json.Malformed malformed) {
      throw new AssertionError(answer.body(), malformed);
    }
  }

  private static List<?> list(@Nullable Object value) {
    return value instanceof List<?> list ? list : List.of();
  }

  private static Map<?, ?> entry(@Nullable Object list, int at) {
    return (Map<?, ?>) list(list).get(at);
  }

  private static void isGood(@Nullable Object username, @Nullable Object password) {
    String name = String.valueOf(username);
    assertTrue(name.matches("[0-9]{10}:.+"), name);
    assertEquals(IceServers.password(RunningGateway.SECRET, name), password);
  }

  @Test
  void own() {
    var answer = gateway.post(OWN, "{\"ttl\":600,\"user\":\"ana\"}", BEARER);
    assertEquals(201, answer.statusCode(), answer.body());
    assertEquals("no-store", answer.headers().firstValue("Cache-Control").orElse(""));
    var body = body(answer);
    assertEquals(600L, body.get("ttl"));
    assertEquals(450L, body.get("refreshAfter"));
    assertTrue(String.valueOf(body.get("expiresAt")).endsWith("Z"));
    Map<?, ?> turn = entry(body.get("iceServers"), 1);
    assertEquals(
        List.of(
            "turn:turn.example:3478?transport=udp",
            "turn:turn.example:3478?transport=tcp",
            "turns:turn.example:443?transport=tcp"),
        turn.get("urls"),
        "in order, and never port 53");
    assertTrue(String.valueOf(turn.get("username")).endsWith(":ana"));
    isGood(turn.get("username"), turn.get("credential"));
    var tls = gateway.post(OWN, "{\"transports\":[\"tls\"]}", BEARER);
    assertEquals(1, list(entry(body(tls).get("iceServers"), 1).get("urls")).size());
  }

  @Test
  void ownRefuses() {
    assertEquals(401, gateway.post(OWN, "{}").statusCode());
    assertEquals(401, gateway.post(OWN, "{}", "Authorization", "Bearer guess").statusCode());
    assertEquals(401, gateway.post(OWN, "{}", "Authorization", "Basic guess").statusCode());
    for (String body :
        List.of(
            "[]",
            "x",
            "{\"ttl\":0}",
            "{\"ttl\":86401}",
            "{\"ttl\":\"1\"}",
            "{\"user\":1}",
            "{\"user\":\"a\\u000ab\"}",
            "{\"user\":\"a:b\"}",
            "{\"transports\":\"udp\"}",
            "{\"transports\":[\"sctp\"]}")) {
      assertEquals(400, gateway.post(OWN, body, BEARER).statusCode(), body);
    }
    assertEquals(413, gateway.post(OWN, " ".repeat(20_000), BEARER).statusCode());
    var put =
        HttpRequest.newBuilder(java.net.URI.create("http://127.0.0.1:" + gateway.port() + OWN));
    assertEquals(405, gateway.send(put.DELETE()).statusCode());
  }

  @Test
  void pagesUsePublicKeysFromTheirOriginOnly() {
    var page = gateway.get(OWN + "?key=pub_1", "Origin", RunningGateway.PAGE);
    assertEquals(200, page.statusCode());
    assertEquals(
        RunningGateway.PAGE, page.headers().firstValue("Access-Control-Allow-Origin").orElse(""));
    var evil = gateway.get(OWN + "?key=pub_1", "Origin", "https://evil.example");
    assertEquals(403, evil.statusCode());
    assertTrue(evil.headers().firstValue("Access-Control-Allow-Origin").isEmpty());
    assertEquals(401, gateway.get(OWN + "?key=pub_1").statusCode());
    var named =
        gateway.post(OWN + "?key=pub_1", "{\"user\":\"boss\"}", "Origin", RunningGateway.PAGE);
    Object name = entry(body(named).get("iceServers"), 1).get("username");
    assertFalse(String.valueOf(name).contains("boss"), "a page does not choose whose quota it is");
  }

  @Test
  void preflight() {
    var request =
        HttpRequest.newBuilder(java.net.URI.create("http://127.0.0.1:" + gateway.port() + OWN))
            .header("Origin", RunningGateway.PAGE)
            .header("Access-Control-Request-Method", "POST")
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody());
    var answer = gateway.send(request);
    assertEquals(204, answer.statusCode());
    assertTrue(
        answer.headers().firstValue("Access-Control-Allow-Methods").orElse("").contains("POST"));
    assertTrue(answer.headers().firstValue("Access-Control-Allow-Credentials").isEmpty());
  }

  @Test
  void turnRest() {
    String path = "/turn?service=turn&username=ana&key=" + RunningGateway.KEY;
    for (var answer : List.of(gateway.get(path), gateway.post(path, ""))) {
      assertEquals(200, answer.statusCode());
      var body = body(answer);
      assertEquals(3600L, body.get("ttl"));
      isGood(body.get("username"), body.get("password"));
      assertEquals(3, list(body.get("uris")).size());
    }
    assertEquals(401, gateway.get("/turn?service=turn&key=guess").statusCode());
    assertEquals(400, gateway.get("/turn?key=" + RunningGateway.KEY).statusCode());
  }

  @Test
  void matrix() {
    String path = "/_matrix/client/v3/voip/turnServer";
    for (var answer :
        List.of(
            gateway.get(path, BEARER), gateway.get(path + "?access_token=" + RunningGateway.KEY))) {
      assertEquals(200, answer.statusCode());
      var body = body(answer);
      isGood(body.get("username"), body.get("password"));
      assertEquals(3, list(body.get("uris")).size());
    }
    var missing = gateway.get(path);
    assertEquals(401, missing.statusCode());
    assertEquals("M_MISSING_TOKEN", body(missing).get("errcode"));
    assertEquals("M_UNKNOWN_TOKEN", body(gateway.get(path + "?access_token=x")).get("errcode"));
  }

  @Test
  void cloudflare() {
    String path = "/v1/turn/keys/shop/credentials/";
    var answer =
        gateway.post(
            path + "generate-ice-servers", "{\"ttl\":86400,\"customIdentifier\":\"a\"}", BEARER);
    assertEquals(201, answer.statusCode(), answer.body());
    Map<?, ?> turn = entry(body(answer).get("iceServers"), 1);
    isGood(turn.get("username"), turn.get("credential"));
    var older = gateway.post(path + "generate", "{\"ttl\":60}", BEARER);
    assertEquals(201, older.statusCode());
    Map<?, ?> one = (Map<?, ?>) body(older).get("iceServers");
    assertEquals(4, list(one == null ? null : one.get("urls")).size());
    String name = String.valueOf(turn.get("username"));
    var revoked = gateway.post(path + name.replace(":", "%3A") + "/revoke", "", BEARER);
    assertEquals(204, revoked.statusCode());
    assertEquals("", revoked.body());
    assertTrue(gateway.revoked.contains(name));
    assertEquals(400, gateway.post(path + "generate", "{}", BEARER).statusCode());
    assertEquals(401, gateway.post(path + "generate", "{\"ttl\":60}").statusCode());
    String other = "/v1/turn/keys/other/credentials/generate";
    assertEquals(403, gateway.post(other, "{\"ttl\":60}", BEARER).statusCode());
    assertEquals(404, gateway.post("/v1/turn/keys/shop/nothing", "{}", BEARER).statusCode());
  }

  @Test
  void twilio() {
    String path = "/2010-04-01/Accounts/shop/Tokens.json";
    String[] form = {
      "Authorization",
      basic("shop", RunningGateway.KEY),
      "Content-Type",
      "application/x-www-form-urlencoded"
    };
    var answer = gateway.post(path, "Ttl=3600", form);
    assertEquals(201, answer.statusCode(), answer.body());
    var body = body(answer);
    assertEquals("3600", body.get("ttl"), "a text");
    assertEquals("shop", body.get("account_sid"));
    assertTrue(
        String.valueOf(body.get("date_created"))
            .matches("[A-Z][a-z]{2}, \\d{2} [A-Z][a-z]{2} \\d{4} \\d{2}:\\d{2}:\\d{2} \\+0000"));
    isGood(body.get("username"), body.get("password"));
    assertEquals(4, list(body.get("ice_servers")).size());
    Map<?, ?> stun = entry(body.get("ice_servers"), 0);
    assertEquals(stun.get("url"), stun.get("urls"));
    assertEquals("86400", body(gateway.post(path, "", form)).get("ttl"));
    assertEquals(401, gateway.post(path, "").statusCode());
    String[] wrong = {"Authorization", basic("other", RunningGateway.KEY)};
    assertEquals(401, gateway.post(path, "", wrong).statusCode());
  }

  private static String basic(String user, String password) {
    return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes());
  }

  @Test
  void metered() throws Json.Malformed {
    var answer = gateway.get("/api/v1/turn/credentials?apiKey=" + RunningGateway.KEY);
    assertEquals(200, answer.statusCode());
    List<?> servers = list(Json.read(answer.body()));
    assertEquals(4, servers.size());
    assertTrue(entry(servers, 1).get("urls") instanceof String);
    isGood(entry(servers, 1).get("username"), entry(servers, 1).get("credential"));
    var missing = gateway.get("/api/v1/turn/credentials");
    assertEquals(400, missing.statusCode());
    assertEquals("Please specify API Key", body(missing).get("error"));
    var wrong = gateway.get("/api/v1/turn/credentials?apiKey=x");
    assertEquals(401, wrong.statusCode());
    assertEquals("Invalid API Key", body(wrong).get("error"));
    String path = "/api/v1/turn/credential?secretKey=" + RunningGateway.KEY;
    var made = gateway.post(path, "{\"expiryInSeconds\":600,\"label\":\"x\"}");
    assertEquals(200, made.statusCode());
    var body = body(made);
    assertEquals(600L, body.get("expiryInSeconds"));
    isGood(body.get("username"), body.get("password"));
    var again = gateway.get("/api/v1/turn/credentials?apiKey=" + body.get("apiKey"));
    assertEquals(body.get("username"), entry(Json.read(again.body()), 1).get("username"));
    var bad = gateway.post(path, "{\"expiryInSeconds\":-1}");
    assertEquals(400, bad.statusCode());
    assertEquals(
        "please enter a positive integer value for expiryInSeconds", body(bad).get("message"));
  }
}
