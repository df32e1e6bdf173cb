package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import puente.stun.AttributeType;
import puente.stun.IntegrityKey;
import puente.stun.Nonce;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationStore;

/** RFC 8016 over several nodes: the ticket of one is shown to another. */
@NullUnmarked
class MobileNodesTest {

  private static final String PEER = "192.0.2.80:7000";

  /** The node that has the allocation, and the one that its client comes to. */
  private final Lab home = node(1);

  private final Lab other = node(1);
  private final byte[] ticket =
      home.client("192.0.2.7:4000")
          .as("ana", "secreto")
          .sends(wanting())
          .succeeds()
          .bytes(AttributeType.MOBILITY_TICKET);

  /** With the secret of a cluster: what other nodes have left may be claimed. */
  private static Lab node(int secret) {
    IntegrityKey key = IntegrityKey.of(new byte[] {(byte) secret});
    return new Lab(Lab.config().mobility(new Nonce.Keys(key, null)).claims(true).build());
  }

  private static Sent wanting() {
    return Sent.allocate().bytes(AttributeType.MOBILITY_TICKET);
  }

  private Sent showing() {
    return Sent.refresh().bytes(AttributeType.MOBILITY_TICKET, ticket);
  }

  private static Client moved(Lab node) {
    return node.client("203.0.113.9:5000").as("ana", "secreto");
  }

  /** RFC 8016 §3.2.1: the other nodes are asked by the ticket, as nobody knows the client. */
  @Test
  void othersAreAskedByTheTicket() {
    Client moved = moved(other);
    other.others = packet -> Effects.Whereabouts.ASKED;
    moved.sends(Sent.refresh()).silence();
    assertEquals(0, other.askedByTicket);
    moved.sends(showing()).silence();
    assertEquals(1, other.askedByTicket);
    assertEquals(0, other.claimedByTicket);
    assertTrue(home.server.isHome(moved.lastBytes()));
    assertFalse(other.server.isHome(moved.lastBytes()));
    assertFalse(home.server.isNobodys(moved.lastBytes()));
    assertTrue(other.server.isNobodys(moved.lastBytes()));
    assertTrue(home.server.isNobodys(new byte[0]));
    assertFalse(home.server.isHome(new byte[0]));
    assertFalse(home.server.isHome(new byte[] {0x40, 1, 0, 4, 1, 2, 3, 4}));

    // The node that was asked serves it as if it had come there, as often as it comes.
    home.receives(moved.tuple, moved.lastBytes());
    home.receives(moved.tuple, moved.lastBytes());
    assertEquals(2, home.inboxOf(moved.tuple).size());
    assertEquals(1, home.counters.total(Counter.MOBILITY_GRANTED));
    assertEquals(1, home.store.size());
  }

  /** RFC 8016 §3.2.1: so they are for who comes by a connection, and nobody claims that. */
  @Test
  void othersAreAskedForConnections() {
    Client moved = other.client(Transport.TLS, "203.0.113.9:5000").as("ana", "secreto");
    other.others = packet -> Effects.Whereabouts.ASKED;
    moved.sends(showing()).silence();
    assertEquals(1, other.askedByTicket);
    other.others = packet -> Effects.Whereabouts.GIVEN;
    moved.sends(Sent.createPermission(PEER)).silence();
    moved.sendsChannelData(0x4001, "passed on");
    assertEquals(0, other.counters.total(Counter.NO_ALLOCATION));
    other.others = packet -> Effects.Whereabouts.NOWHERE;
    moved.sendsChannelData(0x4001, "lost");
    assertEquals(1, other.counters.total(Counter.NO_ALLOCATION));
    moved.sends(showing()).refused(437);
    assertEquals(List.of(), other.claimed);
  }

  /** RFC 8016 §3.2.2, §6: nobody is asked for what is forged, or sealed by other nodes. */
  @Test
  void forgeriesGoNowhere() {
    Client thief = moved(other);
    byte[] tampered = ticket.clone();
    tampered[5] ^= 1;
    thief.sends(Sent.refresh().bytes(AttributeType.MOBILITY_TICKET, tampered)).refused(400);
    assertFalse(home.server.isHome(thief.lastBytes()));
    Lab stranger = node(2);
    moved(stranger).sends(showing()).refused(400);
    assertEquals(0, other.askedByTicket + stranger.askedByTicket);
  }

  /** A client that has moved, and comes to the node that it is at home at, is served at once. */
  @Test
  void nobodyIsAskedForWhatIsHere() {
    Client moved = moved(home);
    home.others = packet -> Effects.Whereabouts.ASKED;
    moved.sends(showing()).succeeds();
    assertEquals(0, home.askedByTicket);
  }

  /** RFC 8016 §3.2.2: 437 when it is sure that no node has it, and has left it. */
  @Test
  void nobodyHasIt() {
    Client moved = moved(other);
    moved.sends(showing()).silence();
    assertEquals(List.of(moved.tuple), other.claimed);
    other.server.onAnswer(new AllocationStore.Undecided(moved.tuple), other.now, other);
    moved.retransmits().silence();
    assertEquals(2, other.claimedByTicket);
    other.server.onAnswer(new AllocationStore.Unclaimed(moved.tuple), other.now, other);
    moved.retransmits().refused(437);
    assertEquals(1, other.counters.total(Counter.MOBILITY_NO_ALLOCATION));
    assertEquals(2, other.counters.total(Counter.CLAIMING));
  }

  /** The heir of a dead node takes its tickets, even that of a client that moves just then. */
  @Test
  void heirTakesTheTicketsOfTheDead() {
    Client ana = home.client("192.0.2.7:4000").as("ana", "secreto");
    ana.sends(Sent.channelBind(0x4001, PEER)).succeeds();
    byte[] left = home.snapshots().get(0);

    Client moved = moved(other);
    moved.sends(showing()).silence();
    assertEquals(Restored.YES, other.restores(left));
    Client eva = other.client("203.0.113.9:5001").as("eva", "oculto");
    eva.sends(showing()).refused(441);
    byte[] next = moved.retransmits().succeeds().bytes(AttributeType.MOBILITY_TICKET);
    moved.sendsChannelData(0x4001, "up");
    Lab.AtPeer up = other.atPeers.remove();
    assertEquals("up", new String(up.data()));
    TransportAddress relayed = up.from().advertised();
    other.peerSends(Lab.address(PEER), relayed, "down");
    moved.receivesOnChannel(0x4001, "down");

    assertEquals(1, other.store.size());
    Client thief = other.client("203.0.113.9:5002").as("ana", "secreto");
    thief.sends(showing()).refused(400);
    assertEquals(1, other.counters.total(Counter.MOBILITY_OLD_TICKET));
    thief.sends(Sent.refresh().bytes(AttributeType.MOBILITY_TICKET, next)).succeeds();
    thief.sends(Sent.refresh().lifetime(0)).succeeds();
    other.assertEmpty();
  }
}
