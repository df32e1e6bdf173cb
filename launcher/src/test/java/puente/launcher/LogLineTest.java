package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.event.KeyValuePair;

class LogLineTest {
  @Test
  void text() {
    assertEquals(
        "2026-11-20T14:41:23.123Z INFO  puente  hello n=1 name=\"a b\" empty=\"\"",
        LogLine.text(event("hello", null, pair("n", 1), pair("name", "a b"), pair("empty", ""))));
  }

  @Test
  void anEventHasNoMessage() {
    assertEquals(
        "2026-11-20T14:41:23.123Z INFO  puente  event=listening port=3478",
        LogLine.text(event("", null, pair("event", "listening"), pair("port", 3478))));
  }

  @Test
  void oneEventIsOneLineWhateverIsInIt() {
    String evil = "x\r\n2026 INFO forged\u001b[2J\u2028\u202e\u0000\"=\\";
    String line = LogLine.text(event(evil, new IllegalStateException(evil), pair(evil, evil)));
    assertFalse(line.chars().anyMatch(c -> SafeText.isUnsafe((char) c)), line);
    assertTrue(line.contains("error=\"IllegalStateException: x\\r\\n2026 INFO forged"), line);
    String json = LogLine.json(event(evil, new IllegalStateException(evil), pair(evil, evil)));
    assertFalse(json.chars().anyMatch(c -> SafeText.isUnsafe((char) c)), json);
  }

  @Test
  void json() {
    assertEquals(
        "{\"time\":\"2026-11-20T14:41:23.123Z\",\"level\":\"info\",\"logger\":\"puente\","
            + "\"message\":\"hello\",\"n\":1,\"name\":\"a b\",\"nothing\":null}",
        LogLine.json(
            event("hello", null, pair("n", 1), pair("name", "a b"), pair("nothing", null))));
  }

  @Test
  void anEventCannotForgeTheFrame() {
    assertTrue(
        LogLine.json(event("", null, pair("level", "error"))).contains("\"level\":\"info\""));
  }

  @Test
  void aKindOfEventHasABudget() {
    LogBudget budget = new LogBudget(2, 1000);
    assertEquals(0, budget.spend("a", 0));
    assertEquals(0, budget.spend("a", 1));
    assertEquals(-1, budget.spend("a", 2));
    assertEquals(-1, budget.spend("a", 999));
    assertEquals(0, budget.spend("b", 999), "another kind has its own");
    assertEquals(2, budget.spend("a", 1000), "two were kept back");
    assertEquals(0, budget.spend("a", 1001));
    for (int i = 0; i < 10_000; i++) {
      budget.spend("flood" + i, 1002);
    }
    assertEquals(0, budget.spend("a", 1003), "forgotten, not remembered for ever");
  }

  @Test
  void aReloadReopensTheFile(@TempDir Path directory) throws Exception {
    Path log = directory.resolve("puente.log");
    Config config =
        new Given(directory)
            .flag("log-file", log.toString())
            .flag("no-stdout-log", "")
            .flag("log-format", "json")
            .load();
    try {
      Logging.apply(config);
      Events.info("before");
      Files.move(log, directory.resolve("puente.log.1"));
      Logging.apply(config);
      Events.info("after", "k", "v");
    } finally {
      Logging.apply(new Given(directory).load());
    }
    assertEquals(1, Files.readAllLines(directory.resolve("puente.log.1")).size());
    List<String> lines = Files.readAllLines(log);
    assertEquals(1, lines.size());
    assertTrue(lines.getFirst().endsWith("\"event\":\"after\",\"k\":\"v\"}"), lines::toString);
  }

  @Test
  void theLevelIsObeyedAndAnUnwritableFileIsNoObstacle(@TempDir Path directory) throws Exception {
    Path log = directory.resolve("puente.log");
    try {
      Logging.apply(
          new Given(directory)
              .flag("log-file", log.toString())
              .flag("no-stdout-log", "")
              .flag("log-min-level", "error")
              .load());
      Events.warn("unheard");
      assertEquals(List.of(), Files.readAllLines(log));
      Logging.apply(new Given(directory).flag("log-file", "/proc/absent/log").load());
    } finally {
      Logging.apply(new Given(directory).load());
    }
  }

  private static KeyValuePair pair(String key, @Nullable Object value) {
    return new KeyValuePair(key, value);
  }

  private static LoggingEvent event(
      String message, @Nullable Throwable thrown, KeyValuePair... pairs) {
    LoggerContext context = new LoggerContext();
    LoggingEvent event =
        new LoggingEvent(
            LogLineTest.class.getName(),
            context.getLogger("puente"),
            Level.INFO,
            message,
            thrown,
            new Object[0]);
    event.setInstant(Instant.parse("2026-11-20T14:41:23.123Z"));
    for (KeyValuePair pair : pairs) {
      event.addKeyValuePair(pair);
    }
    return event;
  }
}
