package puente.turn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import puente.stun.AttributeType;
import puente.stun.Family;
import puente.stun.IntegrityKey;
import puente.stun.Nonce;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.LocalStore;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotCodec;

/** RFC 8016: an allocation outlives its client's address. */
@NullUnmarked
class MobilityTest {

  private static final String PEER = "192.0.2.80:7000";
  private static final IntegrityKey KEY = IntegrityKey.of(new byte[] {1, 2, 3});
  private static final IntegrityKey OTHER_KEY = IntegrityKey.of(new byte[] {4, 5, 6});

  private Lab lab = new Lab(mobile().build());

  private static TurnConfig.Builder mobile() {
    return Lab.config().mobility(new Nonce.Keys(KEY, null));
  }

  private Client ana(String address) {
    return lab.client(address).as("ana", "secreto");
  }

  private static Sent wanting() {
    return Sent.allocate().bytes(AttributeType.MOBILITY_TICKET);
  }

  private static Sent showing(byte[] ticket) {
    return Sent.refresh().bytes(AttributeType.MOBILITY_TICKET, ticket);
  }

  private static byte[] ticket(Reply reply) {
    return reply.bytes(AttributeType.MOBILITY_TICKET);
  }

  /** What a client has that has allocated with a channel. */
  private record Home(Client client, TransportAddress relayed, byte[] ticket) {}

  private Home home(Client client) {
    Reply allocated = client.sends(wanting()).succeeds();
    client.sends(Sent.channelBind(0x4001, PEER)).succeeds();
    return new Home(client, allocated.relayed(), ticket(allocated));
  }

  private void passesUp(Client client, String text) {
    client.sendsChannelData(0x4001, text);
    assertEquals(text, new String(lab.atPeers.remove().data()));
  }

  private void passesDown(Home home, Client to, String text) {
    lab.peerSends(Lab.address(PEER), home.relayed, text);
    to.receivesOnChannel(0x4001, text);
  }

  /**
   * RFC 8016 §3.2.2: the old five-tuple is used both ways until data comes from the new one; then it
   * counts no more, and nothing else has changed.
   */
  @Test
  void oldFiveTupleServesUntilDataComesFromTheNewOne() {
    Home home = home(ana("192.0.2.7:4000"));
    Client moved = ana("203.0.113.9:5000");
    Reply refreshed = moved.sends(showing(home.ticket).lifetime(900)).succeeds();
    assertEquals(900, refreshed.lifetime());
    assertNotEquals(List.of(home.ticket), List.of(ticket(refreshed)));
    assertTrue(moved.trusts(refreshed));

    passesDown(home, home.client, "still here");
    passesUp(home.client, "from the old one");
    passesDown(home, home.client, "still here, too");
    moved.sends(Sent.createPermission("192.0.2.81:0")).succeeds();
    passesDown(home, home.client, "requests are no data");

    passesUp(moved, "first from the new one");
    passesDown(home, moved, "to the new one");
    home.client.sendsChannelData(0x4001, "too late");
    assertTrue(lab.atPeers.isEmpty());
    home.client.sends(Sent.refresh()).refused(437);
    moved.sends(Sent.send("192.0.2.81:9", "indication"));
    assertEquals("indication", new String(lab.atPeers.remove().data()));

    assertEquals(1, lab.counters.total(Counter.MOBILITY_GRANTED));
    assertEquals(1, lab.counters.total(Counter.MOBILITY_SWITCHED));
    moved.sends(Sent.refresh().lifetime(0)).succeeds();
    lab.assertEmpty();
    assertTrue(lab.server.allocationOf(moved.tuple) == null);
  }

  /** RFC 8016 §3.2.2: a Send indication switches as ChannelData does. */
  @Test
  void sendIndicationSwitches() {
    Home home = home(ana("192.0.2.7:4000"));
    Client moved = ana("203.0.113.9:5000");
    moved.sends(showing(home.ticket)).succeeds();
    moved.sends(Sent.send(PEER, "first"));
    assertEquals("first", new String(lab.atPeers.remove().data()));
    passesDown(home, moved, "down");
  }

  /** RFC 8016 §3.1.2: no ticket without asking; 405 where it is forbidden; 400 for a long one. */
  @Test
  void allocateAsksForATicket() {
    Client plain = ana("192.0.2.7:4000");
    assertFalse(plain.sends(Sent.allocate()).succeeds().has(AttributeType.MOBILITY_TICKET));
    Client eager = ana("192.0.2.7:4001");
    eager.sends(Sent.allocate().bytes(AttributeType.MOBILITY_TICKET, (byte) 1)).refused(400);
    Reply first = eager.sends(wanting()).succeeds();
    assertEquals(Tickets.LENGTH, ticket(first).length);
    assertArrayEquals(first.raw, eager.retransmits().bytes());

    lab = new Lab(Lab.config().build());
    Client hopeful = ana("192.0.2.7:4000");
    hopeful.sends(wanting()).refused(405);
    hopeful.sends(showing(new byte[Tickets.LENGTH])).refused(405);
    assertEquals(2, lab.counters.total(Counter.MOBILITY_FORBIDDEN));
    hopeful.allocates();
  }

  /** RFC 8016 §3.2.2: 405 once the configuration forbids mobility; what exists stays. */
  @Test
  void forbiddenFromNowOn() {
    Home home = home(ana("192.0.2.7:4000"));
    lab.server.reconfigure(Lab.config().build());
    ana("203.0.113.9:5000").sends(showing(home.ticket)).refused(405);
    passesUp(home.client, "stays");
    home.client.sends(Sent.refresh()).succeeds();
  }

  /** RFC 8016 §3.2.2: 400 for what is no ticket of ours, in each of its bytes (§6). */
  @Test
  void tamperedTicketsAreRefused() {
    Home home = home(ana("192.0.2.7:4000"));
    Client thief = ana("203.0.113.9:5000");
    for (int i = 0; i < home.ticket.length; i++) {
      byte[] tampered = home.ticket.clone();
      tampered[i] ^= 0x10;
      thief.sends(showing(tampered)).refused(400);
    }
    thief.sends(showing(new byte[0])).refused(400);
    thief.sends(showing(new byte[200])).refused(400);
    assertEquals(home.ticket.length + 2, lab.counters.total(Counter.MOBILITY_BAD_TICKET));
    passesDown(home, home.client, "nothing has moved");
  }

  /** RFC 8016 §3.2.2: 441 for another user's ticket; 401 without a credential. */
  @Test
  void ticketsAreBoundToTheirOwner() {
    Home home = home(ana("192.0.2.7:4000"));
    Client eva = lab.client("203.0.113.9:5000").as("eva", "oculto");
    eva.sends(showing(home.ticket)).refused(441);
    assertEquals(1, lab.counters.total(Counter.MOBILITY_OTHER_USER));
    lab.client("203.0.113.9:5001").sends(showing(home.ticket)).refused(401);
    Client liar = ana("203.0.113.9:5002").as("ana", "falso");
    liar.sends(showing(home.ticket)).refused(401);
    passesDown(home, home.client, "nothing has moved");
  }

  /** A credential that is for one address stays there. */
  @Test
  void boundCredentialsDoNotMove() {
    String name = (lab.now / 1000 + 600) + ":ana;ip=192.0.2.0/24";
    String password = Credentials.ephemeralPassword("north", name);
    Home home = home(lab.client("192.0.2.7:4000").as(name, password));
    lab.client("203.0.113.9:5000").as(name, password).sends(showing(home.ticket)).refused(441);
    lab.client("192.0.2.200:5000").as(name, password).sends(showing(home.ticket)).succeeds();
  }

  /** RFC 8016 §3.2.1, §3.2.2: a client that has not moved shows no ticket. */
  @Test
  void ticketFromTheSameFiveTupleIsRefused() {
    Home home = home(ana("192.0.2.7:4000"));
    home.client.sends(showing(home.ticket)).refused(400);
    Client moved = ana("203.0.113.9:5000");
    byte[] next = ticket(moved.sends(showing(home.ticket)).succeeds());
    moved.sends(showing(next)).refused(400);
    moved.sends(showing(home.ticket)).refused(400);
    assertEquals(3, lab.counters.total(Counter.MOBILITY_SAME_PLACE));
    moved.sends(Sent.refresh()).succeeds();
  }

  /** RFC 8016 §3.2.2: 437 when the ticket's allocation has ended, in any way. */
  @Test
  void ticketOfAnEndedAllocation() {
    Home home = home(ana("192.0.2.7:4000"));
    home.client.sends(Sent.refresh().lifetime(0)).succeeds();
    Client late = ana("203.0.113.9:5000");
    late.sends(showing(home.ticket)).refused(437);
    Home other = home(ana("192.0.2.7:4001"));
    lab.passesSeconds(601);
    ana("203.0.113.9:5001").sends(showing(other.ticket)).refused(437);
    assertEquals(2, lab.counters.total(Counter.MOBILITY_NO_ALLOCATION));
    lab.assertEmpty();
  }

  /** RFC 8016 §3.2.2: the old ticket is good for a retransmission, for 30 seconds, and no more. */
  @Test
  void oldTicketIsOnlyForRetransmissions() {
    Home home = home(ana("192.0.2.7:4000"));
    Client moved = ana("203.0.113.9:5000");
    byte[] answer = moved.sends(showing(home.ticket)).bytes();
    lab.passesSeconds(31);
    assertArrayEquals(answer, moved.retransmits().bytes());
    passesUp(moved, "switched");
    assertArrayEquals(answer, moved.retransmits().bytes());
    lab.passesSeconds(10);
    moved.retransmits().refused(400);

    Client replaying = ana("203.0.113.10:5000");
    replaying.sends(showing(home.ticket)).refused(400);
    assertEquals(1, lab.counters.total(Counter.MOBILITY_OLD_TICKET));
    byte[] newest = ticket(new Reply(answer));
    replaying.sends(showing(newest)).succeeds();
    assertEquals(2, lab.counters.total(Counter.MOBILITY_REPEATED));
  }

  /** A second move before any data: the goal of the first one counts no more, the old one does. */
  @Test
  void movesOnBeforeData() {
    Home home = home(ana("192.0.2.7:4000"));
    Client first = ana("203.0.113.9:5000");
    byte[] next = ticket(first.sends(showing(home.ticket)).succeeds());
    Client second = ana("203.0.113.10:5000");
    second.sends(showing(next)).succeeds();
    first.sendsChannelData(0x4001, "not here any more");
    assertTrue(lab.atPeers.isEmpty());
    passesDown(home, home.client, "still the first");
    passesUp(second, "there");
    passesDown(home, second, "down");
  }

  /** There and back again: a five-tuple that was left can be come back to. */
  @Test
  void movesBack() {
    Home home = home(ana("192.0.2.7:4000"));
    Client moved = ana("203.0.113.9:5000");
    byte[] next = ticket(moved.sends(showing(home.ticket)).succeeds());
    passesUp(moved, "there");
    home.client.sends(showing(next)).succeeds();
    passesUp(home.client, "and back");
    passesDown(home, home.client, "down");
    home.client.sends(Sent.refresh().lifetime(0)).succeeds();
    lab.assertEmpty();
  }

  /** RFC 8656 §5: one five-tuple, one allocation. */
  @Test
  void doesNotPushAnotherAllocationAside() {
    Home home = home(ana("192.0.2.7:4000"));
    Client other = ana("203.0.113.9:5000");
    other.allocates();
    other.sends(showing(home.ticket)).refused(437);
    assertEquals(1, lab.counters.total(Counter.MOBILITY_OCCUPIED));
  }

  /** RFC 8016 §3.2.1: a ticket is for keeping an allocation, not for deleting it. */
  @Test
  void ticketDoesNotDelete() {
    Home home = home(ana("192.0.2.7:4000"));
    ana("203.0.113.9:5000").sends(showing(home.ticket).lifetime(0)).refused(400);
    passesDown(home, home.client, "still there");
  }

  /** Quotas count it once, for as long as it is there: neither moving nor the old address helps. */
  @Test
  void quotaIsChargedOnce() {
    lab = new Lab(mobile().build(), new LocalStore.Quotas(1, 0, 0, 0));
    Home home = home(ana("192.0.2.7:4000"));
    Client moved = ana("203.0.113.9:5000");
    byte[] next = ticket(moved.sends(showing(home.ticket)).succeeds());
    passesUp(moved, "there");
    assertEquals(1, lab.store.size());
    home.client.sends(Sent.allocate()).refused(486);
    Client again = ana("203.0.113.10:5000");
    again.sends(showing(next)).succeeds();
    assertEquals(1, lab.store.size());
    again.sends(Sent.refresh().lifetime(0)).succeeds();
    lab.assertEmpty();
    ana("192.0.2.7:4002").allocates();
  }

  /** The five-tuple that was left is anybody's; what is made there has its own grant. */
  @Test
  void leftFiveTupleIsFree() {
    Home home = home(ana("192.0.2.7:4000"));
    Client moved = ana("203.0.113.9:5000");
    moved.sends(showing(home.ticket)).succeeds();
    passesUp(moved, "there");
    lab.client("192.0.2.7:4000").as("eva", "oculto").allocates();
    assertEquals(2, lab.store.size());
    passesDown(home, moved, "down");
  }

  /** RFC 8016 §3.2.2: when the old connection closes, the new five-tuple takes over at once. */
  @Test
  void closedConnectionSwitches() {
    Home home = home(lab.client(Transport.TLS, "192.0.2.7:4000").as("ana", "secreto"));
    Client moved = ana("203.0.113.9:5000");
    moved.sends(showing(home.ticket)).succeeds();
    passesDown(home, home.client, "still here");
    lab.server.onClosed(home.client.tuple, lab.now, lab);
    passesDown(home, moved, "there");
    assertEquals(0, lab.counters.allocations(Transport.TLS, Family.IPV4));
    assertEquals(1, lab.counters.allocations(Transport.UDP, Family.IPV4));
    moved.sends(Sent.refresh().lifetime(0)).succeeds();
    lab.assertEmpty();
  }

  /** Break before make: without its connection an allocation waits for its client's ticket. */
  @Test
  void outlivesItsConnection() {
    Home home = home(lab.client(Transport.TCP, "192.0.2.7:4000").as("ana", "secreto"));
    lab.server.onClosed(home.client.tuple, lab.now, lab);
    assertEquals(1, lab.counters.total(Counter.MOBILITY_DETACHED));
    assertEquals(1, lab.store.size());
    lab.peerSends(Lab.address(PEER), home.relayed, "to nobody");
    home.client.receivesNothing();
    // Another connection from there is another client.
    home.client.sendsChannelData(0x4001, "not proved");
    assertTrue(lab.atPeers.isEmpty());
    home.client.sends(Sent.allocate()).succeeds();
    assertEquals(2, lab.store.size());

    Client moved = lab.client(Transport.TCP, "203.0.113.9:5000").as("ana", "secreto");
    moved.sends(showing(home.ticket)).succeeds();
    passesDown(home, moved, "there at once");
    moved.sends(Sent.refresh().lifetime(0)).succeeds();
    home.client.sends(Sent.refresh().lifetime(0)).succeeds();
    lab.assertEmpty();
  }

  /** It does not wait for ever, and is counted as long as it does. */
  @Test
  void detachedAllocationExpires() {
    Home home = home(lab.client(Transport.TCP, "192.0.2.7:4000").as("ana", "secreto"));
    lab.server.onClosed(home.client.tuple, lab.now, lab);
    lab.passesSeconds(601);
    lab.assertEmpty();
  }

  /** A connection that was never spoken by goes: all stays as it was, and so do both tickets. */
  @Test
  void newConnectionIsLost() {
    Home home = home(ana("192.0.2.7:4000"));
    Client moved = lab.client(Transport.TCP, "203.0.113.9:5000").as("ana", "secreto");
    byte[] next = ticket(moved.sends(showing(home.ticket)).succeeds());
    lab.server.onClosed(moved.tuple, lab.now, lab);
    passesDown(home, home.client, "still here");
    Client again = ana("203.0.113.9:5001");
    again.sends(showing(home.ticket)).succeeds();
    Client once = ana("203.0.113.9:5002");
    once.sends(showing(next)).refused(400);
  }

  /** The ticket holds after the process has died, and so does the new five-tuple. */
  @Test
  void outlivesTheProcess() {
    Home home = home(ana("192.0.2.7:4000"));
    Client moved = ana("203.0.113.9:5000");
    byte[] next = ticket(moved.sends(showing(home.ticket)).succeeds());
    passesUp(moved, "there");
    lab.restartsWithAll();
    passesUp(moved, "after");
    passesDown(home, moved, "down");
    home.client.sendsChannelData(0x4001, "gone");
    assertTrue(lab.atPeers.isEmpty());
    Client again = ana("203.0.113.10:5000");
    again.sends(showing(home.ticket)).refused(400);
    again.sends(showing(next)).succeeds();
    passesUp(again, "once more");
    again.sends(Sent.refresh().lifetime(0)).succeeds();
    lab.assertEmpty();
  }

  /** What was kept before the last ticket was given knows that one, as it is ours. */
  @Test
  void newerTicketThanTheJournal() {
    Home home = home(ana("192.0.2.7:4000"));
    List<byte[]> before = lab.snapshots();
    Client moved = ana("203.0.113.9:5000");
    byte[] next = ticket(moved.sends(showing(home.ticket)).succeeds());
    lab.restarts();
    assertEquals(Restored.YES, lab.restores(before.get(0)));
    moved.sends(showing(next)).succeeds();
    passesUp(moved, "there");
    ana("203.0.113.10:5000").sends(showing(next)).refused(400);
  }

  /** Snapshots of a version that knew no mobility are read, and cannot move. */
  @Test
  void snapshotRoundTrip() {
    home(ana("192.0.2.7:4000"));
    byte[] bytes = lab.snapshots().get(0);
    Snapshot snapshot = SnapshotCodec.decode(bytes);
    assertEquals(1, snapshot.mobile().number());
    assertArrayEquals(bytes, SnapshotCodec.encode(snapshot));
    Snapshot old = SnapshotCodec.decode(java.util.Arrays.copyOf(bytes, bytes.length - 13));
    assertEquals(null, old.mobile());
    assertEquals(snapshot.key(), old.key());
  }

  /** RFC 8016 §6: another key opens nothing; the former one does while it is told. */
  @Test
  void ticketKeys() {
    byte[] ticket = new Tickets(new Nonce.Keys(KEY, null)).seal(77, 3);
    Tickets.Ticket expected = new Tickets.Ticket(77, 3);
    assertEquals(expected, new Tickets(new Nonce.Keys(KEY, null)).open(ticket));
    assertEquals(expected, new Tickets(new Nonce.Keys(OTHER_KEY, KEY)).open(ticket));
    assertEquals(null, new Tickets(new Nonce.Keys(OTHER_KEY, null)).open(ticket));
  }

  /** What is told of it goes on under the name that it had, and says where it went. */
  @Test
  void notesTellOfTheMove() {
    Home home = home(ana("192.0.2.7:4000"));
    Client moved = ana("203.0.113.9:5000");
    moved.sends(showing(home.ticket)).succeeds();
    passesUp(moved, "there");
    moved.sends(Sent.refresh().lifetime(0)).succeeds();
    List<Note.Moved> moves =
        lab.notes.stream()
            .filter(Note.Moved.class::isInstance)
            .map(Note.Moved.class::cast)
            .toList();
    assertEquals(List.of(false, true), moves.stream().map(Note.Moved::isOver).toList());
    assertEquals(home.client.tuple, moves.get(1).from());
    assertEquals(moved.tuple, moves.get(1).to());
    Note last = lab.notes.getLast();
    assertTrue(last instanceof Note.Closed);
    assertEquals(home.client.tuple, last.client());
  }

  /** What comes to a shard that the client has moved to goes to the shard that it is at home at. */
  @Test
  void otherShardsHandOver() {
    TurnConfig shared = mobile().build();
    lab = new Lab(shared, new LocalStore(LocalStore.Quotas.NONE), 1, 0, 2);
    Home home = home(ana("192.0.2.7:4000"));
    Lab other = new Lab(shared, lab.store, 2, 1, 2);
    Client seenThere = other.client("203.0.113.9:5000");
    seenThere.sends(showing(home.ticket));
    assertEquals(List.of(0), other.handedOver);
    Client seenHere = ana("203.0.113.9:5000");
    seenHere.sends(showing(home.ticket)).succeeds();
    seenThere.sendsChannelData(0x4001, "for the other");
    seenThere.sends(Sent.createPermission("192.0.2.81:0"));
    assertEquals(List.of(0, 0, 0), other.handedOver);
    passesUp(seenHere, "handed over");
    seenHere.sends(Sent.refresh().lifetime(0)).succeeds();
    seenThere.sendsChannelData(0x4001, "nobody's");
    assertEquals(3, other.handedOver.size());
  }
}
