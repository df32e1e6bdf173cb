package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What {@code puente load signal} takes, and what it makes of what it measured. */
class LoadSignalCommandTest {
  @Test
  void thresholds() {
    Map<String, Double> measured = Map.of("p99", 12.0, "lost", 0.0, "failed", 3.0);
    assertTrue(LoadThreshold.parse("p99<20ms").isKept(measured));
    assertTrue(LoadThreshold.parse("p99 < 0.013 s").isKept(measured));
    assertFalse(LoadThreshold.parse("p99<12ms").isKept(measured));
    assertTrue(LoadThreshold.parse("lost<0.1%").isKept(measured));
    assertFalse(LoadThreshold.parse("failed<1").isKept(measured));
    assertTrue(LoadThreshold.parse("failed>2").isKept(measured));
    assertFalse(LoadThreshold.parse("p50<20ms").isKept(measured), "not measured is not kept");
    for (String bad : new String[] {"", "p99", "p99<", "p99<fast", "p99=3"}) {
      assertThrows(IllegalArgumentException.class, () -> LoadThreshold.parse(bad), bad);
    }
  }

  @Test
  void onlyServersOnPrivateAddressesAreLoaded() throws Exception {
    for (String text : new String[] {"127.0.0.1", "10.1.2.3", "192.168.0.9", "fd00::1", "::1"}) {
      assertTrue(LoadTarget.isPrivate(InetAddress.ofLiteral(text)), text);
    }
    for (String text : new String[] {"192.0.2.1", "8.8.8.8", "2001:db8::1", "172.32.0.1"}) {
      assertFalse(LoadTarget.isPrivate(InetAddress.ofLiteral(text)), text);
    }
    assertEquals(80, LoadTarget.of("ws://127.0.0.1", false).port());
    assertEquals("/signal", LoadTarget.of("ws://127.0.0.1", false).path());
    assertEquals(443, LoadTarget.of("wss://192.0.2.1/x", true).port());
    for (String bad : new String[] {"http://127.0.0.1", "ws://192.0.2.1/signal", "nothing"}) {
      assertThrows(IllegalArgumentException.class, () -> LoadTarget.of(bad, false), bad);
    }
  }
}
