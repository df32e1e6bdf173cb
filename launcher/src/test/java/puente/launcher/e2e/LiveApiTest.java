package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The admin API over two real nodes with real clients: its numbers are the servers'. */
@Tag("e2e")
@Timeout(400)
class LiveApiTest {

  private static final int CHANNEL = 0x4000;
  private static final int PACKETS = 50;
  private static final int LENGTH = 200;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Test
  void anyNodeAnswersForBoth() throws Exception {
    assumeTrue(ServerProcess.isPuente());
    int ports = Ports.free(2);
    try (var one = start("live-one", ports, ports + 1);
        var two = start("live-two", ports + 1, ports);
        var echo = new UdpEcho("127.0.0.1");
        var first = TurnClient.udp(one);
        var second = TurnClient.udp(two);
        var idle = TurnClient.tcp(two)) {
      first.allocate();
      second.allocate();
      idle.allocate();
      relay(first, echo);
      relay(second, echo);
      JsonObject overview =
          until(
              () -> get(one, "overview"),
              json ->
                  json.getJsonObject("allocations").getInteger("total") == 3
                      && json.getJsonObject("allocations").getInteger("relaying") == 2
                      && json.getJsonObject("traffic").getLong("upBytes")
                          == counted(one, "out", "peer") + counted(two, "out", "peer"));
      assertEquals(2L * PACKETS * LENGTH, overview.getJsonObject("traffic").getLong("upBytes"));
      // A request that was sent twice is answered twice: the counters know.
      assertEquals(
          granted(one) + granted(two), overview.getJsonObject("answers").getLong("success"));
      assertEquals(2, overview.getJsonObject("coverage").getInteger("answered"));
      assertEquals(2, overview.getJsonObject("byTransport").getInteger("udp"));

      pages(two);
      story(two, first);
      closes(two, one, first);
      bans(one, two, second);
    }
  }

  private static void relay(TurnClient client, UdpEcho echo) throws Exception {
    var peer = new InetSocketAddress(InetAddress.getLoopbackAddress(), echo.port());
    var back = new LinkedBlockingQueue<byte[]>();
    client.onData(back::add);
    client.bind(CHANNEL, peer);
    for (int i = 0; i < PACKETS; i++) {
      client.sendChannel(CHANNEL, new byte[LENGTH]);
      back.take();
    }
  }

  /** Pages of one, over both nodes: each session once, in order. */
  private void pages(ServerProcess node) throws Exception {
    Set<String> seen = new TreeSet<>();
    Set<String> nodes = new TreeSet<>();
    String cursor = "";
    long least = Long.MAX_VALUE;
    do {
      JsonObject page = whole(node, "sessions?limit=1&sort=-bytes" + cursor);
      assertEquals(3, page.getInteger("total"));
      for (Object each : page.getJsonArray("sessions")) {
        JsonObject session = (JsonObject) each;
        assertTrue(seen.add(session.getString("id")));
        nodes.add(session.getString("node"));
        long bytes = session.getLong("bytesUp") + session.getLong("bytesDown");
        assertTrue(bytes <= least);
        least = bytes;
      }
      cursor = page.containsKey("next") ? "&cursor=" + page.getString("next") : "";
    } while (!cursor.isEmpty());
    assertEquals(3, seen.size());
    assertEquals(Set.of("live-one", "live-two"), nodes);
    assertEquals(1, whole(node, "sessions?state=idle").getInteger("matching"));
    assertEquals(1, whole(node, "sessions?transport=tcp").getInteger("matching"));
    assertEquals(3, whole(node, "sessions?user=" + ServerProcess.USER).getInteger("matching"));
    assertEquals(2, whole(node, "sessions?peer=127.0.0.1").getInteger("matching"));
    assertEquals(0, whole(node, "sessions?client=192.0.2.0/24").getInteger("matching"));
  }

  /** Asked of the other node: from the challenge to the first packet, and the rule that refused. */
  private void story(ServerProcess node, TurnClient client) throws Exception {
    var denied = new InetSocketAddress("10.1.2.3", 9);
    assertThrows(AssertionError.class, () -> client.permit(denied));
    JsonObject session =
        until(() -> get(node, "sessions?node=live-one"), json -> !sessions(json).isEmpty());
    String id = sessions(session).getJsonObject(0).getString("id");
    JsonObject detail =
        until(
            () -> get(node, "sessions/" + id),
            json ->
                has(json, step -> step.getString("what").equals("first-packet"))
                    && has(json, step -> step.getInteger("code", 0) == 403));
    JsonArray steps = detail.getJsonObject("detail").getJsonArray("timeline");
    assertEquals("asked", steps.getJsonObject(0).getString("outcome"));
    assertEquals(401, steps.getJsonObject(0).getInteger("code"));
    assertEquals("ok", steps.getJsonObject(1).getString("outcome"));
    JsonObject refusal =
        steps.stream()
            .map(JsonObject.class::cast)
            .filter(step -> step.getInteger("code", 0) == 403)
            .findFirst()
            .orElseThrow();
    assertTrue(refusal.getString("text").startsWith("peer denied by "));
    assertTrue(
        refusal.getJsonArray("checks").stream()
            .anyMatch(check -> ((JsonObject) check).getString("result").equals("decided")));
    JsonObject told = get(node, "explain?user=" + ServerProcess.USER);
    assertTrue(told.getJsonArray("stories").size() >= 3);
  }

  private static boolean has(JsonObject session, Predicate<JsonObject> wanted) {
    return session.getJsonObject("detail").getJsonArray("timeline").stream()
        .map(JsonObject.class::cast)
        .anyMatch(wanted);
  }

  private static JsonArray sessions(JsonObject page) {
    return page.getJsonArray("sessions");
  }

  /** By the other node; the closed one is remembered with its reason. */
  private void closes(ServerProcess asked, ServerProcess owner, TurnClient client)
      throws Exception {
    String id = sessions(get(asked, "sessions?node=live-one")).getJsonObject(0).getString("id");
    assertEquals(204, asked.api("DELETE", "sessions/" + id, "").statusCode());
    assertEquals(404, owner.api("DELETE", "sessions/" + id, "").statusCode());
    JsonObject closed =
        until(
            () -> get(owner, "sessions/" + id),
            json -> json.getJsonObject("detail").containsKey("closeReason"));
    assertEquals("closed", closed.getString("state"));
    assertEquals("admin", closed.getJsonObject("detail").getString("closeReason"));
  }

  /** Told to one node, it bites on both: sessions end, requests get no answer. */
  private void bans(ServerProcess one, ServerProcess two, TurnClient client) throws Exception {
    String body = "{\"kind\":\"network\",\"target\":\"127.0.0.1/32\",\"reason\":\"a test\"}";
    HttpResponse<String> made = one.api("POST", "bans", body);
    assertEquals(201, made.statusCode(), made.body());
    until(() -> get(two, "sessions"), json -> json.getInteger("total") == 0);
    until(() -> get(two, "bans"), json -> json.getJsonArray("bans").size() == 1);
    try (var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      var binding = Stun.request(Stun.BINDING).bytes();
      socket.setSoTimeout(300);
      socket.send(new DatagramPacket(binding, binding.length, two.address()));
      assertThrows(
          SocketTimeoutException.class,
          () -> socket.receive(new DatagramPacket(new byte[500], 500)));
      String id = new JsonObject(made.body()).getString("id");
      // It was met on the other node; both add up what it turned away.
      until(() -> get(one, "bans"), json -> ban(json).getLong("hits") >= 1);
      assertEquals(204, two.api("DELETE", "bans/" + id, "").statusCode());
      until(() -> get(one, "bans"), json -> json.getJsonArray("bans").isEmpty());
      socket.setSoTimeout(10_000);
      socket.send(new DatagramPacket(binding, binding.length, two.address()));
      socket.receive(new DatagramPacket(new byte[500], 500));
    }
  }

  private static JsonObject ban(JsonObject answer) {
    return answer.getJsonArray("bans").getJsonObject(0);
  }

  // ---- helpers

  /** An answer of both nodes: on a busy machine one may be later than an answer waits. */
  private JsonObject whole(ServerProcess node, String path) throws Exception {
    return until(
        () -> get(node, path), json -> json.getJsonObject("coverage").getInteger("answered") == 2);
  }

  private static <T> T until(Callable<T> question, Predicate<T> good) throws Exception {
    long end = System.nanoTime() + 100_000_000_000L;
    T answer = question.call();
    while (!good.test(answer)) {
      assertTrue(System.nanoTime() < end, "not so within 100 s: " + answer);
      answer = question.call();
    }
    return answer;
  }

  /** What both nodes say: a busy machine may keep one from answering within its half second. */
  private JsonObject get(ServerProcess node, String path) throws Exception {
    return until(
        () -> {
          HttpResponse<String> answer = node.api("GET", path, "");
          assertEquals(200, answer.statusCode(), answer.body());
          return new JsonObject(answer.body());
        },
        json -> !json.getJsonObject("coverage", new JsonObject()).containsKey("missing"));
  }

  /** What /metrics of this node says by now. */
  private long counted(ServerProcess node, String direction, String leg) {
    return counted(
        node,
        "puente_turn_relay_bytes_total\\{direction=\"" + direction + "\",leg=\"" + leg + "\"");
  }

  private long granted(ServerProcess node) {
    return counted(node, "puente_stun_responses_total\\{code=\"success\",method=\"allocate\"");
  }

  private long counted(ServerProcess node, String series) {
    try {
      String text = node.get("/metrics");
      Matcher line = Pattern.compile(series + "[^}]*\\} ([0-9.E]+)").matcher(text);
      double sum = 0;
      while (line.find()) {
        sum += Double.parseDouble(line.group(1));
      }
      return Math.round(sum);
    } catch (IOException | InterruptedException failure) {
      throw new AssertionError(failure);
    }
  }

  private static ServerProcess start(String name, int port, int other) {
    return ServerProcess.start(name, ServerProcess.cluster(name, port, other));
  }
}
