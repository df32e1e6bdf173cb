package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Client.silence;
import static puente.turn.Sent.channelBind;
import static puente.turn.Sent.createPermission;
import static puente.turn.Sent.send;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import puente.stun.AttributeType;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Counters.Direction;
import puente.turn.Counters.Leg;

/** RFC 8656 §11: Send and Data, and ICMP; and what bounds data. */
class DataTest {

  private static final String PEER = "192.0.2.200:7000";

  private final Lab lab = new Lab(Lab.noAuth().build());
  private final Client client = lab.client("192.0.2.7:4000");

  /** RFC 8656 §11.2, §18.4: a peer and data, empty data too; anything less is dropped in silence. */
  @Test
  void sendIsWellFormed() {
    client.sends(send(PEER, "no allocation")).then(silence());
    client.allocates();
    client.sends(createPermission(PEER)).succeeds();
    client.sends(Sent.indication(Method.SEND).peer(PEER)).then(silence());
    client.sends(Sent.indication(Method.SEND).data("x")).then(silence());
    client.sends(send(PEER, "x").bytes(AttributeType.PRIORITY, (byte) 1)).then(silence());
    assertEquals(0, lab.atPeers.size());
    client.sends(send(PEER, "")).then(silence());
    client.sends(send(PEER, "odd")).then(silence());
    assertEquals(0, lab.atPeers.remove().data().length);
    assertEquals("odd", new String(lab.atPeers.remove().data()));
  }

  /** RFC 8489 §14: of an attribute that stands twice the first one counts. */
  @Test
  void theFirstPeerCounts() {
    client.allocates();
    client.sends(createPermission(PEER, "192.0.2.201:1")).succeeds();
    client.sends(Sent.indication(Method.SEND).peer(PEER).peer("192.0.2.201:1").data("x"));
    assertEquals(Lab.address(PEER), lab.atPeers.remove().to());
    assertEquals(0, lab.atPeers.size());
  }

  /** RFC 8656 §11.2, §14: DONT-FRAGMENT reaches the datagram. */
  @Test
  void dontFragmentIsPassedOn() {
    client.allocates();
    client.sends(createPermission(PEER)).succeeds();
    client.sends(send(PEER, "x").dontFragment());
    client.sends(send(PEER, "x"));
    assertTrue(lab.atPeers.remove().dontFragment());
    assertFalse(lab.atPeers.remove().dontFragment());
  }

  /** §11.3: whatever a peer sends is data, STUN messages too. */
  @Test
  void stunFromAPeerStaysData() {
    TransportAddress relayed = client.allocates();
    client.sends(createPermission(PEER)).succeeds();
    String request =
        new String(Sent.refresh().bytes(b -> {}), java.nio.charset.StandardCharsets.ISO_8859_1);
    lab.peerSends(Lab.address(PEER), relayed, "\0\1" + request.length());
    assertTrue(client.next().has(AttributeType.DATA));
    assertEquals(1, lab.server.allocations());
  }

  /** RFC 8656 §11.2, §21.1.7: the port is judged with every Send. */
  @Test
  void ourOwnListenerIsNoPeer() {
    Lab guarded =
        new Lab(
            Lab.noAuth()
                .peers(PeerPolicy.SAFE.withOwnEndpoints(java.util.List.of(Lab.SERVER)))
                .build());
    Client one = guarded.client("192.0.2.7:1");
    one.allocates();
    one.sends(createPermission("198.51.100.1:1")).succeeds();
    one.sends(send("198.51.100.1:3478", "loop")).then(silence());
    one.sends(send("198.51.100.1:22", "ssh")).then(silence());
    assertEquals(0, guarded.atPeers.size());
    assertEquals(2, guarded.counters.total(Counter.PEER_DENIED));
    one.sends(channelBind(0x4000, "198.51.100.1:3478")).refused(403);
  }

  /** Two clients of ours meet through their relays: the usual case of WebRTC. */
  @Test
  void relaysMeet() {
    Client other = lab.client("192.0.2.8:4000");
    String mine = client.allocates().toString();
    String theirs = other.allocates().toString();
    client.sends(channelBind(0x4000, theirs)).succeeds();
    other.sends(createPermission(mine)).succeeds();
    client.sendsChannelData(0x4000, "hello");
    other.receivesData(mine, "hello");
    other.sends(send(theirs.equals(mine) ? "" : mine, "and back"));
    client.receivesOnChannel(0x4000, "and back");
  }

  /** The same behind a 1:1 NAT (external-ip), which seldom lets its inside speak to its outside. */
  @Test
  void relaysMeetBehindANat() {
    TransportAddress inside = Lab.address("10.0.0.5:0");
    TransportAddress outside = Lab.address("198.51.100.9:0");
    Lab natted = new Lab(Lab.noAuth().relayAddresses(new RelayAddress(inside, outside)).build());
    Client one = natted.client("192.0.2.7:1");
    Client two = natted.client("192.0.2.8:1");
    TransportAddress relayed = one.allocates();
    assertTrue(relayed.sameIp(outside.hi(), outside.lo()));
    String mine = relayed.toString();
    String theirs = two.allocates().toString();
    one.sends(channelBind(0x4000, theirs)).succeeds();
    two.sends(createPermission(mine)).succeeds();
    one.sendsChannelData(0x4000, "hello");
    two.receivesData(mine, "hello");
    two.sends(send(mine, "and back"));
    one.receivesOnChannel(0x4000, "and back");
  }

  /** RFC 8656 §11.5, §18.13: an ICMP error about a permitted peer is told, also beside a channel. */
  @Test
  void icmpErrorsAreTold() {
    TransportAddress relayed = client.allocates();
    client.sends(channelBind(0x4000, PEER)).succeeds();
    lab.icmp(relayed, Lab.address(PEER), 3, 3, 99);
    Reply indication = client.next();
    assertEquals(Lab.address(PEER), indication.peer());
    assertEquals(
        0x0303_0000_0000L, ByteBuffer.wrap(indication.bytes(AttributeType.ICMP)).getLong());
    assertFalse(indication.has(AttributeType.DATA));

    lab.icmp(relayed, Lab.address(PEER), 3, 4, 1400);
    long tooBig = ByteBuffer.wrap(client.next().bytes(AttributeType.ICMP)).getLong();
    assertEquals(0x0304_0000_0000L | 1400, tooBig);
  }

  /** §11.5: other types, peers without a permission, and storms of the same are dropped. */
  @Test
  void otherIcmpIsDropped() {
    TransportAddress relayed = client.allocates();
    client.sends(createPermission(PEER)).succeeds();
    lab.icmp(relayed, Lab.address(PEER), 8, 0, 0);
    lab.icmp(relayed, Lab.address("192.0.2.201:1"), 3, 3, 0);
    client.receivesNothing();
    lab.icmp(relayed, Lab.address(PEER), 11, 0, 0);
    lab.icmp(relayed, Lab.address(PEER), 11, 0, 0);
    client.next();
    client.receivesNothing();
    lab.passesSeconds(1);
    lab.icmp(relayed, Lab.address(PEER), 11, 0, 0);
    client.next();
  }

  /** §5: max-bps of one allocation, each direction for itself; what is over is dropped and counted. */
  @Test
  void bandwidthIsBounded() {
    Lab slow = new Lab(Lab.noAuth().limits(Limits.STANDARD.withBytesPerSecond(1000)).build());
    Client one = slow.client("192.0.2.7:1");
    TransportAddress relayed = one.allocates();
    one.sends(channelBind(0x4000, PEER)).succeeds();
    String hundred = "x".repeat(100);
    for (int i = 0; i < 100; i++) {
      one.sendsChannelData(0x4000, hundred);
      slow.peerSends(Lab.address(PEER), relayed, hundred);
    }
    assertEquals(10, slow.atPeers.size());
    assertEquals(10, slow.inboxOf(one.tuple).size());
    assertEquals(180, slow.counters.total(Counter.BANDWIDTH_QUOTA));
    slow.passes(100);
    one.sendsChannelData(0x4000, hundred);
    assertEquals(11, slow.atPeers.size());
  }

  /** user-bps: all allocations of a user together, each direction for itself; others do not notice. */
  @Test
  void aUsersBandwidthIsBounded() {
    Lab slow = new Lab(Lab.config().build());
    slow.store.userBandwidth(64_000);
    Client one = slow.client("192.0.2.7:1").as("ana", "secreto");
    Client two = slow.client("192.0.2.7:2").as("ana", "secreto");
    Client other = slow.client("192.0.2.7:3").as("eva", "oculto");
    String kilobyte = "x".repeat(1000);
    for (Client each : List.of(one, two, other)) {
      each.allocates();
      each.sends(channelBind(0x4000, PEER)).succeeds();
    }
    for (int i = 0; i < 100; i++) {
      one.sendsChannelData(0x4000, kilobyte);
      two.sendsChannelData(0x4000, kilobyte);
    }
    assertEquals(64, slow.atPeers.size());
    assertEquals(136, slow.counters.total(Counter.USER_BANDWIDTH));
    other.sendsChannelData(0x4000, kilobyte);
    assertEquals(65, slow.atPeers.size());
    // This node's part becomes less: half of a second's worth comes back in a second.
    slow.store.bandwidths(1).values().forEach(part -> part.rate(32_000));
    slow.passesSeconds(1);
    for (int i = 0; i < 100; i++) {
      one.sendsChannelData(0x4000, kilobyte);
    }
    assertEquals(65 + 32, slow.atPeers.size());
    for (Client each : List.of(one, two, other)) {
      each.sends(Sent.refresh().lifetime(0)).succeeds();
    }
    assertEquals(0, slow.store.bandwidths(1).size());
  }

  /** Among three nodes a user begins with a third on each, before anybody has been asked. */
  @Test
  void aUserBeginsWithAnEvenPart() {
    Lab slow = new Lab(Lab.config().build());
    slow.store.userBandwidth(90_000);
    assertEquals(0, slow.store.bandwidths(3).size());
    Client one = slow.client("192.0.2.7:1").as("ana", "secreto");
    one.allocates();
    one.sends(channelBind(0x4000, PEER)).succeeds();
    for (int i = 0; i < 100; i++) {
      one.sendsChannelData(0x4000, "x".repeat(1000));
    }
    assertEquals(30, slow.atPeers.size());
  }

  /** bps-capacity of all allocations together. */
  @Test
  void capacityIsBounded() {
    Lab slow = new Lab(Lab.noAuth().limits(Limits.STANDARD.withCapacity(0x1_0000)).build());
    String kilobyte = "x".repeat(1024);
    for (int n = 1; n <= 4; n++) {
      Client each = slow.client("192.0.2.7:" + n);
      each.allocates();
      each.sends(channelBind(0x4000, PEER)).succeeds();
      for (int i = 0; i < 32; i++) {
        each.sendsChannelData(0x4000, kilobyte);
      }
    }
    assertEquals(64, slow.atPeers.size());
    slow.passesSeconds(1);
    slow.client("192.0.2.7:1").sendsChannelData(0x4000, kilobyte);
    assertEquals(65, slow.atPeers.size());
  }

  /** Bytes and packets are counted while they pass, by leg and direction. */
  @Test
  void trafficIsCountedLive() {
    TransportAddress relayed = client.allocates();
    client.sends(channelBind(0x4000, PEER)).succeeds();
    client.sendsChannelData(0x4000, "12345");
    lab.peerSends(Lab.address(PEER), relayed, "123");
    assertEquals(5, lab.counters.relayBytes(Leg.CLIENT, Direction.IN, Transport.UDP));
    assertEquals(5, lab.counters.relayBytes(Leg.PEER, Direction.OUT, Transport.UDP));
    assertEquals(3, lab.counters.relayBytes(Leg.PEER, Direction.IN, Transport.UDP));
    assertEquals(1, lab.counters.relayPackets(Leg.CLIENT, Direction.OUT, Transport.UDP));
    lab.server.forEachAllocation(
        allocation -> {
          assertEquals(5, allocation.bytesUp());
          assertEquals(3, allocation.bytesDown());
        });
  }
}
