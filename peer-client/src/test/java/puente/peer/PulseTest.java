package puente.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PulseTest {
  private static final long DAY_MS = 86_400_000;

  @Test
  void whoIsNotHeardHasVanishedInTenSeconds() {
    Pulse pulse = new Pulse();
    assertFalse(pulse.turned(0));
    assertFalse(pulse.turned(100_000)); // there was no link yet
    pulse.heard(100_000);
    assertFalse(pulse.turned(100_000 + Pulse.SILENT_MS));
    assertTrue(pulse.turned(100_001 + Pulse.SILENT_MS));
    assertTrue(pulse.isSilent());
    assertTrue(Pulse.SILENT_MS >= 5_000 && Pulse.SILENT_MS < 10_000);
    assertFalse(pulse.turned(200_000)); // told once
    pulse.heard(200_000);
    assertTrue(pulse.turned(200_000));
    assertFalse(pulse.isSilent());
  }

  /** Only what is said for this is heard, of which a path loses so much. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 0.1, 0.3})
  void lossIsNoFalseAlarm(double loss) {
    Random random = new Random(7);
    Pulse pulse = new Pulse();
    for (long now = 0; now < DAY_MS; now += DtlsLink.HERE_MS) {
      if (random.nextDouble() >= loss) {
        pulse.heard(now);
      }
      assertFalse(pulse.turned(now), "at " + now);
    }
  }

  @Test
  void whoSleptAccusesNobody() {
    Pulse pulse = new Pulse();
    pulse.heard(0);
    pulse.excuse(60_000);
    assertFalse(pulse.turned(60_000));
    assertEquals(0, pulse.silentMs(60_000));
    assertTrue(pulse.turned(61_000 + Pulse.SILENT_MS));
    pulse.excuse(70_000); // whoever had vanished before is not there because of that
    assertFalse(pulse.turned(70_000));
    assertTrue(pulse.isSilent());
  }
}
