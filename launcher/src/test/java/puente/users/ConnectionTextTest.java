package puente.users;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** coturn's connection strings, in the words of each database. */
class ConnectionTextTest {

  @Test
  void wordsAndAliases() {
    ConnectionText words =
        ConnectionText.parse(
            "host=db.example dbname=coturn user=turn password=a\\ b  port=5433 connect_timeout=30");
    assertEquals("db.example", words.word("host", ""));
    assertEquals("a b", words.word("password", ""));
    assertEquals(5433, words.number("port", 1, 65_535));
    assertEquals(30, words.number("connect_timeout", 1, 3600));
    ConnectionText redis = ConnectionText.parse("ip=127.0.0.1 db=2 pwd=x timeout=3");
    assertEquals("127.0.0.1", redis.word("host", ""));
    assertEquals("2", redis.word("dbname", ""));
    assertEquals(3, redis.number("connect_timeout", 1, 3600));
  }

  @Test
  void quotesAsLibpqs() {
    ConnectionText words = ConnectionText.parse("password='a b\\'c=d' user=x");
    assertEquals("a b'c=d", words.word("password", ""));
    assertEquals("x", words.word("user", ""));
  }

  @Test
  void uris() {
    ConnectionText words =
        ConnectionText.parse("postgresql://turn:p%40ss+1@[::1]:5433/coturn?sslmode=require");
    assertEquals("[::1]", words.word("host", ""));
    assertEquals("p@ss+1", words.word("password", ""));
    assertEquals("coturn", words.word("dbname", ""));
    assertEquals("require", words.word("sslmode", ""));
  }

  /** No message and no text of it shows a password. */
  @Test
  void wrongWordsAreNamedAndValuesAreNot() {
    for (String wrong :
        List.of(
            "host=x hunter2",
            "hunter2",
            "host=x password='hunter2",
            "postgresql://u:hunter2@ /x",
            "port=hunter2")) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> ConnectionText.parse(wrong).number("port", 1, 2),
              wrong);
      assertFalse(String.valueOf(refused.getMessage()).contains("hunter2"), wrong);
    }
    assertTrue(
        String.valueOf(
                assertThrows(IllegalArgumentException.class, () -> ConnectionText.parse("hots=x"))
                    .getMessage())
            .contains("hots"));
    assertFalse(ConnectionText.parse("password=hunter2 host=x").toString().contains("hunter2"));
  }
}
