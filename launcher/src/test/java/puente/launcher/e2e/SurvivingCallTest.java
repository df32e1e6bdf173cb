package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A video call in Chromium through relays only, whose TURN server is killed and started again: the
 * picture stands still and goes on, over the same candidates, without an ICE restart and without a
 * new Allocate.
 */
@Tag("e2e")
@Timeout(150)
class SurvivingCallTest {

  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Test
  void theCallGoesOnAfterKillNine() throws Exception {
    assumeTrue(ServerProcess.isPuente(), "no other server keeps its allocations");
    BrowserScripts.require();
    try (var server = ServerProcess.start("survive")) {
      var script =
          BrowserScripts.start(
              server.folder.resolve("survive.out"),
              "survive.mjs",
              "" + server.port,
              ServerProcess.USER,
              ServerProcess.PASSWORD);
      awaitTalking(script);
      double allocates = server.metric("puente_stun_requests_total", "method=\"allocate\"");
      assertTrue(allocates >= 4, "two clients, each challenged once: " + allocates);
      server.kill();
      server.startAgain();
      server.ready();
      var result = script.finish(LIMIT);
      assertEquals(0, result.exit(), result.output() + server.log());
      var lines = result.output().strip().split("\n");
      assertEquals(2, lines.length, result.output());
      assertSame(new JsonObject(lines[0]), new JsonObject(lines[1]));
      assertEquals(
          0, server.metric("puente_stun_requests_total", "method=\"allocate\""), "new Allocates");
      assertTrue(server.log().contains("event=restored allocations=2 not=0"), server.log());
      assertTrue(
          server.metric("puente_turn_relay_packets_total", "") > 100,
          "the new process has relayed");
      System.out.println("Chromium outlives kill -9: " + lines[1]);
    }
  }

  private static void awaitTalking(Program script) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!script.output().contains("\"talking\"")) {
      assertTrue(script.alive() && System.nanoTime() < end, script.output());
      LockSupport.parkNanos(50_000_000);
    }
  }

  /** Each side's facts before and after. */
  private static void assertSame(JsonObject talking, JsonObject over) {
    assertEquals("over", over.getString("at"), over::encode);
    JsonArray before = talking.getJsonArray("sides");
    JsonArray after = over.getJsonArray("sides");
    for (int side = 0; side < 2; side++) {
      JsonObject then = before.getJsonObject(side);
      JsonObject now = after.getJsonObject(side);
      for (String fact :
          new String[] {"pair", "local", "remote", "ufrag", "candidates", "pairChanges"}) {
        assertEquals(then.getValue(fact), now.getValue(fact), fact + over.encode());
      }
      assertTrue(now.getString("local").startsWith("relay udp "), over::encode);
      assertTrue(now.getString("remote").startsWith("relay "), over::encode);
      assertEquals("connected", now.getString("state"), over::encode);
      assertTrue(
          now.getInteger("framesDecoded") > then.getInteger("framesDecoded") + 60, over::encode);
      assertTrue(over.getJsonArray("freezeMs").getLong(side) > 0, over::encode);
    }
  }
}
