package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import puente.story.Entry;
import puente.story.Step;
import puente.story.Step.Outcome;
import puente.stun.FiveTuple;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.CloseReason;
import puente.turn.Note;

/** What a story keeps of a note says the same when it is asked later. */
class NoteEntryTest {

  private static final TransportAddress CLIENT = TransportAddress.ipv4(0xc0000207, 4000);
  private static final TransportAddress SERVER = TransportAddress.ipv4(0xcb007101, 3478);
  private static final TransportAddress PEER = TransportAddress.ipv4(0xc6336409, 5000);
  private static final FiveTuple AT = new FiveTuple(Transport.UDP, CLIENT, SERVER, 0, null);

  private static Step step(long atMs, String what, Outcome outcome, int code, String text) {
    return Step.of(atMs, what, outcome, code, text);
  }

  private static void assertSaid(Step expected, Note note) {
    Entry entry = NoteEntry.of(note);
    assertEquals(expected, entry.step());
    assertEquals(expected.atMs(), entry.atMs());
    assertEquals(expected.what(), entry.what());
    assertEquals(expected.outcome(), entry.outcome());
  }

  @Test
  void anAllocation() {
    List<TransportAddress> both = List.of(SERVER, PEER);
    assertSaid(
        step(9, "allocate", Outcome.OK, 0, "203.0.113.1:3478 for 600 s"),
        new Note.Opened(AT, 9, 8, "ana", List.of(SERVER), 600, false));
    assertSaid(
        step(
            9, "restored", Outcome.OK, 0, "goes on here as 203.0.113.1:3478 and 198.51.100.9:5000"),
        new Note.Opened(AT, 9, 8, "ana", both, 600, true));
    assertSaid(
        step(9, "refresh", Outcome.OK, 0, "lives on for 60 s"), new Note.Refreshed(AT, 9, 8, 60));
    assertSaid(
        step(9, "close", Outcome.NOTE, 0, "client: 5 bytes up, 6 down; 2 packets not permitted"),
        new Note.Closed(AT, 9, 8, CloseReason.CLIENT, 0, 5, 6, 1, 1, 2));
  }

  @Test
  void aPermissionAndAChannel() {
    assertSaid(
        step(9, "create-permission", Outcome.OK, 0, "198.51.100.9 and 2 more")
            .withPeer("198.51.100.9"),
        new Note.Permitted(AT, 9, 8, PEER, 3, 0));
    assertSaid(
        step(9, "channel-bind", Outcome.OK, 0, "channel 0x4001 to 198.51.100.9:5000")
            .withPeer("198.51.100.9:5000"),
        new Note.Permitted(AT, 9, 8, PEER, 1, 0x4001));
    assertSaid(
        step(
                9,
                "permission-miss",
                Outcome.REFUSED,
                0,
                "a packet to 198.51.100.9:5000 had no permission")
            .withPeer("198.51.100.9"),
        new Note.Missed(AT, 9, 8, PEER, false));
  }

  @Test
  void theFirstPacket() {
    assertSaid(
        step(808, "first-packet", Outcome.OK, 0, "first relayed packet, after 800 ms"),
        new Note.Relayed(AT, 808, 8));
    Note.Closed closed = new Note.Closed(AT, 9000, 8, CloseReason.CLIENT, 2508, 5, 6, 1, 1, 0);
    assertEquals(
        step(2508, "first-packet", Outcome.OK, 0, "first relayed packet, after 2.5 s"),
        NoteEntry.firstPacket(closed).step());
  }

  @Test
  void aRefusal() {
    assertSaid(
        step(9, "allocate", Outcome.ASKED, 401, "no MESSAGE-INTEGRITY"),
        new Note.Refused(AT, 9, 0, Method.ALLOCATE, 401, "no MESSAGE-INTEGRITY", "", false));
    assertSaid(
        step(9, "create-permission", Outcome.REFUSED, 401, "wrong password"),
        new Note.Refused(AT, 9, 0, Method.CREATE_PERMISSION, 401, "wrong password", "a", false));
  }

  /** The same again is counted; whatever the words tell apart is not the same. */
  @Test
  void theSameAgain() {
    Entry minute = NoteEntry.of(new Note.Refreshed(AT, 9, 8, 60));
    assertTrue(minute.isSameAs(NoteEntry.of(new Note.Refreshed(AT, 10, 8, 60))));
    assertFalse(minute.isSameAs(NoteEntry.of(new Note.Refreshed(AT, 9, 8, 61))));
    assertFalse(minute.isSameAs(NoteEntry.of(new Note.Permitted(AT, 9, 8, PEER, 1, 0))));
  }
}
