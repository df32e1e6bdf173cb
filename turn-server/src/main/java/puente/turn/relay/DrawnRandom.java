package puente.turn.relay;

import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;

/**
 * Unpredictable numbers that are drawn from their source in blocks, because each draw costs more
 * than the number. For one thread; what was given is forgotten.
 */
final class DrawnRandom implements RandomGenerator {

  private static final int BLOCK = 512;

  private final RandomGenerator source;
  private final byte[] block = new byte[BLOCK];
  private final ByteBuffer numbers = ByteBuffer.wrap(block).limit(0);

  DrawnRandom(RandomGenerator source) {
    this.source = source;
  }

  @Override
  public long nextLong() {
    if (!numbers.hasRemaining()) {
      source.nextBytes(block);
      numbers.clear();
    }
    int at = numbers.position();
    long number = numbers.getLong();
    numbers.putLong(at, 0);
    return number;
  }
}
