package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Sessions of several nodes are put in the very order in which each node counts its own. */
class SessionOrderTest {
  private static final int KEY_BYTES = 29;

  /** Times and ports on both sides of each byte's half, which a signed comparison turns around. */
  @Test
  void whatIsEqualIsOrderedByTimeAndAddressWithoutSigns() {
    List<JsonObject> expected =
        List.of(
            session(0x0000_019a_0000_007fL, 1),
            session(0x0000_019a_0000_0080L, 1),
            session(0x0000_019a_0000_00ffL, 0x7fff),
            session(0x0000_019a_0000_00ffL, 0x8000),
            session(0x0000_019a_0000_0100L, 1),
            session(0x0000_019a_8000_0000L, 1));
    for (boolean descending : new boolean[] {false, true}) {
      List<JsonObject> sorted = new ArrayList<>(expected.reversed());
      sorted.sort(SessionJson.order("bytes", descending));
      assertEquals(expected, sorted);
    }
  }

  private static JsonObject session(long createdMs, int port) {
    ByteBuffer key = ByteBuffer.allocate(KEY_BYTES).putLong(createdMs).put((byte) 4);
    key.putLong(0).putLong(0xffff_7f00_0001L).putShort((short) port);
    return new JsonObject()
        .put("id", Base64.getUrlEncoder().withoutPadding().encodeToString(key.array()))
        .put("bytesUp", 1000L)
        .put("bytesDown", 1000L);
  }
}
