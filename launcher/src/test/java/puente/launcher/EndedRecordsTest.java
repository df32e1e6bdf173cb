package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationKey;
import puente.turn.store.Snapshot;

/** What is remembered of the dead, and for how long. */
class EndedRecordsTest {
  private static final int MAX = 3;

  private final EndedRecords over = new EndedRecords(MAX);

  @Test
  void anOlderRecordIsOverAndANewerOneIsNot() {
    over.add("a", record(5, 1000), 0);
    assertTrue(over.isOver("a", record(5, 9000)));
    assertTrue(over.isOver("a", record(4, 9000)));
    assertFalse(over.isOver("a", record(6, 9000)));
    assertFalse(over.isOver("b", record(5, 9000)));
    over.forget("a");
    assertFalse(over.isOver("a", record(5, 9000)));
  }

  @Test
  void itIsForgottenWhenNoRecordCanBeLeft() {
    over.add("a", record(5, 1000), 0);
    over.add("b", record(5, 3000), 999);
    assertEquals(2, over.size());
    over.add("c", record(5, 3000), 1000);
    assertFalse(over.isOver("a", record(5, 1000)));
    assertEquals(2, over.size());
  }

  @Test
  void itIsBounded() {
    for (int i = 0; i < 10; i++) {
      over.add("k" + i, record(5, 1000), 0);
    }
    assertEquals(MAX, over.size());
    assertTrue(over.isOver("k9", record(5, 1000)));
  }

  private static Snapshot record(long epoch, long expiresMs) {
    TransportAddress address = TransportAddress.ipv4(0x0a00_0001, 4000);
    return new Snapshot(
        new AllocationKey(Transport.UDP, address, address),
        "n1",
        epoch,
        0,
        new Snapshot.LoginState("u", "u", "r", "SECRET", false, false, 0),
        new Snapshot.BirthState(0, 0, 0, 600, null, null, null),
        List.of(new Snapshot.RelayState(address, address, expiresMs)),
        List.of(),
        List.of());
  }
}
