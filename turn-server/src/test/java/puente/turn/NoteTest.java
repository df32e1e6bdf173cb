package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import puente.stun.Method;
import puente.turn.store.LocalStore;

/** What can be told later of a client: what it did, and which check refused it. */
class NoteTest {

  private static final String PEER = "192.0.2.99:5000";

  @Test
  void anAllocationsLifeIsTold() {
    Lab lab = new Lab(Lab.config().build());
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    ana.sends(Sent.allocate()).succeeds();
    ana.sends(Sent.createPermission("10.0.0.1:80")).refused(403);
    ana.sends(Sent.createPermission(PEER)).succeeds();
    ana.sends(Sent.channelBind(0x4000, PEER)).succeeds();
    ana.sendsChannelData(0x4000, "hello");
    lab.passesSeconds(1);
    ana.sends(Sent.refresh().lifetime(0)).succeeds();

    List<Class<?>> kinds = lab.notes.stream().<Class<?>>map(Object::getClass).toList();
    assertEquals(
        List.of(
            Note.Refused.class,
            Note.Opened.class,
            Note.Refused.class,
            Note.Permitted.class,
            Note.Permitted.class,
            Note.Closed.class),
        kinds);
    Note.Refused challenge = (Note.Refused) lab.notes.get(0);
    assertEquals(401, challenge.code());
    assertFalse(challenge.isProven());
    Note.Refused denied = (Note.Refused) lab.notes.get(2);
    assertEquals(Method.CREATE_PERMISSION, denied.method());
    assertEquals("ana", denied.user());
    assertTrue(denied.why().startsWith("peer denied by "), denied.why());
    assertEquals(0x4000, ((Note.Permitted) lab.notes.get(4)).channel());
    Note.Closed closed = (Note.Closed) lab.notes.get(5);
    assertEquals(CloseReason.CLIENT, closed.why());
    assertEquals(closed.createdMs(), closed.firstRelayedMs());
    assertEquals(5, closed.bytesUp());
    for (Note note : lab.notes.subList(1, 6)) {
      assertEquals(closed.createdMs(), note.createdMs(), note::toString);
    }
  }

  @Test
  void theQuotaThatRefusedIsNamed() {
    Lab lab = new Lab(Lab.config().build(), new LocalStore.Quotas(1, 0, 0, 0));
    lab.client("192.0.2.7:4000").as("ana", "secreto").sends(Sent.allocate()).succeeds();
    lab.client("192.0.2.8:4000").as("ana", "secreto").sends(Sent.allocate()).refused(486);
    Note.Refused last = (Note.Refused) lab.notes.getLast();
    assertEquals("user quota reached", last.why());
    assertEquals(0, last.createdMs());
  }

  /** RFC 5766 §11: a client of that time, whom RFC 8656 §12 refuses; whoever asks why reads what helps. */
  @Test
  void anOldChannelNumberNamesTheSetting() {
    Lab lab = new Lab(Lab.noAuth().build());
    Client old = lab.client("192.0.2.7:4000");
    old.allocates();
    for (int number : new int[] {0x5000, 0x7fff}) {
      old.sends(Sent.request(Method.CHANNEL_BIND).channel(number).peer("192.0.2.200:7000"))
          .refused(400);
      Note.Refused last = (Note.Refused) lab.notes.getLast();
      assertTrue(last.why().contains("rfc5766-channel-numbers"), last.why());
    }
    old.sends(Sent.request(Method.CHANNEL_BIND).channel(0x8000).peer("192.0.2.200:7000"))
        .refused(400);
    Note.Refused last = (Note.Refused) lab.notes.getLast();
    assertEquals("CHANNEL-NUMBER is missing, malformed or out of range", last.why());
  }

  /** 100 are answered and noted; of the flood that gets no answer only some are, each second. */
  @Test
  void aFloodWithoutAnswersCostsFewNotes() {
    Lab lab = new Lab(Lab.config().build());
    for (int i = 0; i < 1000; i++) {
      lab.client("192.0.2.7:" + (1000 + i)).sends(Sent.allocate(), message -> {});
    }
    assertEquals(100 + 64, lab.notes.size());
    lab.passesSeconds(1);
    lab.notes.clear();
    for (int i = 0; i < 11; i++) {
      lab.client("192.0.2.7:" + (3000 + i)).sends(Sent.allocate(), message -> {});
    }
    Note.Refused last = (Note.Refused) lab.notes.getLast();
    assertEquals(0, last.code());
    assertTrue(last.why().startsWith("too many unproven requests"), last.why());
  }

  /** However many packets nothing permits, one note is made; the rest are counted. */
  @Test
  void theFirstMissIsNotedAndTheRestCounted() {
    Lab lab = new Lab(Lab.noAuth().build());
    Client client = lab.client("192.0.2.7:4000");
    client.allocates();
    lab.notes.clear();
    Relay relay = lab.open.iterator().next();
    for (int i = 0; i < 5; i++) {
      lab.server.onPeer(relay, Lab.packet(new byte[9], Lab.address(PEER)), lab.now, lab);
    }
    assertEquals(1, lab.notes.size());
    Note.Missed missed = (Note.Missed) lab.notes.getFirst();
    assertTrue(missed.isFromPeer());
    assertEquals(Lab.address(PEER), missed.peer());
    Allocation allocation = lab.server.allocationOf(client.tuple);
    assertEquals(5, allocation == null ? 0 : allocation.misses());
  }
}
