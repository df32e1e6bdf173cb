package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import puente.admin.records.LogRing;

/** What any node has logged is in the log that any other shows and follows. */
@Timeout(60)
class SharedLogTest {

  @RegisterExtension final TwoServers both = new TwoServers();

  private static void log(RunningServer server, long atMs, String message) {
    log(server, LogRing.Level.INFO, atMs, message);
  }

  private static void log(RunningServer server, LogRing.Level level, long atMs, String message) {
    server.logs.add(atMs, level, "puente.turn", message, Map.of(), null);
  }

  private static JsonObject logs(RunningServer server, String query) throws Exception {
    var answer = server.getAs(RunningServer.TOKEN, "/api/v1/logs" + query);
    assertEquals(200, answer.statusCode(), answer.body());
    return new JsonObject(answer.body());
  }

  private static List<String> messages(JsonObject page) {
    return page.getJsonArray("lines").stream()
        .map(JsonObject.class::cast)
        .map(line -> line.getString("node") + " " + line.getString("message"))
        .toList();
  }

  @Test
  void anyNodeShowsAllByTime() throws Exception {
    for (int i = 0; i < 6; i++) {
      log(i % 2 == 0 ? both.one : both.two, 1000 + i, "m" + i);
    }
    List<String> all = List.of("one m0", "two m1", "one m2", "two m3", "one m4", "two m5");
    assertEquals(all, messages(logs(both.one, "")));
    assertEquals(all, messages(logs(both.two, "")));
    assertEquals(all.subList(4, 6), messages(logs(both.one, "?limit=2")));
    assertEquals(List.of("two m1", "two m3", "two m5"), messages(logs(both.one, "?node=two")));
    assertEquals(List.of("one m0", "one m2", "one m4"), messages(logs(both.one, "?node=self")));
    assertEquals(404, both.one.getAs(RunningServer.TOKEN, "/api/v1/logs?node=no").statusCode());
    log(both.two, LogRing.Level.ERROR, 2000, "broken");
    assertEquals(List.of("two broken"), messages(logs(both.one, "?level=error")));
    assertEquals(List.of("two m3"), messages(logs(both.one, "?text=M3")));
  }

  /** Each place once, whichever node is asked for what came after. */
  @Test
  void goesOnWhereItWas() throws Exception {
    log(both.one, 1000, "a");
    log(both.two, 1001, "b");
    JsonObject first = logs(both.one, "");
    log(both.two, 1002, "c");
    log(both.one, 1003, "d");
    JsonObject second = logs(both.two, "?after=" + first.getString("next"));
    assertEquals(List.of("two c", "one d"), messages(second));
    assertEquals(List.of(), messages(logs(both.one, "?after=" + second.getString("next"))));
  }

  @Test
  void followsOthersAndResumes() throws Exception {
    log(both.one, 1000, "a");
    log(both.two, 1001, "b");
    String resume;
    try (Socket socket = both.one.connect();
        BufferedReader reader = RunningServer.follow(socket, "")) {
      assertEquals(List.of("one a", "two b"), next(reader, 2, new StringBuilder()));
      log(both.two, 1002, "c");
      StringBuilder id = new StringBuilder();
      assertEquals(List.of("two c"), next(reader, 1, id));
      resume = id.toString();
    }
    log(both.one, 1003, "d");
    log(both.two, 1004, "e");
    try (Socket socket = both.two.connect();
        BufferedReader reader = RunningServer.follow(socket, "Last-Event-ID: " + resume + "\r\n")) {
      assertEquals(List.of("one d", "two e"), next(reader, 2, new StringBuilder()));
    }
  }

  @Test
  void whoDoesNotAnswerIsNamed() throws Exception {
    log(both.one, 1000, "a");
    FakeLive gone = new FakeLive(List.of());
    gone.name("gone");
    both.one.node.live.join(gone);
    JsonObject page = logs(both.one, "");
    assertEquals("[\"gone\"]", page.getJsonObject("coverage").getJsonArray("missing").encode());
    assertEquals(List.of("one a"), messages(page));
    assertEquals(List.of(), messages(logs(both.one, "?node=gone")));
    try (Socket socket = both.one.connect();
        BufferedReader reader = RunningServer.follow(socket, "")) {
      String line = reader.readLine();
      while (!line.equals("event: coverage")) {
        line = reader.readLine();
      }
      assertTrue(reader.readLine().contains("\"missing\":[\"gone\"]"));
    }
    both.one.node.live.join(null);
    assertFalse(logs(both.one, "").getJsonObject("coverage").containsKey("missing"));
  }

  /** An answer has to fit into a message, and what is cut off comes with the next. */
  @Test
  void longLinesAreNotLost() throws Exception {
    String next = logs(both.one, "").getString("next");
    String rest = "x".repeat(1900);
    for (int i = 0; i < 300; i++) {
      log(both.two, 1000 + i, i + " " + rest);
    }
    List<String> got = new ArrayList<>();
    int answers = 0;
    while (got.size() < 300) {
      JsonObject page = logs(both.one, "?limit=1000&after=" + next);
      messages(page).forEach(message -> got.add(message.split(" ")[1]));
      next = page.getString("next");
      answers++;
    }
    assertTrue(answers > 1);
    for (int i = 0; i < 300; i++) {
      assertEquals(Integer.toString(i), got.get(i));
    }
  }

  /** The next lines of the log; the place after them goes into {@code id}. */
  private static List<String> next(BufferedReader reader, int count, StringBuilder id)
      throws Exception {
    List<String> messages = new ArrayList<>();
    while (messages.size() < count) {
      String line = reader.readLine();
      if (line.startsWith("id: ")) {
        id.setLength(0);
        id.append(line.substring(4));
      } else if (line.startsWith("data: {\"seq\"")) {
        JsonObject json = new JsonObject(line.substring(6));
        messages.add(json.getString("node") + " " + json.getString("message"));
      }
    }
    return messages;
  }
}
