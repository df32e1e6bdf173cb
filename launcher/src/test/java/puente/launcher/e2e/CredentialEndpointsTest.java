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
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What the HTTP port gives out is good at the TURN port of the same server, until it is revoked: for
 * ever, also after a restart.
 */
@Tag("e2e")
@Timeout(180)
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
      String user = revocable.username.substring(revocable.username.indexOf(':') + 1);
      try (var holder = client(server, revocable)) {
        holder.allocate();
        assertEquals(1, server.metric("puente_turn_allocations{", ""));
        var talker = new ClusterSignalingTest.Talker(server, "/signal?key=" + SECRET);
        talker.says("{'t':'hello','d':{'peerId':'" + user + "'}}").hears("'t':'welcome'");
        assertEquals(204, send(http, server, "POST", revoke, bearer).statusCode());
        talker.hears("'code':'unauthorized'");
        talker.hears("closed 4001");
        while (server.metric("puente_turn_allocations{", "") > 0) {
          LockSupport.parkNanos(20_000_000);
        }
      }
      isRefused(server, revocable);
      assertEquals(
          400, send(http, server, "POST", cloudflare + "a%0Ab/revoke", bearer).statusCode());

      // All nodes of the cluster die at once, and come again: this is all of them.
      Pair good = ask(http, server, "POST", cloudflare + "generate", bearer, 201);
      server.kill();
      server.startAgain();
      server.ready();
      // From its first answer on.
      isRefused(server, revocable);
      worksAt(server, good);
    }
  }

  private static void isRefused(ServerProcess server, Pair pair) throws IOException {
    try (var client = client(server, pair)) {
      assertEquals(401, Stun.errorCode(client.signed(Stun.ALLOCATE, message -> {})));
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
