package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class MessageFrameTest {
  private static final MessageFrame FRAME =
      new MessageFrame(MessageFrame.Kind.ASK, 42, "n1", "subject", new byte[] {1, 2, 3});

  @Test
  void comesBackAsItWent() {
    MessageFrame back = Objects.requireNonNull(MessageFrame.decode(FRAME.encode()));
    assertEquals(MessageFrame.Kind.ASK, back.kind());
    assertEquals(42, back.id());
    assertEquals("n1", back.from());
    assertEquals("subject", back.subject());
    assertArrayEquals(FRAME.body(), back.body());
  }

  @Test
  void whatIsCutShortOrOfAnotherVersionIsNoMessage() {
    byte[] whole = FRAME.encode();
    for (int length = 0; length < whole.length - FRAME.body().length; length++) {
      assertNull(MessageFrame.decode(Arrays.copyOf(whole, length)), "of " + length + " bytes");
    }
    byte[] later = whole.clone();
    later[0]++;
    assertNull(MessageFrame.decode(later));
    byte[] strange = whole.clone();
    strange[1] = 9;
    assertNull(MessageFrame.decode(strange));
  }
}
