package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class GuessThrottleTest {

  private static final InetAddress SOURCE = InetAddress.ofLiteral("192.0.2.1");
  private static final InetAddress OTHER = InetAddress.ofLiteral("192.0.2.2");

  private final GuessThrottle throttle = new GuessThrottle();

  @Test
  void locksASourceOutAfterFiveGuessesForHalfAMinute() {
    guess(SOURCE, 4, 0);
    assertFalse(throttle.isLocked(SOURCE, 0));
    assertTrue(throttle.wrong(SOURCE, 1000));
    assertTrue(throttle.isLocked(SOURCE, 30_999));
    assertFalse(throttle.isLocked(SOURCE, 31_000));
    assertFalse(throttle.isLocked(OTHER, 1000));
  }

  @Test
  void forgetsOldGuessesAndThoseBeforeTheRightToken() {
    guess(SOURCE, 4, 0);
    assertFalse(throttle.wrong(SOURCE, GuessThrottle.WINDOW_MS));
    guess(SOURCE, 3, GuessThrottle.WINDOW_MS);
    throttle.right(SOURCE);
    assertFalse(throttle.wrong(SOURCE, GuessThrottle.WINDOW_MS));
  }

  @Test
  void takesAnIpv6NetworkForOneSource() {
    guess(InetAddress.ofLiteral("2001:db8:1:2::1"), 4, 0);
    assertTrue(throttle.wrong(InetAddress.ofLiteral("2001:db8:1:2:ffff::9"), 0));
    assertTrue(throttle.isLocked(InetAddress.ofLiteral("2001:db8:1:2:7::"), 1));
    assertFalse(throttle.isLocked(InetAddress.ofLiteral("2001:db8:1:3::1"), 1));
  }

  @Test
  void remembersABoundedNumberOfSourcesAndTheBusyOneLongest() {
    guess(SOURCE, 5, 0);
    for (int i = 0; i < 100_000; i++) {
      throttle.wrong(
          InetAddress.ofLiteral("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255)), 1);
      assertTrue(throttle.isLocked(SOURCE, 1));
    }
    assertEquals(GuessThrottle.SOURCES_MAX, throttle.sources());
  }

  private void guess(InetAddress source, int times, long nowMs) {
    for (int i = 0; i < times; i++) {
      throttle.wrong(source, nowMs);
    }
  }
}
