package puente.launcher.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import puente.stun.IntegrityKey;
import puente.stun.PasswordAlgorithm;
import puente.users.Databases;
import puente.users.Row;
import puente.users.Table;
import puente.users.UserDatabase;

/**
 * A web service that knows users, as docs/USERS.md describes it and with nothing of ours in it; and
 * a second realm, whose users a database has, by the name in the TLS handshake.
 */
@Tag("e2e")
class AuthWebhookTest {

  private static final String SECRET = "a secret of at least 32 characters";
  private static final String TENANT = "a.example";

  private final Map<String, String> answerByUser =
      new ConcurrentHashMap<>(
          Map.of(
              "iris",
              "{\"allow\":true,\"password\":\"lirio\",\"quota\":1,\"lifetime\":120,\"cache\":1}"));
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean hangs;
  private volatile boolean lies;

  @Test
  void usersOfAServiceAndOfAnotherRealm(@TempDir Path folder) throws Exception {
    HttpServer service =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    service.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    service.createContext("/turn", this::serve);
    service.start();
    Path file = folder.resolve("turndb");
    try (UserDatabase database = Databases.sqlite(file, true)) {
      database.put(Table.USERS, new Row(TENANT, "eva", key("eva", TENANT, "oculto")));
    }
    try (ServerProcess server =
        ServerProcess.start(
            "webhook",
            "auth-webhook=http://127.0.0.1:" + service.getAddress().getPort() + "/turn",
            "auth-webhook-secret=" + SECRET,
            "auth-webhook-timeout=1",
            "userdb=" + file,
            "userdb-age=1",
            "userdb-unknown-age=1",
            "sni-realm=turn.a.example " + TENANT,
            "unauthorized-ratelimit=no")) {
      theServiceDecides(server);
      aServiceThatFailsHoldsNobodyUp(server);
      theHandshakeChoosesTheRealm(server);
      assertTrue(!server.log().contains(SECRET), "a secret in the log");
    } finally {
      ended.countDown();
      service.stop(0);
    }
  }

  private void theServiceDecides(ServerProcess server) throws Exception {
    try (TurnClient iris = TurnClient.udp(server, "iris", "lirio");
        TurnClient second = TurnClient.udp(server, "iris", "lirio")) {
      byte[] answer = Admission.allocate(iris);
      assertEquals(0, Admission.code(answer));
      byte[] lifetime = Stun.attribute(answer, Stun.LIFETIME);
      assertTrue(lifetime != null && ByteBuffer.wrap(lifetime).getInt() <= 120);
      assertEquals(486, Admission.code(Admission.allocate(second)));
      iris.refresh(0);
    }
    assertEquals(401, Admission.codeFor(server, "iris", "rosa"));
    assertEquals(401, Admission.codeFor(server, "nobody", "x"));
  }

  private void aServiceThatFailsHoldsNobodyUp(ServerProcess server) throws Exception {
    try (TurnClient iris = TurnClient.udp(server, "iris", "lirio")) {
      assertEquals(0, Admission.code(Admission.allocate(iris)));
      answerByUser.put("rosa", "{\"allow\":true,\"password\":\"espina\"}");
      lies = true;
      Admission.awaits(
          "an answer of somebody else", () -> Admission.codeFor(server, "rosa", "espina") == 500);
      assertTrue(server.log().contains("not signed"), server.log());
      lies = false;
      Admission.awaits("rosa comes in", () -> Admission.codeFor(server, "rosa", "espina") == 0);
      hangs = true;
      Admission.awaits("who is new waits", () -> Admission.codeFor(server, "leo", "x") == 500);
      assertEquals(1, server.metric("puente_user_sources", "silent"));
      assertEquals(0, Admission.codeFor(server, ServerProcess.USER, ServerProcess.PASSWORD));
      iris.refresh(600);
      hangs = false;
      ended.countDown();
      Admission.awaits("the service is back", () -> Admission.codeFor(server, "leo", "x") == 401);
      iris.refresh(0);
    }
  }

  private static void theHandshakeChoosesTheRealm(ServerProcess server) throws Exception {
    try (TurnClient eva =
            new TurnClient(
                new TurnClient.Stream(TlsTunnel.calling("turn.a.example", server)),
                "eva",
                "oculto");
        TurnClient other =
            new TurnClient(
                new TurnClient.Stream(TlsTunnel.calling("turn.b.example", server)),
                "eva",
                "oculto")) {
      assertEquals(TENANT, realm(eva));
      assertEquals(ServerProcess.REALM, realm(other));
      assertEquals(0, Admission.code(Admission.allocate(eva)));
      assertEquals(401, Admission.code(Admission.allocate(other)));
      eva.refresh(0);
    }
  }

  private static String realm(TurnClient client) {
    byte[] realm = Stun.attribute(client.exchange(Stun.request(Stun.ALLOCATE).bytes()), Stun.REALM);
    return realm == null ? "" : new String(realm, UTF_8);
  }

  private void serve(HttpExchange exchange) throws IOException {
    String question = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    String signature = exchange.getRequestHeaders().getFirst("Puente-Signature");
    String seconds = signature.substring("t=".length(), signature.indexOf(','));
    boolean isSigned = signature.equals("t=" + seconds + ",v1=" + hmac(seconds + "." + question));
    JsonObject json = new JsonObject(question);
    try {
      if (hangs) {
        ended.await();
      }
    } catch (InterruptedException over) {
      Thread.currentThread().interrupt();
    }
    String answer = answerByUser.getOrDefault(json.getString("username"), "{\"allow\":false}");
    long now = Instant.now().getEpochSecond();
    String id = lies ? "another question" : json.getString("id");
    exchange
        .getResponseHeaders()
        .set("Puente-Signature", "t=" + now + ",v1=" + hmac(now + "." + id + "." + answer));
    byte[] bytes = answer.getBytes(UTF_8);
    exchange.sendResponseHeaders(isSigned ? 200 : 403, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private static String hmac(String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(UTF_8), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(text.getBytes(UTF_8)));
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }

  private static String key(String name, String realm, String password) {
    byte[] key = IntegrityKey.longTerm(PasswordAlgorithm.MD5, name, realm, password).bytes();
    return HexFormat.of().formatHex(key);
  }
}
