package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the HTTP port gives out is good at the TURN port of the same server, until it is revoked. */
@Tag("e2e")
class CredentialEndpointsTest {
  private static final String SECRET = "an-api-key-of-length";
  private static final Pattern USERNAME = Pattern.compile("\"username\":\"([^\"]+)\"");
  private static final Pattern PASSWORD =
      Pattern.compile("\"(?:credential|password)\":\"([^\"]+)\"");

  private record Pair(String username, String password) {}

  @Test
  void everyShapeIsGoodAtTheRelay() throws Exception {
    assumeTrue(ServerProcess.isPuente(), "this server's own endpoints");
    try (var server =
            ServerProcess.start(
                "credential-endpoints",
                "static-auth-secret=the relay and HTTP share this",
                "api-key=shop:" + SECRET);
        var http = HttpClient.newHttpClient()) {
      String bearer = "Bearer " + SECRET;
      String basic = "Basic " + Base64.getEncoder().encodeToString(("shop:" + SECRET).getBytes());
      String cloudflare = "/v1/turn/keys/shop/credentials/";
      worksAt(server, ask(http, server, "POST", "/api/v1/ice-servers", bearer, 201));
      worksAt(server, ask(http, server, "GET", "/turn?service=turn&key=" + SECRET, bearer, 200));
      String matrix = "/_matrix/client/v3/voip/turnServer";
      worksAt(server, ask(http, server, "GET", matrix, bearer, 200));
      String twilio = "/2010-04-01/Accounts/shop/Tokens.json";
      worksAt(server, ask(http, server, "POST", twilio, basic, 201));
      String metered = "/api/v1/turn/credentials?apiKey=" + SECRET;
      worksAt(server, ask(http, server, "GET", metered, bearer, 200));
      Pair revocable = ask(http, server, "POST", cloudflare + "generate-ice-servers", bearer, 201);
      worksAt(server, revocable);
      String revoke = cloudflare + revocable.username.replace(":", "%3A") + "/revoke";
      assertEquals(204, send(http, server, "POST", revoke, bearer).statusCode());
      try (var client = client(server, revocable)) {
        byte[] refused = client.signed(Stun.ALLOCATE, message -> {});
        assertEquals(401, Stun.errorCode(refused));
      }
    }
  }

  private static HttpResponse<String> send(
      HttpClient http, ServerProcess server, String method, String path, String authorization)
      throws IOException, InterruptedException {
    String body = method.equals("POST") && !path.contains("Accounts") ? "{\"ttl\":600}" : "";
    var request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.httpPort + path))
            .header("Authorization", authorization)
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static Pair ask(
      HttpClient http,
      ServerProcess server,
      String method,
      String path,
      String authorization,
      int status)
      throws IOException, InterruptedException {
    var answer = send(http, server, method, path, authorization);
    assertEquals(status, answer.statusCode(), path + answer.body());
    return new Pair(first(USERNAME, answer.body()), first(PASSWORD, answer.body()));
  }

  private static String first(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    assertTrue(matcher.find(), text);
    return matcher.group(1);
  }

  private static TurnClient client(ServerProcess server, Pair pair) throws IOException {
    return new TurnClient(new TurnClient.Datagrams(server.address()), pair.username, pair.password);
  }

  private static void worksAt(ServerProcess server, Pair pair) throws IOException {
    try (var client = client(server, pair)) {
      client.allocate();
      client.refresh(0);
    }
  }
}
