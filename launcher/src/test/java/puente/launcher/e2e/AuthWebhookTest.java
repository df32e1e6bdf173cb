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
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
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
  private static final int CHANNEL = 0x4000;

  /** What the log says of a service that begins, or ceases, to answer. */
  private static final Predicate<String> REACHABLE =
      line -> line.contains("event=users-unreachable") || line.contains("event=users-reachable");

  private final Map<String, String> answerByUser =
      new ConcurrentHashMap<>(
          Map.of(
              "iris",
              "{\"allow\":true,\"password\":\"lirio\",\"quota\":1,\"lifetime\":120,\"cache\":1}",
              "lento",
              "{\"allow\":true,\"password\":\"paso\",\"bytesPerSecond\":500}"));
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
    try (var echo = new UdpEcho("127.0.0.1");
        ServerProcess server =
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
      var peer = new InetSocketAddress("127.0.0.1", echo.port());
      theServiceDecides(server);
      theServiceSetsTheRate(server, peer);
      aServiceThatFailsHoldsNobodyUp(server, peer);
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

  private static void theServiceSetsTheRate(ServerProcess server, InetSocketAddress peer)
      throws Exception {
    try (TurnClient lento = TurnClient.udp(server, "lento", "paso")) {
      lento.allocate();
      lento.bind(CHANNEL, peer);
      for (int i = 0; i < 10; i++) {
        lento.sendChannel(CHANNEL, new byte[200]);
      }
      Admission.awaits(
          "more than 500 bytes a second are dropped",
          () -> server.metric("puente_turn_relay_dropped_total{", "\"bandwidth_quota\"") > 0);
      lento.refresh(0);
    }
  }

  private void aServiceThatFailsHoldsNobodyUp(ServerProcess server, InetSocketAddress peer)
      throws Exception {
    try (TurnClient iris = TurnClient.udp(server, "iris", "lirio")) {
      var received = new LinkedBlockingQueue<byte[]>();
      iris.onData(received::add);
      iris.allocate();
      iris.bind(CHANNEL, peer);
      answerByUser.put("rosa", "{\"allow\":true,\"password\":\"espina\"}");
      lies = true;
      Admission.awaits(
          "an answer of somebody else", () -> Admission.codeFor(server, "rosa", "espina") == 500);
      assertTrue(server.log().contains("not signed"), server.log());
      lies = false;
      Admission.awaits("rosa comes in", () -> Admission.codeFor(server, "rosa", "espina") == 0);
      Admission.awaits("all is well", () -> server.metric("puente_user_sources", "silent") == 0);
      long before = server.log().lines().filter(REACHABLE).count();
      hangs = true;
      Admission.awaits("who is new waits", () -> Admission.codeFor(server, "leo", "x") == 500);
      assertEquals(1, server.metric("puente_user_sources", "silent"));
      Admission.awaits("nothing is kept of who was refused", () -> allocations(server) == 1);
      assertEquals(0, Admission.codeFor(server, ServerProcess.USER, ServerProcess.PASSWORD));
      iris.refresh(600);
      Admission.awaits("what exists goes on", () -> isEchoed(iris, received));
      assertEquals(before + 1, server.log().lines().filter(REACHABLE).count(), server.log());
      hangs = false;
      ended.countDown();
      Admission.awaits("the service is back", () -> Admission.codeFor(server, "leo", "x") == 401);
      Admission.awaits("it is well", () -> server.metric("puente_user_sources", "silent") == 0);
      Admission.awaits(
          "a line when that is over",
          () -> server.log().lines().filter(REACHABLE).count() >= before + 2);
      iris.refresh(0);
      Admission.awaits("nothing is left of anybody", () -> allocations(server) == 0);
    }
  }

  /** Which of them relay is looked at every two seconds. */
  private static double allocations(ServerProcess server) throws Exception {
    return server.metric("puente_turn_allocations{", "");
  }

  private static boolean isEchoed(TurnClient client, LinkedBlockingQueue<byte[]> received)
      throws Exception {
    client.sendChannel(CHANNEL, "going on".getBytes(UTF_8));
    return received.poll(1, TimeUnit.SECONDS) != null;
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
