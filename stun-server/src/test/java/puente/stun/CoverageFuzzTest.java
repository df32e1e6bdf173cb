package puente.stun;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.EnumSet;
import puente.stun.Message.Shape;

/**
 * Longer runs, led by coverage: {@code JAZZER_FUZZ=1 ./puente test -Dtest=CoverageFuzzTest}. Without
 * that variable it tries the inputs it was given once.
 */
class CoverageFuzzTest {

  private static final byte[] KEY = new byte[16];

  /** RFC 8489 §5 and §14: whatever comes, reading it ends, and stays inside it. */
  @FuzzTest(maxDuration = "5m")
  void anyBytes(byte[] bytes) {
    Message message = new Message();
    Shape shape = message.parse(bytes, bytes.length);
    if (shape != Shape.WELL_FORMED) {
      return;
    }
    for (int i = 0; i < message.count(); i++) {
      assertTrue(message.valueAt(i) + message.lengthAt(i) <= bytes.length);
      message.xorAddressAt(i);
      message.addressAt(i);
      message.textAt(i);
    }
    message.unknownRequired(EnumSet.noneOf(AttributeType.class), new int[16]);
    new Integrity().verify(message, IntegrityKey.of(KEY));
    new Integrity().hasWrongFingerprint(message);
  }
}
