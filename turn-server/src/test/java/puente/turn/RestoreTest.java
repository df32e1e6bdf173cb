package puente.turn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import puente.stun.AddressRange;
import puente.stun.Family;
import puente.stun.Method;
import puente.stun.PasswordAlgorithm;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;
import puente.turn.store.LocalStore;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotCodec;

/** A server dies, another goes on: clients and peers notice nothing but the gap. */
@NullUnmarked
class RestoreTest {

  private static final String PEER = "192.0.2.80:7000";
  private static final String OTHER_PEER = "192.0.2.81:7001";

  private Lab lab = new Lab(Lab.config().build());

  @Test
  void dataPassesAtOnceBothWays() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    TransportAddress relayed = ana.allocates();
    ana.sends(Sent.channelBind(0x4001, PEER)).succeeds();
    ana.sends(Sent.createPermission(OTHER_PEER)).succeeds();
    lab.passesSeconds(20);
    lab.restartsWithAll();

    ana.sendsChannelData(0x4001, "up");
    Lab.AtPeer up = lab.atPeers.remove();
    assertEquals("up", new String(up.data()));
    assertEquals(relayed, up.from().advertised());
    lab.peerSends(Lab.address(PEER), relayed, "down");
    ana.receivesOnChannel(0x4001, "down");

    ana.sends(Sent.send(OTHER_PEER, "up2"));
    assertEquals("up2", new String(lab.atPeers.remove().data()));
    lab.peerSends(Lab.address("192.0.2.81:9"), relayed, "down2");
    ana.receivesData("192.0.2.81:9", "down2");
    lab.peerSends(Lab.address("192.0.2.82:9"), relayed, "stranger");
    ana.receivesNothing();
  }

  /** RFC 8489 §9.2.4: the nonce is as good as before, and so is only the right password. */
  @Test
  void credentialsAreStillVerified() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    ana.allocates();
    lab.restartsWithAll();
    Client eva = lab.client("192.0.2.7:4000").as("eva", "oculto");
    eva.sends(Sent.refresh()).refused(441);
    Client thief = lab.client("192.0.2.7:4000").as("ana", "guessed");
    thief.sends(Sent.refresh()).refused(401);
    ana.sends(Sent.refresh()).succeeds();
    ana.sends(Sent.channelBind(0x4001, PEER)).succeeds();
  }

  @Test
  void loginsOfEveryKindGoOn() {
    Client sha256 =
        lab.client("192.0.2.7:4000").as("ana", "secreto").with(PasswordAlgorithm.SHA_256);
    String name = (lab.now / 1000 + 60) + ":rest";
    Client rest =
        lab.client("192.0.2.8:4000").as(name, Credentials.ephemeralPassword("south", name));
    sha256.allocates();
    rest.allocates();
    lab.passesSeconds(90);
    lab.restartsWithAll();
    Reply reply = sha256.sends(Sent.refresh()).succeeds();
    assertTrue(sha256.trusts(reply));
    // The credential has expired, but it keeps the allocation that it made.
    rest.sends(Sent.refresh()).succeeds();
  }

  /** RFC 8656 §5: the answer may have been lost together with the server. */
  @Test
  void aRetransmittedAllocateIsAnsweredTheSame() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    byte[] first = ana.sends(Sent.allocate().lifetime(1200).evenPort(true)).bytes();
    lab.passesSeconds(3);
    lab.restartsWithAll();
    assertArrayEquals(first, ana.retransmits().bytes());
    ana.sends(Sent.allocate()).refused(437);
  }

  @Test
  void aDualAllocationComesBackWhole() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    byte[] born = ana.sends(Sent.allocate().additionalFamily(2)).bytes();
    lab.restartsWithAll();
    assertEquals(2, lab.open.size());
    assertArrayEquals(born, ana.retransmits().bytes());
    lab.passesSeconds(300);
    ana.sends(Sent.refresh().family(Family.IPV6)).succeeds();
    lab.restartsWithAll();
    lab.passesSeconds(301);
    assertEquals(1, lab.open.size());
    ana.as("ana", "secreto");
    ana.sends(Sent.createPermission("[2001:db8::1]:0")).succeeds();
  }

  @Test
  void lifetimesAreWhatWasLeft() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    TransportAddress relayed = ana.allocates();
    ana.sends(Sent.channelBind(0x4001, PEER)).succeeds();
    lab.passesSeconds(290);
    List<byte[]> snapshots = lab.snapshots();
    lab.passesSeconds(8);
    lab.restarts();
    lab.restores(snapshots.get(0));
    lab.passesSeconds(1);
    lab.peerSends(Lab.address(PEER), relayed, "in time");
    ana.receivesOnChannel(0x4001, "in time");
    lab.passesSeconds(2);
    lab.peerSends(Lab.address(PEER), relayed, "too late");
    ana.receivesNothing();
    ana.sends(Sent.createPermission(PEER)).succeeds();
    lab.peerSends(Lab.address(PEER), relayed, "again");
    ana.receivesOnChannel(0x4001, "again");
    lab.passesSeconds(300);
    lab.assertEmpty();
  }

  @Test
  void whatHasExpiredStaysDead() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    ana.allocates();
    List<byte[]> snapshots = lab.snapshots();
    lab.restarts();
    lab.passesSeconds(600);
    assertEquals(Restored.EXPIRED, lab.restores(snapshots.get(0)));
    lab.assertEmpty();
  }

  @Test
  void nobodyIsPushedAside() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    ana.allocates();
    byte[] snapshot = lab.snapshots().get(0);
    assertEquals(Restored.TUPLE_TAKEN, lab.restores(snapshot));
    lab.passesSeconds(1);
    lab.restarts();
    assertEquals(Restored.YES, lab.restores(snapshot));
    Snapshot same = SnapshotCodec.decode(snapshot);
    Snapshot twin =
        new Snapshot(
            new AllocationKey(Transport.UDP, Lab.address("192.0.2.9:1"), Lab.SERVER),
            "node",
            same.epoch(),
            same.revision(),
            same.login(),
            same.birth(),
            same.relays(),
            List.of(),
            List.of());
    assertEquals(Restored.PORT_TAKEN, lab.restores(SnapshotCodec.encode(twin)));
    assertEquals(1, lab.server.allocations());
  }

  @Test
  void anotherConfigurationDecides() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    TransportAddress relayed = ana.allocates();
    ana.sends(Sent.channelBind(0x4001, PEER)).succeeds();
    ana.sends(Sent.channelBind(0x4002, OTHER_PEER)).succeeds();
    byte[] snapshot = lab.snapshots().get(0);

    lab.restarts(Lab.noAuth().build(), 0, 1);
    assertEquals(Restored.OTHER_AUTHENTICATION, lab.restores(snapshot));
    lab.restarts(Lab.config().relayAddresses(new RelayAddress(Lab.RELAY_IPV6)).build(), 0, 1);
    assertEquals(Restored.NO_SUCH_ADDRESS, lab.restores(snapshot));
    lab.restarts(Lab.config().ports(1024, 1025).build(), 0, 1);
    assertEquals(Restored.NO_SUCH_ADDRESS, lab.restores(snapshot));
    lab.assertEmpty();

    PeerPolicy stricter = PeerPolicy.SAFE.withAllowed(AddressRange.parse("192.0.2.81"));
    lab.restarts(Lab.config().peers(stricter).build(), 0, 1);
    assertEquals(Restored.YES, lab.restores(snapshot));
    ana.sendsChannelData(0x4001, "denied now");
    ana.sendsChannelData(0x4002, "allowed");
    assertEquals("allowed", new String(lab.atPeers.remove().data()));
    lab.peerSends(Lab.address(PEER), relayed, "denied now");
    ana.receivesNothing();
    assertTrue(lab.atPeers.isEmpty());
  }

  /** RFC 8656 §7.2, step 10: counted by the store, though never refused. */
  @Test
  void quotasCountWhatCameBack() {
    lab = new Lab(Lab.config().build(), new LocalStore.Quotas(2, 0, 0, 0));
    Client first = lab.client("192.0.2.7:1").as("ana", "secreto");
    Client second = lab.client("192.0.2.7:2").as("ana", "secreto");
    first.allocates();
    second.allocates();
    lab.restartsWithAll();
    assertEquals(2, lab.store.size());
    Client third = lab.client("192.0.2.7:3").as("ana", "secreto");
    third.sends(Sent.allocate()).refused(486);
    first.sends(Sent.refresh().lifetime(0)).succeeds();
    third.allocates();
    second.sends(Sent.refresh().lifetime(0)).succeeds();
    third.sends(Sent.refresh().lifetime(0)).succeeds();
    lab.passesSeconds(60);
    lab.assertEmpty();
  }

  @Test
  void aPortThatIsAnothersEndsItInSilence() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    TransportAddress relayed = ana.allocates();
    byte[] snapshot = lab.snapshots().get(0);
    lab.restarts();
    lab.portsOfOthers.add(relayed.port());
    lab.restores(snapshot);
    ana.receivesNothing();
    lab.passesSeconds(60);
    lab.assertEmpty();
    ana.sends(Sent.refresh()).refused(437);
  }

  @Test
  void everyChangeIsKept() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    ana.allocates(Sent.allocate().additionalFamily(2));
    assertKept(1);
    ana.sends(Sent.refresh()).succeeds();
    assertKept(2);
    ana.sends(Sent.createPermission(PEER)).succeeds();
    assertKept(3);
    ana.sends(Sent.createPermission("127.0.0.1:1")).refused(403);
    assertEquals(0, lab.changed.size());
    ana.sends(Sent.channelBind(0x4000, PEER)).succeeds();
    assertKept(4);
    ana.sends(Sent.refresh().family(Family.IPV6).lifetime(0)).succeeds();
    assertKept(5);
    ana.sendsChannelData(0x4000, "x");
    lab.atPeers.clear();
    assertEquals(0, lab.changed.size());
  }

  @Test
  void anUnknownClientIsClaimedOnce() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    ana.allocates();
    ana.sends(Sent.channelBind(0x4001, PEER)).succeeds();
    Snapshot snapshot = SnapshotCodec.decode(lab.snapshots().get(0));
    lab.restarts(Lab.config().claims(true).build(), 0, 1);
    ana.sends(Sent.refresh()).silence();
    ana.sendsChannelData(0x4001, "x");
    ana.retransmits().silence();
    assertEquals(List.of(ana.tuple), lab.claimed);
    lab.server.onAnswer(
        new AllocationStore.Claimed(ana.tuple, snapshot.ownedBy("me", 9)), lab.now, lab);
    lab.settle();
    ana.retransmits().succeeds();
    ana.sendsChannelData(0x4001, "x");
    assertEquals(1, lab.atPeers.size());
    assertEquals(1, lab.store.size());
  }

  @Test
  void whomNobodyKnowsIsToldSoForAWhile() {
    lab = new Lab(Lab.config().claims(true).build());
    Client ana = lab.client("192.0.2.7:4000");
    ana.as("ana", "secreto");
    ana.sends(Sent.refresh()).silence();
    lab.server.onAnswer(new AllocationStore.Unclaimed(ana.tuple), lab.now, lab);
    ana.retransmits().refused(437);
    assertEquals(1, lab.claimed.size());
    lab.passesSeconds(6);
    ana.sends(Sent.refresh()).silence();
    assertEquals(2, lab.claimed.size());
    ana.sends(Sent.allocate()).succeeds();
  }

  @Test
  void whoCannotBeAnsweredYetIsAskedAboutAgain() {
    lab = new Lab(Lab.config().claims(true).build());
    Client ana = lab.client("192.0.2.7:4000");
    ana.as("ana", "secreto");
    ana.sends(Sent.refresh()).silence();
    lab.server.onAnswer(new AllocationStore.Undecided(ana.tuple), lab.now, lab);
    ana.retransmits().silence();
    assertEquals(2, lab.claimed.size());
  }

  @Test
  void aFloodOfStrangersIsBounded() {
    lab = new Lab(Lab.config().claims(true).build());
    for (int i = 0; i < 20_000; i++) {
      lab.client("192.0.2." + i % 250 + ":" + (1024 + i)).sendsChannelData(0x4000, "x");
    }
    assertEquals(5000, lab.claimed.size());
    lab.assertEmpty();
  }

  @Test
  void somebodyElsesClientIsLeftToThem() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    lab.others = packet -> Effects.Whereabouts.GIVEN;
    ana.sends(Sent.refresh()).silence();
    ana.sends(Sent.allocate()).silence();
    ana.sends(Sent.request(Method.BINDING)).succeeds();
    lab.others = packet -> Effects.Whereabouts.NOWHERE;
    ana.allocates();
    lab.others = packet -> Effects.Whereabouts.GIVEN;
    ana.sends(Sent.refresh()).succeeds();
  }

  /** The owner may live, or be dead: both are asked at once, and the first answer counts. */
  @Test
  void theStoreIsAskedWhileTheOtherNodesAre() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    ana.allocates();
    Snapshot snapshot = SnapshotCodec.decode(lab.snapshots().get(0));
    lab.restarts(Lab.config().claims(true).build(), 0, 1);
    lab.others = packet -> Effects.Whereabouts.ASKED;
    ana.sendsChannelData(0x4001, "x");
    ana.sends(Sent.refresh()).silence();
    assertEquals(List.of(ana.tuple), lab.claimed);
    lab.server.onAnswer(
        new AllocationStore.Claimed(ana.tuple, snapshot.ownedBy("me", 9)), lab.now, lab);
    lab.settle();
    ana.retransmits().succeeds();
  }

  /** The journal may know less than the cluster: what lives longer counts, whoever says so. */
  @Test
  void aNewerRecordAddsToWhatTheJournalGaveBack() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    TransportAddress relayed = ana.allocates();
    ana.sends(Sent.createPermission(PEER)).succeeds();
    byte[] journal = lab.snapshots().get(0);
    lab.passesSeconds(100);
    ana.sends(Sent.channelBind(0x4001, OTHER_PEER)).succeeds();
    ana.sends(Sent.createPermission(PEER)).succeeds();
    ana.sends(Sent.refresh()).succeeds();
    byte[] cluster = lab.snapshots().get(0);
    lab.restarts();
    assertEquals(Restored.YES, lab.restores(journal));
    // Between the two the client has gone on.
    ana.sends(Sent.createPermission("192.0.2.90:1")).succeeds();
    assertEquals(Restored.TUPLE_TAKEN, lab.restores(cluster));
    lab.peerSends(Lab.address(OTHER_PEER), relayed, "by channel");
    ana.receivesOnChannel(0x4001, "by channel");
    lab.passesSeconds(290);
    lab.peerSends(Lab.address(PEER), relayed, "permitted later");
    ana.receivesData(PEER, "permitted later");
    lab.passesSeconds(305);
    assertEquals(1, lab.server.allocations());
    lab.passesSeconds(6);
    assertEquals(0, lab.server.allocations());
  }

  /** What is known of a former allocation of the client's is not this one's. */
  @Test
  void anOlderAllocationTeachesNothing() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    ana.allocates();
    ana.sends(Sent.channelBind(0x4001, PEER)).succeeds();
    byte[] former = lab.snapshots().get(0);
    ana.sends(Sent.refresh().lifetime(0)).succeeds();
    lab.passesSeconds(1);
    ana.allocates();
    assertEquals(Restored.TUPLE_TAKEN, lab.restores(former));
    ana.sendsChannelData(0x4001, "x");
    assertTrue(lab.atPeers.isEmpty());
  }

  /** A standby has the address of another machine in its configuration, and may be given it. */
  @Test
  void nothingNewIsMadeOnAnAddressThatIsElsewhere() {
    Client ana = lab.client("192.0.2.7:4000").as("ana", "secreto");
    ana.allocates();
    byte[] snapshot = lab.snapshots().get(0);
    lab.restarts();
    lab.server.absent(Set.of(Lab.RELAY_IPV4));
    Client eva = lab.client("192.0.2.8:4000").as("eva", "oculto");
    eva.sends(Sent.allocate()).refused(508);
    assertEquals(Restored.YES, lab.restores(snapshot));
    lab.server.absent(Set.of());
    Client leo = lab.client("192.0.2.9:4000").as("ana", "secreto");
    leo.allocates();
  }

  private void assertKept(long revision) {
    assertEquals(1, lab.changed.size());
    Allocation allocation = lab.changed.iterator().next();
    assertEquals(revision, lab.server.snapshotOf(allocation, "node").revision());
    lab.changed.clear();
  }
}
