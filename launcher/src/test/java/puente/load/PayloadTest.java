package puente.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import puente.stun.Packet;

/** A payload tells what it is, and whether anything on the way touched it. */
class PayloadTest {
  private final byte[] bytes = Payload.filling(160, 1);

  @Test
  void tellsRunFlowSequenceAndTime() {
    new Payload(77).write(bytes, 4, 156, 12 | Payload.FROM_PEER, 5_000_000_000L, -8);
    Payload read = new Payload(77);
    assertTrue(read.read(packet(), 4, 156));
    assertTrue(read.isOurs());
    assertTrue(read.isFromPeer());
    assertEquals(12, read.flow());
    assertEquals(5_000_000_000L, read.sequence());
    assertEquals(-8, read.due());
    assertEquals(156, read.length());
    Payload another = new Payload(78);
    assertTrue(another.read(packet(), 4, 156));
    assertFalse(another.isOurs());
  }

  @Test
  void everyFlippedBitIsSeen() {
    Payload payload = new Payload(1);
    payload.write(bytes, 0, bytes.length, 3, 9, 10);
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      assertFalse(payload.read(packet(), 0, bytes.length), "bit " + bit);
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }
    assertTrue(payload.read(packet(), 0, bytes.length));
    assertFalse(payload.read(packet(), 0, bytes.length - 1), "cut short");
    assertFalse(payload.read(packet(), 0, Payload.HEADER_LENGTH - 1), "too short for a header");
  }

  private Packet packet() {
    Packet packet = new Packet();
    packet.buffer = ByteBuffer.wrap(bytes);
    packet.length = bytes.length;
    return packet;
  }
}
