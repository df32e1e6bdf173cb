package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The PeerJS and y-webrtc endpoints over real sockets, with what strangers may send them. */
class CompatibleServersTest {

  private static final String OPEN = "{\"type\":\"OPEN\"}";

  private final Vertx vertx = Vertx.vertx();
  private final Context context = vertx.getOrCreateContext();
  private final GatewayFleet fleet = GatewayFleet.alone(context);
  private final PeerJsServer peerJs =
      new PeerJsServer(
          vertx,
          new PeerJsServer.Options(Set.of("peerjs", "other"), false),
          new PeerBroker.Limits(100, 300, 90_000, 16, 1 << 16),
          fleet.fleet());
  private final YWebrtcServer yWebrtc = new YWebrtcServer(fleet);
  private GatewayServer server;
  private int port;

  @BeforeEach
  void start() {
    List<GatewayServer.Route> routes = new ArrayList<>(peerJs.routes());
    routes.addAll(yWebrtc.routes());
    List<SocketRoute> sockets = new ArrayList<>(peerJs.socketRoutes());
    sockets.add(yWebrtc);
    var options =
        new GatewayServer.Options(
            InetAddress.getLoopbackAddress(),
            OptionalInt.of(0),
            OptionalInt.empty(),
            null,
            new Origins(Set.of("https://app.example")),
            GatewayServer.Limits.STANDARD,
            TrustedProxies.NONE,
            GatewayServer.SharedPorts.NONE);
    server =
        GatewayServer.start(vertx, context, options, routes, sockets).toCompletableFuture().join();
    port = server.port().orElseThrow();
  }

  @AfterEach
  void stop() {
    server.close().toCompletableFuture().join();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void saysWhatItIs() {
    for (String path : List.of("/peerjs", "/peerjs/")) {
      assertTrue(get(path).body().startsWith("{\"name\":\"PeerJS Server\""), path);
    }
    assertEquals("okay", get("/y-webrtc").body());
  }

  @Test
  void givesNewIdsUnderBothPaths() {
    for (String path : List.of("/peerjs/id?ts=17&version=1.5.5", "/peerjs/peerjs/id")) {
      var answer = get(path);
      assertEquals(36, UUID.fromString(answer.body()).toString().length());
      assertEquals("text/html; charset=utf-8", answer.headers().firstValue("content-type").get());
      assertNotEquals(answer.body(), get(path).body());
    }
    assertEquals(401, get("/peerjs/peers").statusCode());
    assertEquals("Unauthorized", get("/peerjs/peerjs/peers").body());
    for (String path : List.of("/peerjs/x", "/peerjs/no/id", "/peerjs/peerjs/id/", "/peerjs//id")) {
      assertEquals(404, get(path).statusCode(), path);
    }
  }

  @Test
  void carriesMessagesBothWays() {
    try (var ana = peer("/peerjs", "peerjs", "ana");
        var ben = peer("/peerjs/peerjs", "peerjs", "ben")) {
      ana.hears(OPEN);
      ben.hears(OPEN);
      ana.says(
          "{\"type\":\"OFFER\",\"src\":\"mallory\",\"dst\":\"ben\",\"x\":1,"
              + "\"payload\":{\"sdp\":{\"a\":\"ñ\\n\"},\"n\":1.50,\"ok\":true,\"none\":null}}");
      ben.hears(
          "{\"type\":\"OFFER\",\"src\":\"ana\",\"dst\":\"ben\","
              + "\"payload\":{\"sdp\":{\"a\":\"ñ\\n\"},\"n\":1.50,\"ok\":true,\"none\":null}}");
      ben.says("{\"type\":\"LEAVE\",\"dst\":\"ana\"}");
      ana.hears("{\"type\":\"LEAVE\",\"src\":\"ben\",\"dst\":\"ana\"}");
    }
  }

  @Test
  void expiresWhatNobodyFetches() {
    try (var ana = peer("/peerjs", "peerjs", "ana")) {
      ana.hears(OPEN);
      ana.says("{\"type\":\"OFFER\",\"dst\":\"nobody\",\"payload\":{}}");
      ana.hears("{\"type\":\"EXPIRE\",\"src\":\"nobody\",\"dst\":\"ana\"}");
    }
  }

  @Test
  void keysAreWorldsOfTheirOwn() {
    try (var one = peer("/peerjs", "peerjs", "ana");
        var other = peer("/peerjs", "other", "ana");
        var wrong = peer("/peerjs", "wrong", "ana");
        var none = Talker.to(port, "/peerjs?id=ana&token=t")) {
      one.hears(OPEN);
      other.hears(OPEN);
      wrong.hears("{\"type\":\"ERROR\",\"payload\":{\"msg\":\"Invalid key provided\"}}");
      wrong.hears("closed 1000");
      none.hears(
          "{\"type\":\"ERROR\",\"payload\":"
              + "{\"msg\":\"No id, token, or key supplied to websocket server\"}}");
      none.hears("closed 1000");
    }
  }

  @Test
  void nonsenseIsPassedOver() {
    try (var ana = peer("/peerjs", "peerjs", "ana")) {
      ana.hears(OPEN);
      for (String text :
          List.of(
              "",
              "{",
              "null",
              "[]",
              "7",
              "{\"type\":7}",
              "{\"type\":\"OFFER\",\"dst\":{}}",
              "{\"type\":\"OFFER\",\"type\":\"LEAVE\",\"dst\":\"ana\"}",
              "[".repeat(5_000),
              "{\"type\":\"NEWS\",\"dst\":\"ana\"}")) {
        ana.says(text);
      }
      ana.says("{\"type\":\"ANSWER\",\"dst\":\"ana\"}");
      ana.hears("{\"type\":\"ANSWER\",\"src\":\"ana\",\"dst\":\"ana\"}");
    }
  }

  @Test
  void tooMuchIsClosed() {
    try (var large = peer("/peerjs", "peerjs", "large");
        var binary = peer("/peerjs", "peerjs", "binary");
        var quick = peer("/peerjs", "peerjs", "quick")) {
      large.hears(OPEN);
      large.says("x".repeat(0x1_0001));
      large.hears("closed 1009");
      binary.hears(OPEN);
      binary.saysBytes(new byte[] {1, 2});
      binary.hears("closed 1003");
      quick.hears(OPEN);
      for (int i = 0; i < 1_200; i++) {
        try {
          quick.says("{\"type\":\"HEARTBEAT\"}");
        } catch (CompletionException alreadyClosed) {
          break;
        }
      }
      quick.hears("closed 4029");
    }
  }

  @Test
  void foreignPagesAreRefused() {
    for (String path : List.of("/peerjs?key=peerjs&id=a&token=t", "/y-webrtc")) {
      assertThrows(
          CompletionException.class, () -> Talker.to(port, path, "https://evil.example"), path);
      Talker.to(port, path, "https://app.example").close();
      Talker.to(port, path, "http://127.0.0.1:" + port).close();
    }
  }

  @Test
  void topicsReachAllSubscribers() {
    try (var ana = Talker.to(port, "/y-webrtc");
        var ben = Talker.to(port, "/y-webrtc")) {
      ana.says("{\"type\":\"subscribe\",\"topics\":[\"doc\",5,null]}");
      ben.says("{\"type\":\"subscribe\",\"topics\":[\"doc\"]}");
      ben.says("{\"type\":\"ping\"}");
      ben.hears("{\"type\":\"pong\"}");
      ana.says("{\"type\":\"publish\",\"topic\":\"doc\",\"data\":\"AAE=\",\"clients\":9}");
      for (var one : List.of(ana, ben)) {
        one.hears("{\"type\":\"publish\",\"topic\":\"doc\",\"data\":\"AAE=\",\"clients\":2}");
      }
      ben.says("{\"type\":\"unsubscribe\",\"topics\":[\"doc\"]}");
      ben.says("{\"type\":\"publish\",\"topic\":\"doc\",\"data\":{\"token\":1763644882123.4565}}");
      ana.hears(
          "{\"type\":\"publish\",\"topic\":\"doc\",\"data\":{\"token\":1763644882123.4565},"
              + "\"clients\":1}");
      ben.says("{\"type\":\"ping\"}");
      ben.hears("{\"type\":\"pong\"}");
    }
  }

  @Test
  void topicsHaveManners() {
    try (var odd = Talker.to(port, "/y-webrtc");
        var greedy = Talker.to(port, "/y-webrtc");
        var gibberish = Talker.to(port, "/y-webrtc")) {
      for (String text :
          List.of(
              "{\"type\":\"publish\"}",
              "{\"type\":\"publish\",\"topic\":7}",
              "{\"type\":\"subscribe\",\"topics\":\"doc\"}",
              "{\"type\":\"whatever\"}",
              "{}")) {
        odd.says(text);
      }
      odd.says("{\"type\":\"ping\"}");
      odd.hears("{\"type\":\"pong\"}");
      for (int i = 0; i <= YTopics.TOPICS_PER_SOCKET; i++) {
        greedy.says("{\"type\":\"subscribe\",\"topics\":[\"t" + i + "\"]}");
      }
      greedy.hears("closed 1013");
      gibberish.says("{\"type\":");
      gibberish.hears("closed 1007");
    }
  }

  private Talker peer(String path, String key, String id) {
    return Talker.to(port, path + "?key=" + key + "&id=" + id + "&token=t" + id + "&version=1.5.5");
  }

  private HttpResponse<String> get(String path) {
    try (var client = HttpClient.newHttpClient()) {
      var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
