package puente.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

class IntroductionTest {
  private final Random random = new Random(7);

  @Test
  void bothSeeTheSameCode() {
    Introduction first = new Introduction(true, number(), "aabb");
    Introduction second = new Introduction(false, number(), "aabb");
    talk(first, second);
    assertEquals(first.code(), second.code());
    assertEquals(7, first.code().length());
  }

  @Test
  void somebodyBetweenMakesThemDiffer() {
    Introduction ana = new Introduction(true, number(), "ana" + "mallory");
    Introduction toAna = new Introduction(false, number(), "ana" + "mallory");
    Introduction toBen = new Introduction(true, number(), "mallory" + "ben");
    Introduction ben = new Introduction(false, number(), "mallory" + "ben");
    talk(ana, toAna);
    talk(toBen, ben);
    assertNotEquals(ana.code(), ben.code());
  }

  @Test
  void whoChangesHisMindIsFound() {
    Introduction ben = new Introduction(false, number(), "x");
    ben.onMessage(new Introduction(true, number(), "x").commitment());
    ben.onMessage(number());
    assertEquals("FORGED", ben.code());
  }

  private static void talk(Introduction first, Introduction second) {
    byte[] answer = second.onMessage(first.commitment());
    second.onMessage(first.onMessage(answer));
  }

  private byte[] number() {
    byte[] bytes = new byte[Introduction.NUMBER_BYTES];
    random.nextBytes(bytes);
    return bytes;
  }
}
