package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Server-sent events, read from the wire. */
@Timeout(60)
class StreamTest {

  private final RunningServer server = RunningServer.local();

  @AfterEach
  void stop() {
    server.close();
  }

  /** An event as it came. */
  private record Event(String name, String id, JsonObject data) {}

  private final class Stream implements AutoCloseable {
    private final Socket socket = server.connect();
    private final BufferedReader in =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));

    Stream(String query, String... headers) throws IOException {
      String head =
          "GET /api/v1/stream"
              + query
              + " HTTP/1.1\r\nHost: 127.0.0.1\r\n"
              + String.join("", headers)
              + "\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    }

    Event next() throws IOException {
      String name = "";
      String id = "";
      while (true) {
        String line = in.readLine();
        if (line.startsWith("event: ")) {
          name = line.substring(7);
        } else if (line.startsWith("id: ")) {
          id = line.substring(4);
        } else if (line.startsWith("data: ")) {
          return new Event(name, id, new JsonObject(line.substring(6)));
        }
      }
    }

    Event next(String name) throws IOException {
      Event event = next();
      while (!event.name.equals(name)) {
        event = next();
      }
      return event;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void beginsWithEverythingAndGoesOnWithWhatChanged() throws IOException {
    try (Stream stream = new Stream("?topics=overview,nodes,series&k=alloc.active")) {
      Event first = stream.next();
      assertEquals("snapshot", first.name);
      assertEquals(2, first.data.getJsonArray("nodes").size());
      assertTrue(first.data.getJsonObject("overview").containsKey("verdict"));
      Event point = stream.next("series");
      assertEquals("alloc.active", point.data.getJsonArray("k").getString(0));
      assertEquals(2, point.data.getJsonArray("v").getInteger(0));
      Event later = stream.next("delta");
      assertNotEquals(first.id, later.id);
    }
  }

  /** What happened while nobody was connected is told to whoever comes back. */
  @Test
  void tellsAgainWhatWasMissed() throws Exception {
    String seen;
    try (Stream stream = new Stream("?topics=overview,events")) {
      seen = stream.next("snapshot").id;
      server.onLoop(() -> server.node.live.events.add(1, "drain", "info", "one", "drains", ""));
      assertEquals("drains", stream.next("event").data.getString("text"));
    }
    server.onLoop(() -> server.node.live.events.add(2, "undrain", "info", "one", "serves", ""));
    try (Stream stream = new Stream("?topics=overview,events", "Last-Event-ID: " + seen + "\r\n")) {
      assertEquals("drains", stream.next("event").data.getString("text"));
      assertEquals("serves", stream.next("event").data.getString("text"));
    }
  }

  /** That an alert opens and that it ends; and what is open is in a list. */
  @Test
  void tellsAlertsWhenTheyOpenAndEnd() throws Exception {
    Alerts.Rule rule = AlertRules.DRAIN_OVERDUE;
    try (Stream stream = new Stream("?topics=overview,events")) {
      stream.next("snapshot");
      server.onLoop(() -> server.node.live.alerts.judge(rule, "one", 61, 1_000));
      Event opened = stream.next("alert");
      assertEquals("open", opened.data.getString("state"));
      assertEquals("drain-overdue:one", opened.data.getString("key"));
      JsonObject list = new JsonObject(server.get("/api/v1/alerts").body());
      assertEquals(1, list.getJsonArray("alerts").size());
      long now = System.currentTimeMillis();
      server.onLoop(() -> server.node.live.alerts.judge(rule, "one", 0, now));
      assertEquals("ended", stream.next("alert").data.getString("state"));
      list = new JsonObject(server.get("/api/v1/alerts").body());
      assertEquals(0, list.getJsonArray("alerts").size());
    }
  }

  @Test
  void refusesTopicsThatThereAreNot() throws Exception {
    assertEquals(400, server.get("/api/v1/stream?topics=weather").statusCode());
    assertEquals(400, server.get("/api/v1/stream?topics=series&k=rain").statusCode());
    assertEquals(400, server.get("/api/v1/stream?interval=0").statusCode());
  }
}
