package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import puente.stun.AttributeType;
import puente.stun.Message;
import puente.stun.TransportAddress;

/** A message that a client received. */
@NullUnmarked
final class Reply {

  final Message message = new Message();
  final byte[] raw;

  Reply(byte[] bytes) {
    raw = bytes;
    assertEquals(Message.Shape.WELL_FORMED, message.parse(bytes, bytes.length));
  }

  int code() {
    int at = message.find(AttributeType.ERROR_CODE);
    byte[] bytes = message.bytes();
    return at < 0 ? 0 : 100 * bytes[message.valueAt(at) + 2] + bytes[message.valueAt(at) + 3];
  }

  int lifetime() {
    return message.i32At(indexOf(AttributeType.LIFETIME));
  }

  long token() {
    return ByteBuffer.wrap(bytes(AttributeType.RESERVATION_TOKEN)).getLong();
  }

  TransportAddress relayed() {
    return message.xorAddressAt(indexOf(AttributeType.XOR_RELAYED_ADDRESS));
  }

  List<TransportAddress> allRelayed() {
    List<TransportAddress> all = new ArrayList<>();
    for (int i = message.find(AttributeType.XOR_RELAYED_ADDRESS);
        i >= 0;
        i = message.find(AttributeType.XOR_RELAYED_ADDRESS, i + 1)) {
      all.add(message.xorAddressAt(i));
    }
    return all;
  }

  TransportAddress mapped() {
    return message.xorAddressAt(indexOf(AttributeType.XOR_MAPPED_ADDRESS));
  }

  TransportAddress peer() {
    TransportAddress peer = message.xorAddressAt(indexOf(AttributeType.XOR_PEER_ADDRESS));
    assertNotNull(peer);
    return peer;
  }

  byte[] bytes(AttributeType type) {
    return message.valueBytes(indexOf(type));
  }

  boolean has(AttributeType type) {
    return message.has(type);
  }

  private int indexOf(AttributeType type) {
    int index = message.find(type);
    assertTrue(index >= 0, () -> "no " + type);
    return index;
  }
}
