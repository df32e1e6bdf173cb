package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Browsers and aiortc through Puente alone: signaling, credentials, STUN and TURN. */
@Tag("e2e")
@Timeout(300)
class SignalingBrowserTest {

  private static final Duration LIMIT = Duration.ofSeconds(150);
  private static final String KEY = "pub_test";
  private static final String API_KEY = "0123456789abcdef0123";
  private static final Path AIORTC = Path.of("src/test/e2e/aiortc_call.py");

  @BeforeEach
  void ours() {
    Assumptions.assumeTrue(ServerProcess.isPuente(), "coturn has no signaling");
  }

  @Test
  void puenteJs() {
    BrowserScripts.require();
    int http = Ports.free(1);
    var first = gateway("sdk", http);
    try (var script =
        BrowserScripts.start(
            first.folder.resolve("signaling.out"), "signaling.mjs", url(http), KEY)) {
      await(script, "RESTART");
      first.program().signal("KILL");
      assertTrue(first.program().endsWithin(Duration.ofSeconds(10)));
      try (var second = gateway("sdk-again", http)) {
        BrowserScripts.assertPassed(script, LIMIT, second);
      }
    } finally {
      first.close();
    }
  }

  /** Two nodes: pages meet across them, and one node's death interrupts neither call nor room. */
  @Test
  void puenteJsOnTwoNodes() throws Exception {
    BrowserScripts.require();
    int one = Ports.free(2);
    int two = one + 1;
    int ports = Ports.free(2);
    try (var first = gateway("sdk-one", one, cluster("one", one, ports, ports + 1))) {
      var second = gateway("sdk-two", two, cluster("two", one, ports + 1, ports));
      try {
        awaitBoth(first, second);
        try (var script =
            BrowserScripts.start(
                first.folder.resolve("cluster.out"), "cluster.mjs", url(one), url(two), KEY)) {
          await(script, "\nDRAIN");
          order(first, second, "drain");
          await(script, "\nUNDRAIN");
          order(first, second, "undrain");
          await(script, "\nKILL");
          ClusterSignalingTest.awaitKept(first);
          second.program().signal("KILL");
          BrowserScripts.assertPassed(script, LIMIT, first);
        }
      } finally {
        second.close();
      }
    }
  }

  private static String[] cluster(String node, int page, int port, int other) {
    // Both pages come from the first node.
    return ServerProcess.cluster(
        node,
        port,
        other,
        "public-key=" + KEY + "@" + url(page),
        "signal-url=ws://127.0.0.1:" + (node.equals("one") ? page : page + 1) + "/signal");
  }

  /** By the other node. */
  private static void order(ServerProcess by, ServerProcess of, String word) {
    var done = by.command(word, word, "two").finish(LIMIT);
    assertEquals(0, done.exit(), () -> done.output() + of.log());
  }

  /** Until each knows that the other serves. */
  private static void awaitBoth(ServerProcess first, ServerProcess second) throws Exception {
    awaitServing(first, "two");
    awaitServing(second, "one");
  }

  private static void awaitServing(ServerProcess asked, String node) throws Exception {
    while (!asked.get("/api/v1/nodes/" + node).replace(" ", "").contains("\"alive\":true")) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  @Test
  void peerJsAndYjs() {
    BrowserScripts.require();
    int http = Ports.free(2);
    int site = http + 1;
    var origin = "http://127.0.0.1:" + site;
    try (var server =
        gateway("compatible", http, "http-origin=" + origin, "public-key=pub_site@" + origin)) {
      var script =
          BrowserScripts.start(
              server.folder.resolve("compatible.out"),
              "compatible.mjs",
              "" + site,
              "127.0.0.1:" + http + "/peerjs",
              "ws://127.0.0.1:" + http + "/y-webrtc",
              url(http),
              "pub_site");
      BrowserScripts.assertPassed(script, LIMIT, server);
    }
  }

  /** The same clients, unmodified, but the second of each pair is on another node. */
  @Test
  void peerJsAndYjsOnTwoNodes() throws Exception {
    BrowserScripts.require();
    int http = Ports.free(3);
    int site = http + 2;
    int ports = Ports.free(2);
    var origin = "http://127.0.0.1:" + site;
    String[] more = {"http-origin=" + origin, "public-key=pub_site@" + origin};
    try (var first =
            gateway("compatible-one", http, ServerProcess.cluster("one", ports, ports + 1, more));
        var second =
            gateway(
                "compatible-two", http + 1, ServerProcess.cluster("two", ports + 1, ports, more))) {
      awaitBoth(first, second);
      var script =
          BrowserScripts.start(
              first.folder.resolve("compatible.out"),
              "compatible.mjs",
              "" + site,
              "127.0.0.1:" + http + "/peerjs",
              "ws://127.0.0.1:" + http + "/y-webrtc",
              url(http),
              "pub_site",
              "127.0.0.1:" + (http + 1) + "/peerjs",
              "ws://127.0.0.1:" + (http + 1) + "/y-webrtc");
      BrowserScripts.assertPassed(script, LIMIT, second);
    }
  }

  @Test
  void pages() {
    BrowserScripts.require();
    int http = Ports.free(1);
    try (var server = gateway("pages", http)) {
      var script =
          BrowserScripts.start(
              server.folder.resolve("pages.out"), "pages.mjs", url(http), server.folder.toString());
      BrowserScripts.assertPassed(script, LIMIT, server);
    }
  }

  /** The credential endpoint's answer goes into an RTCConfiguration as it is. */
  @Test
  void aiortc() {
    Program.require("/usr/bin/python3");
    int http = Ports.free(1);
    try (var server = gateway("aiortc", http)) {
      var result =
          Program.start(
                  server.folder.resolve("aiortc.out"),
                  "/usr/bin/python3",
                  AIORTC.toString(),
                  url(http),
                  API_KEY)
              .finish(Duration.ofSeconds(60));
      if (result.output().contains("No module named")) {
        System.err.println("LEFT OUT: this end-to-end test needs python3-aiortc (./puente test)");
        Assumptions.abort("aiortc is not installed");
      }
      assertEquals(0, result.exit(), () -> result.output() + server.log());
      assertTrue(result.output().contains("to relay 100 echoed"), result.output());
    }
  }

  private static String url(int http) {
    return "http://127.0.0.1:" + http;
  }

  private static ServerProcess gateway(String name, int http, String... more) {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "listening-ip=127.0.0.1",
                "relay-ip=127.0.0.1",
                "listening-port=%PORT%",
                "min-port=%MIN%",
                "max-port=%MAX%",
                "no-tls",
                "no-dtls",
                "realm=" + ServerProcess.REALM,
                "allow-loopback-peers",
                "use-auth-secret",
                "static-auth-secret=a-secret-of-the-tests",
                "http-ip=127.0.0.1",
                "http-port=" + http,
                "public-key=" + KEY + "@self",
                "api-key=tests:" + API_KEY));
    settings.addAll(List.of(more));
    return ServerProcess.bare(name, settings.toArray(String[]::new)).ready();
  }

  /** Until a line of the script's output asks for something. */
  private static void await(Program script, String word) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!script.output().contains(word)) {
      boolean over = !script.alive() || System.nanoTime() > deadline;
      assertTrue(!over, script::output);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }
}
