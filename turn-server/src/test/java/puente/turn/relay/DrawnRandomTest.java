package puente.turn.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DrawnRandomTest {

  @Test
  void givesWhatItsSourceGivesEachNumberOnce() {
    Random source = new Random(1);
    DrawnRandom random = new DrawnRandom(new Random(1));
    byte[] block = new byte[512];
    for (int blocks = 0; blocks < 3; blocks++) {
      source.nextBytes(block);
      ByteBuffer numbers = ByteBuffer.wrap(block);
      while (numbers.hasRemaining()) {
        assertEquals(numbers.getLong(), random.nextLong());
      }
    }
  }
}
