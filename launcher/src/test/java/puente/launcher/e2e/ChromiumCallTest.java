package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The product's main job: two browsers that may use relayed candidates only (RFC 8828 mode 4 in
 * effect) hold a call with video and a data channel over turn:udp, turn:tcp and turns:tcp.
 */
@Tag("e2e")
class ChromiumCallTest {

  private static final Path WORK = BrowserScripts.WORK;

  /** More than this cannot be a start-up accident: the relay went on carrying video. */
  private static final int ENOUGH_FRAMES = 30;

  private static final int ECHOES = 100;

  @Test
  void callOverEachTransport() {
    BrowserScripts.require();
    try (var server = ServerProcess.start("chromium")) {
      var result =
          BrowserScripts.start(
                  server.folder.resolve("call.out"),
                  "call.mjs",
                  ServerProcess.isPuente() ? "Puente" : "coturn",
                  "" + server.port,
                  "" + server.tlsPort,
                  ServerProcess.USER,
                  ServerProcess.PASSWORD,
                  WORK.toString())
              .finish(Duration.ofSeconds(150));
      assertEquals(0, result.exit(), result.output());
      var calls = result.output().split("\"transport\":");
      assertEquals(4, calls.length, result.output() + server.log());
      for (int i = 1; i < calls.length; i++) {
        assertCall(List.of("udp", "tcp", "tls").get(i - 1), calls[i]);
      }
    }
  }

  /** Both ends: relay to relay, over the transport asked for, with video and every echo. */
  private static void assertCall(String transport, String json) {
    assertTrue(json.startsWith("\"" + transport + "\""), json);
    var sides = json.split("\"ben\":");
    assertEquals(2, sides.length, json);
    for (var side : sides) {
      assertEquals("connected", text(side, "state"), json);
      assertEquals("relay", text(side, "localType"), json);
      assertEquals("relay", text(side, "remoteType"), json);
      assertEquals("true", text(side, "relayOnly"), json);
      assertEquals(transport, text(side, "relayProtocol"), json);
      assertTrue(Long.parseLong(text(side, "framesDecoded")) > ENOUGH_FRAMES, json);
      assertTrue(Long.parseLong(text(side, "bytesSent")) > 1_000_000, json);
      assertTrue(Long.parseLong(text(side, "bytesReceived")) > 1_000_000, json);
      assertEquals(ECHOES, Long.parseLong(text(side, "intact")), json);
      assertEquals(0, Long.parseLong(text(side, "wrong")), json);
    }
    assertTrue(Files.exists(WORK.resolve("call-" + transport + ".png")), "no screenshot");
    System.out.println(
        "Chromium over %s: %s and %s frames decoded, %s and %s bytes sent"
            .formatted(
                transport,
                text(sides[0], "framesDecoded"),
                text(sides[1], "framesDecoded"),
                text(sides[0], "bytesSent"),
                text(sides[1], "bytesSent")));
  }

  private static String text(String json, String field) {
    var found = Pattern.compile("\"" + field + "\":\"?([^\",}]*)").matcher(json);
    assertTrue(found.find(), "no " + field + " in " + json);
    return found.group(1);
  }
}
