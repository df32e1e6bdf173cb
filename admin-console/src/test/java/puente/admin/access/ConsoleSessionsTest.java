package puente.admin.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import puente.admin.access.ConsoleSessions.Opened;

class ConsoleSessionsTest {

  private static final long MINUTE = 60_000;

  private final ConsoleSessions sessions = new ConsoleSessions(new SecureRandom());

  @Test
  void aSessionThatIsNotUsedEnds() {
    String cookie = sessions.open("ana", 0).cookie();
    long now = ConsoleSessions.IDLE_MS - 1;
    assertTrue(sessions.use(cookie, now).isPresent());
    now += ConsoleSessions.IDLE_MS - 1;
    assertTrue(sessions.use(cookie, now).isPresent());
    assertTrue(sessions.use(cookie, now + ConsoleSessions.IDLE_MS).isEmpty());
    assertEquals(0, sessions.size());
  }

  @Test
  void aSessionThatIsUsedEndsAllTheSame() {
    String cookie = sessions.open("ana", 0).cookie();
    for (long now = 0; now < ConsoleSessions.LIFE_MS; now += 10 * MINUTE) {
      assertTrue(sessions.use(cookie, now).isPresent());
    }
    assertTrue(sessions.use(cookie, ConsoleSessions.LIFE_MS).isEmpty());
  }

  @Test
  void theOldestOfAnAccountEndsForANewOne() {
    String first = sessions.open("ana", 0).cookie();
    String ben = sessions.open("ben", 0).cookie();
    for (int i = 0; i < ConsoleSessions.SESSIONS_PER_ACCOUNT_MAX; i++) {
      sessions.open("ana", 0);
    }
    assertEquals(ConsoleSessions.SESSIONS_PER_ACCOUNT_MAX, sessions.count("ana"));
    assertTrue(sessions.use(first, 0).isEmpty());
    assertTrue(sessions.use(ben, 0).isPresent());
  }

  @Test
  void thereAreNeverTooMany() {
    for (int i = 0; i < ConsoleSessions.SESSIONS_MAX + 50; i++) {
      sessions.open("account" + i, 0);
    }
    assertEquals(ConsoleSessions.SESSIONS_MAX, sessions.size());
  }

  @Test
  void whatACookieSaysIsOneOf2To256() {
    Opened one = sessions.open("ana", 0);
    Opened two = sessions.open("ana", 0);
    assertEquals(43, one.cookie().length());
    assertNotEquals(one.cookie(), two.cookie());
    assertNotEquals(one.cookie(), one.session().csrfToken());
    sessions.close(one.cookie());
    assertTrue(sessions.use(one.cookie(), 0).isEmpty());
    assertFalse(sessions.use(two.cookie(), 0).isEmpty());
  }
}
