package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The product's main job: two browsers that may use relayed candidates only (RFC 8828 mode 4 in
 * effect) hold a call with video and a data channel over turn:udp, turn:tcp and turns:tcp.
 */
@Tag("e2e")
class ChromiumCallTest {

  private static final String CHROMIUM = "/usr/bin/chromium";
  private static final Path SOURCES = Path.of("src/test/e2e").toAbsolutePath();
  private static final Path WORK = Path.of("target/e2e/browser").toAbsolutePath();
  private static final List<String> FILES =
      List.of("package.json", "package-lock.json", "call.html", "call.js", "call.mjs");

  /** More than this cannot be a start-up accident: the relay went on carrying video. */
  private static final int ENOUGH_FRAMES = 30;

  private static final int ECHOES = 100;

  @Test
  void callOverEachTransport() throws IOException {
    Program.require(CHROMIUM, "node", "npm");
    installPlaywright();
    try (var server = ServerProcess.start("chromium")) {
      var result =
          Program.start(
                  new ProcessBuilder(
                          "node",
                          "call.mjs",
                          CHROMIUM,
                          ServerProcess.isPuente() ? "Puente" : "coturn",
                          "" + server.port,
                          "" + server.tlsPort,
                          ServerProcess.USER,
                          ServerProcess.PASSWORD,
                          WORK.toString())
                      .directory(WORK.toFile()),
                  server.folder.resolve("call.out"))
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

  /** The lock file pins the one package and its digest; an installed one is kept. */
  private static void installPlaywright() throws IOException {
    Files.createDirectories(WORK);
    var lock = WORK.resolve("node_modules/lock");
    var wanted = Files.readString(SOURCES.resolve("package-lock.json"));
    for (var file : FILES) {
      Files.copy(SOURCES.resolve(file), WORK.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    if (Files.exists(lock) && Files.readString(lock).equals(wanted)) {
      return;
    }
    var done =
        Program.start(
                new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
                    .directory(WORK.toFile()),
                WORK.resolve("npm.out"))
            .finish(Duration.ofSeconds(120));
    if (done.exit() != 0) {
      System.err.println("LEFT OUT: the browser call: npm cannot fetch playwright-core");
      Assumptions.abort(done.output());
    }
    Files.writeString(lock, wanted);
  }
}
