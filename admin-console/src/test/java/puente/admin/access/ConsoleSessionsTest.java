package puente.admin.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
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
    assertNotEquals(one.cookie(), one.csrfToken());
    assertNotEquals(one.csrfToken(), two.csrfToken());
    sessions.close(one.cookie());
    assertTrue(sessions.use(one.cookie(), 0).isEmpty());
    assertFalse(sessions.use(two.cookie(), 0).isEmpty());
  }

  // ---- on several nodes

  private final ConsoleSessions elsewhere = new ConsoleSessions(new SecureRandom());

  @Test
  void aSessionIsGoodElsewhereUntilItEndsAnywhere() {
    Opened ana = sessions.open("ana", 5);
    assertFalse(sessions.told().encode().contains(ana.cookie()));
    assertFalse(sessions.told().encode().contains(ana.csrfToken()));
    JsonObject before = sessions.told();
    elsewhere.merge(before, 6);
    assertEquals("ana", elsewhere.use(ana.cookie(), 7).orElseThrow().account());
    assertEquals(
        5 + ConsoleSessions.LIFE_MS, elsewhere.use(ana.cookie(), 7).orElseThrow().endsMs());
    elsewhere.close(ana.cookie());
    sessions.merge(elsewhere.told(), 8);
    assertTrue(sessions.use(ana.cookie(), 9).isEmpty());
    elsewhere.merge(before, 10);
    assertTrue(elsewhere.use(ana.cookie(), 11).isEmpty(), "who missed the end brings nothing back");
  }

  @Test
  void aGuestKeepsTheRoleElsewhere() {
    Caller guest = new Caller(Caller.Kind.SINGLE_SIGN_ON, "gil", Role.OPERATOR);
    Opened opened = sessions.open(guest, 0);
    elsewhere.merge(sessions.told(), 1);
    assertEquals(guest, elsewhere.use(opened.cookie(), 2).orElseThrow().guest().orElseThrow());
  }

  /** What was opened after the end of all is not one of them, in whichever order it is heard. */
  @Test
  void theEndOfAllIsTheEndOfThoseBefore() {
    Opened early = sessions.open("ana", 10);
    Opened ben = sessions.open("ben", 10);
    JsonObject before = sessions.told();
    sessions.closeAll("ana", 20);
    Opened late = sessions.open("ana", 20);
    elsewhere.merge(sessions.told(), 30);
    elsewhere.merge(before, 30);
    assertTrue(elsewhere.use(early.cookie(), 40).isEmpty());
    assertTrue(elsewhere.use(late.cookie(), 40).isPresent());
    assertTrue(elsewhere.use(ben.cookie(), 40).isPresent());
  }

  @Test
  void beingUsedSomewhereKeepsASessionAlive() {
    Opened ana = sessions.open("ana", 0);
    elsewhere.merge(sessions.told(), 0);
    sessions.use(ana.cookie(), 20 * MINUTE);
    elsewhere.merge(sessions.told(), 20 * MINUTE);
    assertTrue(elsewhere.isOpen(ana.cookie(), 40 * MINUTE));
    elsewhere.merge(sessions.told(), 50 * MINUTE + 1);
    assertFalse(elsewhere.isOpen(ana.cookie(), 50 * MINUTE + 1));
  }

  /** A clock that is ahead gives nobody a longer life. */
  @Test
  void nothingIsFromTheFuture() {
    Opened ana = sessions.open("ana", 100 * MINUTE);
    elsewhere.merge(sessions.told(), 0);
    assertEquals(ConsoleSessions.LIFE_MS, elsewhere.use(ana.cookie(), 1).orElseThrow().endsMs());
  }

  @Test
  void whatIsHeardIsBounded() {
    for (int i = 0; i < ConsoleSessions.SESSIONS_MAX; i++) {
      sessions.open("account" + i, 0);
    }
    elsewhere.open("own", 0);
    elsewhere.merge(sessions.told(), 0);
    assertEquals(ConsoleSessions.SESSIONS_MAX, elsewhere.size());
    JsonObject ended = new JsonObject();
    for (int i = 0; i < 2 * ConsoleSessions.ENDED_MAX; i++) {
      ended.put("digest" + i, 1L);
    }
    elsewhere.merge(new JsonObject().put("ended", ended), 0);
    assertEquals(ConsoleSessions.ENDED_MAX, elsewhere.told().getJsonObject("ended").size());
  }
}
