package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jwt.JWTClaimsSet;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import puente.admin.FakeProvider.Signs;
import puente.admin.access.Role;
import puente.admin.oidc.OidcOptions;

/**
 * OpenID Connect Core 1.0 §3.1, against a provider that can lie. The one that cannot, and that none
 * of us wrote, is in the tests in the browser.
 */
@Timeout(60)
class SingleSignOnTest {

  @TempDir Path directory;

  private FakeProvider provider;
  private RunningServer server;

  @BeforeEach
  void start() throws Exception {
    provider = new FakeProvider();
    server = server(provider.issuer());
  }

  @AfterEach
  void stop() {
    server.close();
    provider.close();
  }

  private RunningServer server(String issuer) {
    return RunningServer.withProvider(
        directory,
        new OidcOptions(
            URI.create(issuer),
            FakeProvider.CLIENT,
            FakeProvider.SECRET,
            List.of("openid", "profile"),
            new OidcOptions.Claims("preferred_username", "roles"),
            Map.of("viewer", Role.VIEWER, "operator", Role.OPERATOR, "boss", Role.ADMIN),
            null));
  }

  // ---- in

  @Test
  void whoTheProviderKnowsComesInWithTheMostOfTheirRoles() throws Exception {
    JsonObject stranger = new JsonObject(server.get("/api/v1/auth").body());
    assertEquals("127.0.0.1", stranger.getString("singleSignOn"));
    assertFalse(stranger.containsKey("role"), "being on the machine is not enough any more");
    Browser ana = new Browser(server);
    assertEquals("/", signIn(ana));
    JsonObject visitor = new JsonObject(ana.get("auth").body());
    assertEquals("signed-in", visitor.getString("state"));
    assertEquals("oidc", visitor.getString("method"));
    assertEquals("ana", visitor.getString("name"));
    assertEquals("operator", visitor.getString("role"));
    assertEquals(403, ana.get("accounts").statusCode());
    assertEquals(2, ana.send("POST", "nodes/self/drain", "{}").statusCode() / 100);
    assertEquals(
        409, ana.send("POST", "auth/password", words("password", "newPassword")).statusCode());
    JsonObject login =
        new JsonObject(ana.get("audit?action=login").body())
            .getJsonArray("entries")
            .getJsonObject(0);
    assertEquals("oidc:ana", login.getString("who"));
    assertEquals("u-17", login.getString("target"));
    assertEquals("operator", login.getString("after"));
    assertEquals(204, ana.send("POST", "auth/logout-everywhere", "").statusCode());
    assertEquals(401, ana.get("nodes").statusCode());
  }

  @Test
  void changesNeedTheSecretOfTheSession() throws Exception {
    Browser ana = new Browser(server);
    signIn(ana);
    ana.csrf = "";
    assertEquals(403, ana.send("POST", "nodes/self/drain", "{}").statusCode());
  }

  @Test
  void aRoleThatTheTokenDoesNotNameIsAskedFor() throws Exception {
    provider.claims = set -> set.claim("roles", null);
    provider.userInfo =
        new JsonObject().put("sub", "u-17").put("roles", new JsonArray().add("boss"));
    Browser ana = new Browser(server);
    assertEquals("/", signIn(ana));
    assertEquals("admin", new JsonObject(ana.get("auth").body()).getString("role"));
    provider.userInfo.put("sub", "u-18");
    assertRefused("token");
  }

  // ---- not in

  @Test
  void whoHasNoRoleStaysOut() throws Exception {
    provider.claims = set -> set.claim("roles", List.of("guest"));
    assertRefused("role");
    provider.claims =
        set -> set.claim("roles", Map.of("viewer", 1)).claim("preferred_username", "<b>");
    Browser odd = new Browser(server);
    assertEquals("/", signIn(odd));
    assertEquals("u-17", new JsonObject(odd.get("auth").body()).getString("name"));
  }

  @ParameterizedTest
  @EnumSource(
      value = Signs.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"RIGHTLY"})
  void aTokenThatTheProviderDidNotSignIsRefused(Signs signs) throws Exception {
    provider.signs = signs;
    assertRefused("token");
  }

  @Test
  void aTokenForOthersOfOthersOrForAnotherTimeIsRefused() throws Exception {
    List<UnaryOperator<JWTClaimsSet.Builder>> lies =
        List.of(
            set -> set.claim("nonce", "of somebody else"),
            set -> set.claim("nonce", null),
            set -> set.audience("another"),
            set -> set.issuer("http://127.0.0.1:1"),
            set -> set.expirationTime(Date.from(Instant.now().minusSeconds(3600))));
    for (UnaryOperator<JWTClaimsSet.Builder> lie : lies) {
      provider.claims = lie;
      assertRefused("token");
    }
  }

  @Test
  void anAnswerThatThisBrowserDidNotAskForIsRefused() throws Exception {
    Browser ana = new Browser(server);
    URI back = provider.allow(begin(ana));
    Browser other = new Browser(server);
    assertEquals("/?sign-in=state", follow(other, back), "without a cookie");
    begin(other);
    assertEquals("/?sign-in=state", follow(other, back), "with the cookie of another attempt");
    URI forged = URI.create(back.toString().replaceFirst("state=[^&]*", "state=x"));
    assertEquals("/?sign-in=state", follow(ana, forged));
    Browser late = new Browser(server);
    late.cookie = ana.cookie;
    assertEquals("/", follow(ana, back));
    assertEquals("/?sign-in=refused", follow(late, back), "a code is for once");
  }

  @Test
  void aCodeOfAnotherAttemptIsRefusedByTheProvider() throws Exception {
    Browser victim = new Browser(server);
    URI stolen = provider.allow(begin(victim));
    String code = FakeProvider.parameters(stolen.getRawQuery()).getOrDefault("code", "");
    Browser thief = new Browser(server);
    URI own = provider.allow(begin(thief));
    URI mixed = URI.create(own.toString().replaceFirst("code=[^&]*", "code=" + code));
    assertEquals("/?sign-in=refused", follow(thief, mixed));
    assertTrue(provider.lastTokenError.startsWith("known true"), provider.lastTokenError);
  }

  @Test
  void aMixUpOfProvidersIsSeen() throws Exception {
    Browser ana = new Browser(server);
    URI back = provider.allow(begin(ana));
    URI mixed = URI.create(back + "&iss=http%3A%2F%2F127.0.0.1%3A1");
    assertEquals("/?sign-in=token", follow(ana, mixed));
  }

  @Test
  void whoSaysNoStaysOut() throws Exception {
    Browser ana = new Browser(server);
    URI back = provider.allow(begin(ana));
    URI no = URI.create(back.toString().replaceFirst("code=[^&]*", "error=access_denied"));
    assertEquals("/?sign-in=refused", follow(ana, no));
  }

  @Test
  void aProviderThatIsAwayIsSaid() throws Exception {
    provider.close();
    HttpResponse<String> answer = new Browser(server).get("auth/oidc");
    assertEquals("/?sign-in=unavailable", answer.headers().firstValue("location").orElseThrow());
  }

  /** Each makes us ask the provider. */
  @Test
  void whoTriesForEverWaits() throws Exception {
    String last = "";
    for (int i = 0; i < 30; i++) {
      HttpResponse<String> answer = new Browser(server).get("auth/oidc");
      last = answer.headers().firstValue("location").orElseThrow();
    }
    assertEquals("/?sign-in=busy", last);
  }

  @Test
  void beyondThisMachineItIsHttps() {
    OidcOptions.Claims claims = new OidcOptions.Claims("name", "roles");
    for (String issuer : List.of("http://sso.example.org", "ftp://127.0.0.1", "sso")) {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              new OidcOptions(
                  URI.create(issuer), "puente", null, List.of("openid"), claims, Map.of(), null));
    }
  }

  // ---- steps

  private void assertRefused(String word) throws Exception {
    Browser nobody = new Browser(server);
    assertEquals("/?sign-in=" + word, signIn(nobody));
    assertEquals(401, nobody.get("nodes").statusCode());
  }

  private String signIn(Browser browser) throws Exception {
    String where = follow(browser, provider.allow(begin(browser)));
    browser.get("auth");
    return where;
  }

  private static URI begin(Browser browser) throws Exception {
    HttpResponse<String> answer = browser.get("auth/oidc");
    assertEquals(303, answer.statusCode());
    return URI.create(answer.headers().firstValue("location").orElseThrow());
  }

  private static String follow(Browser browser, URI back) throws Exception {
    String path = "auth/oidc/callback?" + back.getRawQuery();
    HttpResponse<String> answer = browser.get(path);
    assertEquals(303, answer.statusCode(), answer.body());
    return answer.headers().firstValue("location").orElseThrow();
  }

  private static String words(String... names) {
    JsonObject words = new JsonObject();
    for (String name : names) {
      words.put(name, "a long enough sentence");
    }
    return words.encode();
  }
}
