package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A room on two nodes, as two processes: its members meet, and one node's death parts nobody. */
@Tag("e2e")
@Timeout(120)
class ClusterSignalingTest {
  private static final String KEY = "an-api-key-of-length";
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  /** A WebSocket client that remembers what it hears. */
  static final class Talker implements WebSocket.Listener {
    final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    final StringBuilder partial = new StringBuilder();
    final WebSocket socket;

    Talker(ServerProcess server, String path) {
      var uri = URI.create("ws://127.0.0.1:" + server.httpPort + path);
      var builder = HTTP.newWebSocketBuilder();
      socket =
          (path.startsWith("/signal") ? builder.subprotocols("puente.v1.json") : builder)
              .buildAsync(uri, this)
              .join();
    }

    Talker says(String text) {
      socket.sendText(text.replace('\'', '"'), true).join();
      return this;
    }

    /** The next thing that holds these words, which comes within half a minute. */
    String hears(String words) throws InterruptedException {
      String wanted = words.replace('\'', '"');
      List<String> others = new ArrayList<>();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (System.nanoTime() < end) {
        String text = heard.poll(100, TimeUnit.MILLISECONDS);
        if (text != null && text.contains(wanted)) {
          return text;
        }
        if (text != null) {
          others.add(text);
        }
      }
      throw new AssertionError("did not hear " + wanted + " but " + others);
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      partial.append(data);
      if (last) {
        heard.add(partial.toString());
        partial.setLength(0);
      }
      return WebSocket.Listener.super.onText(from, data, last);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      heard.add("closed " + code);
      return WebSocket.Listener.super.onClose(from, code, reason);
    }
  }

  @Test
  void aRoomSpansTwoNodesAndOutlivesOne() throws Exception {
    assumeTrue(ServerProcess.isPuente());
    int ports = Ports.free(2);
    try (var one = start("room-one", ports, ports + 1);
        var two = start("room-two", ports + 1, ports)) {
      Talker ana = peer(one, "ana");
      ana.says("{'t':'join','id':'j','room':'demo'}").hears("'t':'joined'");
      Talker bob = peer(two, "bob");
      String welcome = bob.says("{'t':'ping'}").hears("'t':'pong'");
      assertNotNull(welcome);
      bob.says("{'t':'join','id':'j','room':'demo'}").hears("'t':'joined'");
      // The nodes meet in the background: until then each thinks that it is alone.
      assertTrue(ana.hears("'t':'peer.joined'").contains("\"id\":\"bob\""));
      ana.says("{'t':'msg','id':'m','room':'demo','to':'bob','d':{'x':'before'}}");
      String before = bob.hears("'x':'before'");
      assertTrue(ana.hears("'re':'m'").contains("\"delivered\":1"));
      bob.says("{'t':'msg','id':'n','room':'demo','d':{'x':'all'}}");
      ana.hears("'x':'all'");

      // Sessions are written behind: one that its keeper has not heard of yet dies with its node.
      awaitKept(one);
      long killed = System.nanoTime();
      two.kill();
      ana.says("{'t':'msg','id':'k','room':'demo','to':'bob','d':{'x':'while away'}}");
      Talker again = new Talker(one, "/signal?key=" + KEY);
      String resume =
          "{'t':'hello','d':{'peerId':'bob','resume':{'sid':'%s','key':'%s','lastSeq':%s}}}";
      again.says(
          resume.formatted(
              word(bobsWelcome, "sid"), word(bobsWelcome, "resumeKey"), number(before, "seq")));
      String back = again.hears("'t':'welcome'");
      assertEquals(true, back.contains("\"resumed\":true"), back);
      again.hears("'x':'while away'");
      System.out.printf(
          "CLUSTER-SIGNALING after kill -9 the session and what it was sent are on the other node"
              + " %d ms later%n",
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed));
      ana.says("{'t':'msg','id':'z','room':'demo','to':'bob','d':{'x':'after'}}");
      again.hears("'x':'after'");
      again.says("{'t':'msg','id':'y','room':'demo','to':'ana','d':{'x':'hello again'}}");
      ana.hears("'x':'hello again'");
      assertTrue(ana.heard.stream().noneMatch(text -> text.contains("peer.left")), "nobody left");
    }
  }

  /** Until it keeps the one session of the other node. */
  static void awaitKept(ServerProcess keeper) throws Exception {
    while (keeper
        .get("/metrics")
        .lines()
        .noneMatch(line -> line.matches("puente_signal_kept(\\{.*})? 1\\.0"))) {
      LockSupport.parkNanos(20_000_000);
    }
  }

  private String bobsWelcome = "";

  private Talker peer(ServerProcess server, String name) throws InterruptedException {
    Talker talker = new Talker(server, "/signal?key=" + KEY);
    talker.says("{'t':'hello','d':{'peerId':'" + name + "'}}");
    bobsWelcome = talker.hears("'t':'welcome'");
    return talker;
  }

  private static String word(String json, String name) {
    return find(json, "\"" + name + "\":\"([^\"]+)\"");
  }

  private static String number(String json, String name) {
    return find(json, "\"" + name + "\":([0-9]+)");
  }

  private static String find(String json, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(json);
    assertTrue(matcher.find(), json);
    return matcher.group(1);
  }

  private static ServerProcess start(String name, int port, int other) {
    return ServerProcess.start(
        name, ServerProcess.cluster(name, port, other, "api-key=app:" + KEY));
  }
}
