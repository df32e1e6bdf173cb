package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Who is given up, in a time of its own. */
class SilenceTest {
  private static final long LIMIT = 4000;
  private static final long STALL = 1000;
  private static final long LOOK = 200;

  private final Silence<String> silence = new Silence<>(LIMIT, STALL, 0);
  private long now;

  @Test
  void whoIsSilentIsGivenUpAtTheNextLookAfterTheLimit() {
    assertEquals(Set.of(), look(Map.of("a", 1L, "b", 1L)));
    long heard = now;
    Set<String> silent = Set.of();
    for (long sign = 2; silent.isEmpty(); sign++) {
      silent = look(Map.of("a", 1L, "b", sign));
      boolean doubted = now - heard > LIMIT / 2;
      assertEquals(doubted ? Set.of("a") : Set.of(), silence.silentFor(LIMIT / 2));
    }
    assertEquals(Set.of("a"), silent);
    assertEquals(LIMIT + LOOK, now - heard);
  }

  @Test
  void anySignInTimeIsEnough() {
    for (long sign = 0; sign < 10; sign++) {
      for (long since = 0; since <= LIMIT - LOOK; since += LOOK) {
        assertEquals(Set.of(), look(Map.of("a", sign)));
      }
    }
  }

  /** A clock that was set back makes another sign, too. */
  @Test
  void aSignIsAnyOther() {
    for (long sign = 100; sign > 0; sign--) {
      now += STALL - LOOK - 1;
      assertEquals(Set.of(), look(Map.of("a", sign)));
    }
  }

  /** What the others have sent meanwhile is still to be read. */
  @Test
  void whoStoodStillHimselfGivesNobodyUp() {
    look(Map.of("a", 1L));
    now += 5 * LIMIT;
    long woke = now;
    Set<String> silent = look(Map.of("a", 1L));
    while (silent.isEmpty()) {
      silent = look(Map.of("a", 1L));
    }
    assertEquals(LIMIT + 2 * LOOK, now - woke);
  }

  @Test
  void whoReturnsBeginsAnew() {
    look(Map.of("a", 1L));
    look(Map.of());
    for (long since = 0; since < LIMIT; since += LOOK) {
      assertEquals(Set.of(), look(Map.of("a", 1L)));
    }
  }

  private Set<String> look(Map<String, Long> signs) {
    now += LOOK;
    return silence.look(signs, now);
  }
}
