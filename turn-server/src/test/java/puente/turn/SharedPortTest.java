package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Sent.allocate;
import static puente.turn.Sent.channelBind;
import static puente.turn.Sent.createPermission;
import static puente.turn.Sent.refresh;
import static puente.turn.Sent.send;

import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import puente.stun.AddressRange;
import puente.stun.AttributeType;
import puente.stun.Method;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationKey;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotCodec;

/** Many allocations on one relay port: whose a peer's packet is, and when it is nobody's. */
@NullUnmarked
class SharedPortTest {

  private static final String PEER = "192.0.2.200:7000";
  private static final String OTHER_PORT = "192.0.2.200:7001";
  private static final String OTHER_PEER = "192.0.2.201:7000";
  private static final long RESTS_SECONDS = 10;

  private Lab lab = new Lab(Lab.noAuth().sharedPorts(1).build());
  private Client ana = lab.client("192.0.2.7:4000");
  private Client eva = lab.client("192.0.2.8:4000");
  private TransportAddress shared;

  private void bothAllocate() {
    shared = ana.allocates();
    assertEquals(shared, eva.allocates());
    assertEquals(1, lab.portsHeld());
  }

  private void peerSends(String peer, String text) {
    lab.peerSends(Lab.address(peer), shared, text);
  }

  private Lab.AtPeer atPeer(String text) {
    Lab.AtPeer packet = lab.atPeers.remove();
    assertEquals(text, new String(packet.data()));
    return packet;
  }

  private void assertNobodyGets(Counter why) {
    assertEquals(1, lab.counters.total(why), why.name());
    ana.receivesNothing();
    eva.receivesNothing();
  }

  /** RFC 8656 §11.3, §12.7: to each what its own peer sends, by channel and by indication. */
  @Test
  void thePeerTellsWhoseItIs() {
    bothAllocate();
    ana.sends(channelBind(0x4000, PEER)).succeeds();
    eva.sends(createPermission(OTHER_PORT)).succeeds();
    eva.sends(send(OTHER_PORT, "to the other port"));
    assertEquals(shared, atPeer("to the other port").from().advertised());
    ana.sendsChannelData(0x4000, "up");
    assertEquals(shared, atPeer("up").from().advertised());
    peerSends(PEER, "for ana");
    peerSends(OTHER_PORT, "for eva");
    ana.receivesOnChannel(0x4000, "for ana");
    eva.receivesData(OTHER_PORT, "for eva");
    ana.receivesNothing();
    eva.receivesNothing();
  }

  /** RFC 8656 §9: of a peer that nobody has sent to, it is the only one's who permits its address. */
  @Test
  void onePermissionIsEnough() {
    bothAllocate();
    ana.sends(createPermission(PEER)).succeeds();
    eva.sends(createPermission(OTHER_PEER)).succeeds();
    peerSends(OTHER_PORT, "for ana");
    peerSends(OTHER_PEER, "for eva");
    ana.receivesData(OTHER_PORT, "for ana");
    eva.receivesData(OTHER_PEER, "for eva");
    peerSends("192.0.2.202:1", "stranger");
    assertNobodyGets(Counter.NO_PERMISSION);
  }

  @Test
  void ofTwoPermissionsNoneIsEnough() {
    bothAllocate();
    ana.sends(createPermission(PEER)).succeeds();
    eva.sends(createPermission(PEER)).succeeds();
    peerSends(PEER, "for whom?");
    assertNobodyGets(Counter.AMBIGUOUS_PEER);
    eva.sends(send(PEER, "it is me"));
    atPeer("it is me");
    peerSends(PEER, "for eva");
    eva.receivesData(PEER, "for eva");
    ana.receivesNothing();
  }

  /** RFC 8656 §9: that the peer is its own does not outlast the permission. */
  @Test
  void withoutAPermissionNothingComesIn() {
    bothAllocate();
    ana.sends(createPermission(PEER)).succeeds();
    ana.sends(send(PEER, "up"));
    lab.passesSeconds(300);
    peerSends(PEER, "too late");
    assertNobodyGets(Counter.NO_PERMISSION);
    ana.sends(channelBind(0x4000, OTHER_PEER)).succeeds();
    lab.passesSeconds(299);
    ana.sends(refresh()).succeeds();
    lab.passesSeconds(2);
    peerSends(OTHER_PEER, "the channel stands, the permission does not");
    ana.receivesNothing();
  }

  /** The second one who wants a peer reaches it from a port of its own, and is reached there. */
  @Test
  void aPeerIsOneAllocationsAlone() {
    bothAllocate();
    ana.sends(channelBind(0x4000, PEER)).succeeds();
    eva.sends(channelBind(0x4001, PEER)).succeeds();
    assertEquals(2, lab.portsHeld());
    eva.sendsChannelData(0x4001, "from eva");
    TransportAddress own = atPeer("from eva").from().local();
    assertNotEquals(shared, own);
    peerSends(PEER, "for ana");
    lab.peerSends(Lab.address(PEER), own, "for eva");
    ana.receivesOnChannel(0x4000, "for ana");
    eva.receivesOnChannel(0x4001, "for eva");
    lab.peerSends(Lab.address(OTHER_PEER), own, "not permitted");
    assertNobodyGets(Counter.NO_PERMISSION);

    // Its other peers see the relayed address that the client was told.
    eva.sends(channelBind(0x4002, OTHER_PEER)).succeeds();
    eva.sendsChannelData(0x4002, "elsewhere");
    assertEquals(shared, atPeer("elsewhere").from().local());

    // A peer does not see another address only because the first one is gone.
    ana.sends(refresh().lifetime(0)).succeeds();
    lab.passesSeconds(2 * RESTS_SECONDS);
    eva.sends(send(PEER, "still from eva"));
    assertEquals(own, atPeer("still from eva").from().local());
    eva.sends(refresh().lifetime(0)).succeeds();
    assertEquals(1, lab.portsHeld());
    assertTrue(lab.open.isEmpty());
  }

  @Test
  void aSendIndicationFindsThePeerTaken() {
    bothAllocate();
    ana.sends(createPermission(PEER)).succeeds();
    eva.sends(createPermission(PEER)).succeeds();
    ana.sends(send(PEER, "first"));
    assertEquals(shared, atPeer("first").from().local());
    // The private port is being opened when it goes out: it is lost, as a datagram may be.
    eva.sends(send(PEER, "lost"));
    assertEquals(1, lab.counters.total(Counter.NO_PRIVATE_PORT));
    eva.sends(send(PEER, "second"));
    assertNotEquals(shared, atPeer("second").from().local());
  }

  /** Late packets reach nobody else, however long the peer goes on; see {@code port-quarantine}. */
  @Test
  void aPeerRestsBeforeItIsAnothers() {
    bothAllocate();
    ana.sends(createPermission(PEER)).succeeds();
    ana.sends(send(PEER, "up"));
    atPeer("up");
    ana.sends(refresh().lifetime(0)).succeeds();
    eva.sends(createPermission(PEER)).succeeds();
    for (int second = 0; second < 30; second++) {
      peerSends(PEER, "still talking to ana");
      peerSends(OTHER_PORT, "so is another port of the same host");
      lab.passesSeconds(1);
    }
    eva.receivesNothing();
    eva.sends(createPermission(PEER)).succeeds();
    lab.passesSeconds(RESTS_SECONDS + 2);
    peerSends(PEER, "quiet long enough");
    eva.receivesData(PEER, "quiet long enough");
    eva.sends(send(PEER, "mine"));
    assertEquals(shared, atPeer("mine").from().local());
  }

  @Test
  void whoPermitsAPeerAgainGoesOnWithIt() {
    bothAllocate();
    ana.sends(createPermission(PEER)).succeeds();
    ana.sends(send(PEER, "up"));
    lab.passesSeconds(300);
    ana.sends(createPermission(PEER)).succeeds();
    peerSends(PEER, "again");
    ana.receivesData(PEER, "again");
    ana.sends(send(PEER, "up again"));
    atPeer("up");
    assertEquals(shared, atPeer("up again").from().local());
  }

  /** {@code max-channels} bounds the peers that are its own; more are reached by a private port. */
  @Test
  void peersOnASharedPortAreBounded() {
    lab = new Lab(Lab.noAuth().limits(Limits.STANDARD.withPeers(8, 2)).sharedPorts(1).build());
    ana = lab.client("192.0.2.7:4000");
    shared = ana.allocates();
    ana.sends(createPermission(PEER)).succeeds();
    for (int port = 1; port <= 5; port++) {
      ana.sends(send("192.0.2.200:" + port, "up"));
      if (port == 3) {
        ana.sends(send("192.0.2.200:3", "up"));
      }
    }
    assertEquals(
        List.of(true, true, false, false, false),
        lab.atPeers.stream().map(packet -> packet.from().local().equals(shared)).toList());
    ana.sends(refresh().lifetime(0)).succeeds();
    lab.passesSeconds(2 * RESTS_SECONDS);
    ana.allocates();
    ana.sends(createPermission(PEER)).succeeds();
    lab.atPeers.clear();
    ana.sends(send(PEER, "up"));
    assertEquals(shared, atPeer("up").from().local());
  }

  /** RFC 8656 §7.2: who wants a certain port gets one of its own; a family more is shared, too. */
  @Test
  void someWantAPortOfTheirOwn() {
    bothAllocate();
    TransportAddress even = lab.client("192.0.2.9:1").allocates(allocate().evenPort(true));
    assertNotEquals(shared, even);
    assertEquals(3, lab.portsHeld());
    Client dual = lab.client("192.0.2.10:1");
    assertEquals(shared, dual.allocates(allocate().additionalFamily(2)));
    Client six = lab.client("192.0.2.11:1");
    TransportAddress ipv6 = six.allocates(allocate().family(2));
    assertEquals(4, lab.portsHeld());
    dual.sends(createPermission("[2001:db8::1]:1")).succeeds();
    lab.peerSends(Lab.address("[2001:db8::1]:9"), ipv6, "for dual");
    dual.receivesData("[2001:db8::1]:9", "for dual");
    six.receivesNothing();
  }

  /** RFC 8656 §12.2: 508 where there is neither the shared port nor another one for this peer. */
  @Test
  void aRangeMayBeUsedUp() {
    lab = new Lab(Lab.noAuth().ports(50_000, 50_000).sharedPorts(1).build());
    ana = lab.client("192.0.2.7:4000");
    eva = lab.client("192.0.2.8:4000");
    bothAllocate();
    lab.client("192.0.2.9:1").sends(allocate().evenPort(false)).refused(508);
    ana.sends(channelBind(0x4000, PEER)).succeeds();
    eva.sends(channelBind(0x4000, PEER)).refused(508);
    eva.sends(createPermission(PEER)).succeeds();
    eva.sends(send(PEER, "no way"));
    assertEquals(1, lab.counters.total(Counter.NO_PRIVATE_PORT));
    assertTrue(lab.atPeers.isEmpty());
    eva.sends(channelBind(0x4000, OTHER_PEER)).succeeds();
  }

  @Test
  void aPortThatCannotBeBoundIsAnother() {
    for (int port = 50_000; port < 50_004; port++) {
      lab.portsOfOthers.add(port);
    }
    Lab other = new Lab(Lab.noAuth().ports(50_000, 50_007).sharedPorts(1).build());
    other.portsOfOthers.addAll(lab.portsOfOthers);
    lab = other;
    ana = lab.client("192.0.2.7:4000");
    eva = lab.client("192.0.2.8:4000");
    shared = ana.allocates();
    assertTrue(shared.port() > 50_003);
    assertEquals(shared, eva.allocates());
    ana.sends(createPermission(PEER)).succeeds();
    eva.sends(createPermission(PEER)).succeeds();
    ana.sends(send(PEER, "first"));
    atPeer("first");
    for (int i = 0; i < 10; i++) {
      eva.sends(send(PEER, "second"));
    }
    assertNotEquals(shared, atPeer("second").from().local());
    assertEquals(2, lab.portsHeld());
  }

  /** RFC 8656 §11.5: an error about a datagram is for whoever has sent it. */
  @Test
  void icmpIsForWhoHasSent() {
    bothAllocate();
    ana.sends(createPermission(PEER)).succeeds();
    eva.sends(createPermission(PEER)).succeeds();
    eva.sends(send(PEER, "up"));
    lab.icmp(shared, Lab.address(PEER), 3, 3, 0);
    assertEquals(Lab.address(PEER), eva.next().peer());
    ana.receivesNothing();
  }

  /** What it sends to the port itself would come back to it, and is for another on that port. */
  @Test
  void thePortItselfIsNobodysPeer() {
    lab =
        new Lab(
            Lab.noAuth()
                .sharedPorts(1)
                .peers(PeerPolicy.SAFE.withAllowed(AddressRange.parse("198.51.100.1")))
                .build());
    ana = lab.client("192.0.2.7:4000");
    eva = lab.client("192.0.2.8:4000");
    bothAllocate();
    ana.sends(channelBind(0x4000, shared.toString())).succeeds();
    ana.sendsChannelData(0x4000, "to whoever is there");
    assertNotEquals(shared, atPeer("to whoever is there").from().local());
  }

  /**
   * RFC 8445 §7.2.2: who has sent a check by a name gets the checks for that name, whatever other
   * allocation its sender's address is; and nobody without a permission does.
   */
  @Test
  void checksOfIceAreToldByTheirNames() {
    bothAllocate();
    ana.sends(createPermission(PEER)).succeeds();
    eva.sends(createPermission(PEER)).succeeds();
    peerChecks(PEER, "ana:peer");
    assertNobodyGets(Counter.AMBIGUOUS_PEER);
    ana.sends(check(OTHER_PORT, "peer:ana"));
    eva.sends(channelBind(0x4000, OTHER_PORT)).succeeds();
    eva.sendsChannelData(0x4000, check("peer:eva"));
    eva.sends(check(PEER, "peer:eva"));
    peerChecks(PEER, "ana:peer");
    assertEquals(Lab.address(PEER), ana.next().peer());
    eva.receivesNothing();
    peerChecks(OTHER_PORT, "eva:peer");
    assertEquals(0x4000, lab.inboxOf(eva.tuple).remove().channel());
    ana.receivesNothing();
    peerChecks(OTHER_PEER, "ana:peer");
    assertNobodyGets(Counter.NO_PERMISSION);
    peerSends(PEER, "no check: for whose peer it is");
    eva.receivesData(PEER, "no check: for whose peer it is");

    // Nobody takes another's checks by its name.
    eva.sends(createPermission("192.0.2.202:1")).succeeds();
    ana.sends(createPermission("192.0.2.202:1")).succeeds();
    eva.sends(check("192.0.2.202:1", "peer:ana"));
    peerChecks("192.0.2.202:2", "ana:peer");
    ana.receivesNothing();
    eva.receivesNothing();
  }

  private void peerChecks(String peer, String username) {
    lab.peerSends(Lab.address(peer), shared, check(username));
  }

  private static Sent check(String peer, String username) {
    return Sent.indication(Method.SEND).peer(peer).bytes(AttributeType.DATA, check(username));
  }

  private static byte[] check(String username) {
    return Sent.request(Method.BINDING)
        .bytes(AttributeType.PRIORITY, new byte[4])
        .bytes(AttributeType.USERNAME, username.getBytes())
        .bytes(b -> {});
  }

  /** After a restart: the same port, the same peers, and the private port beside it. */
  @Test
  void allComesBack() {
    bothAllocate();
    ana.sends(channelBind(0x4000, PEER)).succeeds();
    eva.sends(channelBind(0x4001, PEER)).succeeds();
    eva.sends(createPermission(OTHER_PEER)).succeeds();
    ana.sends(createPermission(OTHER_PEER)).succeeds();
    eva.sends(send(OTHER_PEER, "up"));
    eva.sendsChannelData(0x4001, "up");
    atPeer("up");
    TransportAddress own = atPeer("up").from().local();
    byte[] privately = SnapshotCodec.encode(asPrivate(lab.snapshots().get(0)));

    lab.restartsWithAll();
    assertEquals(2, lab.portsHeld());
    assertEquals(Restored.PORT_TAKEN, lab.restores(privately));
    peerSends(PEER, "for ana");
    peerSends(OTHER_PEER, "for eva");
    lab.peerSends(Lab.address(PEER), own, "for eva, too");
    ana.receivesOnChannel(0x4000, "for ana");
    eva.receivesData(OTHER_PEER, "for eva");
    eva.receivesOnChannel(0x4001, "for eva, too");
    ana.sends(send(OTHER_PEER, "not from the shared port"));
    ana.sends(send(OTHER_PEER, "not from the shared port"));
    assertNotEquals(shared, atPeer("not from the shared port").from().local());
    eva.sendsChannelData(0x4001, "up");
    assertEquals(own, atPeer("up").from().local());
    Client third = lab.client("192.0.2.9:1");
    assertEquals(shared, third.allocates());
  }

  private static Snapshot asPrivate(byte[] bytes) {
    Snapshot of = SnapshotCodec.decode(bytes);
    return new Snapshot(
        new AllocationKey(of.key().transport(), Lab.address("192.0.2.99:1"), of.key().server()),
        of.node(),
        of.epoch(),
        of.revision(),
        of.login(),
        of.birth(),
        of.relays().stream()
            .map(
                relay ->
                    new Snapshot.RelayState(relay.local(), relay.advertised(), relay.expiresMs()))
            .toList(),
        List.of(),
        List.of());
  }

  /** A private port is not shared by whoever says that it was. */
  @Test
  void aPrivatePortStaysPrivate() {
    bothAllocate();
    byte[] one = lab.snapshots().get(0);
    byte[] privately = SnapshotCodec.encode(asPrivate(one));
    lab.restarts();
    assertEquals(Restored.YES, lab.restores(privately));
    assertEquals(Restored.PORT_TAKEN, lab.restores(one));
  }
}
