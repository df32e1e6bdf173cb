package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.series.Figure;
import puente.series.Point;
import puente.series.PointCodec;
import puente.series.Tier;

/** What a node remembers over a kill -9, besides its allocations. */
@Tag("e2e")
@Timeout(180)
class MemoryTest {

  private static final String NODE = "remembers";
  private static final int HOURS = 12;

  /** Bans bite again from the first packet on, and the history goes on where it broke off. */
  @Test
  void bansAndHistoryOutliveAKill() throws Exception {
    assumeTrue(ServerProcess.isPuente());
    try (var server = ServerProcess.start("memory", "node-id=" + NODE)) {
      forget(server);
      assertEquals(201, ban(server, ServerProcess.USER));
      assertEquals(1, bans(server).size());
      assertThrows(AssertionError.class, () -> allocate(server));
      // The file is written off the loop, and replaced as a whole.
      Path file = server.folder.resolve("state/bans.json");
      while (!Files.exists(file) || !Files.readString(file).contains(ServerProcess.USER)) {
        assertTrue(server.program().alive(), server::log);
      }
      server.kill();
      long now = System.currentTimeMillis() / 1000;
      long first = now / 3600 - HOURS;
      writeHistory(server, first);
      server.startAgain();
      server.ready();
      assertEquals(1, bans(server).size());
      assertThrows(AssertionError.class, () -> allocate(server));
      assertEquals(HOURS, hours(server), server.log());
      JsonObject ban = bans(server).getJsonObject(0);
      assertEquals(204, server.api("DELETE", "bans/" + ban.getString("id"), "").statusCode());
      allocate(server);
    }
  }

  private static void allocate(ServerProcess server) throws Exception {
    try (var client = TurnClient.udp(server)) {
      client.allocate();
    }
  }

  /** A ban outlives the process, and would outlive a run of the test. */
  private static void forget(ServerProcess server) throws Exception {
    for (Object ban : bans(server)) {
      server.api("DELETE", "bans/" + ((JsonObject) ban).getString("id"), "");
    }
  }

  /** As a process leaves it that is killed while it writes: the last point is half. */
  private static void writeHistory(ServerProcess server, long firstHour) throws Exception {
    Path folder = Files.createDirectories(server.folder.resolve("state/history"));
    String name =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(NODE.getBytes(StandardCharsets.UTF_8));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(PointCodec.head());
    for (int hour = 0; hour < HOURS; hour++) {
      float[] values = new float[Figure.values().length];
      Arrays.fill(values, 100 + hour);
      bytes.write(PointCodec.encode(new Point(Tier.HOUR, firstHour + hour, values, values)));
    }
    bytes.write(new byte[5]);
    Files.write(folder.resolve(name + ".pts"), bytes.toByteArray());
  }

  /** How many of them the API has, each with its value. */
  private static int hours(ServerProcess server) throws Exception {
    String query = "series?k=alloc.total&from=-86400&step=3600&to=-1";
    JsonObject series = new JsonObject(server.api("GET", query, "").body());
    JsonArray values = series.getJsonArray("series").getJsonObject(0).getJsonArray("v");
    int found = 0;
    for (Object value : values) {
      if (value instanceof Number number && number.intValue() == 100 + found) {
        found++;
      }
    }
    return found;
  }

  private static int ban(ServerProcess server, String user) throws Exception {
    String body = "{\"kind\":\"user\",\"target\":\"" + user + "\",\"reason\":\"a test\"}";
    return server.api("POST", "bans", body).statusCode();
  }

  private static JsonArray bans(ServerProcess server) throws Exception {
    return new JsonObject(server.api("GET", "bans", "").body()).getJsonArray("bans");
  }
}
