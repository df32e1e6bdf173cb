package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Client.refused;
import static puente.turn.Client.silence;
import static puente.turn.Sent.channelBind;
import static puente.turn.Sent.createPermission;
import static puente.turn.Sent.refresh;
import static puente.turn.Sent.send;

import org.junit.jupiter.api.Test;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/** RFC 8656 §12: channels. */
class ChannelTest {

  private static final String PEER = "192.0.2.200:7000";

  private final Lab lab = new Lab(Lab.noAuth().limits(Limits.STANDARD.withPeers(8, 4)).build());
  private final Client client = lab.client("192.0.2.7:4000");

  /** RFC 8656 §12.2, §18.1: CHANNEL-NUMBER and XOR-PEER-ADDRESS, whole, and a number that is a channel's. */
  @Test
  void channelBindIsWellFormed() {
    client.sends(channelBind(0x4000, PEER)).then(refused(437));
    client.allocates();
    client.sends(Sent.request(Method.CHANNEL_BIND).peer(PEER)).then(refused(400));
    client.sends(Sent.request(Method.CHANNEL_BIND).channel(0x4000)).then(refused(400));
    for (int number : new int[] {0, 0x3fff, 0x5000, 0x7fff, 0xffff}) {
      client.sends(channelBind(number, PEER)).then(refused(400));
    }
    client.sends(channelBind(0x4fff, PEER)).succeeds();
  }

  /** RFC 5766 §11: old clients may be let use what RFC 8656 §12 reserves, and nothing beyond. */
  @Test
  void oldChannelNumbers() {
    Lab old = new Lab(Lab.noAuth().rfc5766Channels(true).build());
    Client uclient = old.client("192.0.2.7:4000");
    uclient.allocates();
    uclient.sends(channelBind(0x8000, PEER)).then(refused(400));
    uclient.sends(channelBind(0x7fff, PEER)).succeeds();
    uclient.sendsChannelData(0x7fff, "through");
    assertEquals(1, old.atPeers.size());
  }

  /** §12.2: neither the number nor the peer may be bound otherwise; the same again refreshes. */
  @Test
  void aChannelIsBoundToOnePeerAndBack() {
    client.allocates();
    client.sends(channelBind(0x4000, PEER)).succeeds();
    client.sends(channelBind(0x4000, "192.0.2.201:7000")).then(refused(400));
    client.sends(channelBind(0x4000, "192.0.2.200:7001")).then(refused(400));
    client.sends(channelBind(0x4001, PEER)).then(refused(400));
    client.sends(channelBind(0x4000, PEER)).succeeds();
    client.sends(channelBind(0x4001, "192.0.2.200:7001")).succeeds();
    assertEquals(2, lab.counters.channels());
    assertEquals(1, lab.counters.permissions());
  }

  /** §12.2: 443 and 403. */
  @Test
  void thePeerIsJudged() {
    client.allocates();
    client.sends(channelBind(0x4000, "[2001:db8::9]:1")).then(refused(443));
    client.sends(channelBind(0x4000, "127.0.0.1:1")).then(refused(403));
    client.sends(channelBind(0x4000, "192.0.2.200:0")).then(refused(403));
    assertEquals(0, lab.counters.permissions());
  }

  /** §12.6, §12.7: both ways, empty ones too (§12.6, last paragraph). */
  @Test
  void dataPassesBothWays() {
    TransportAddress relayed = client.allocates();
    client.sends(channelBind(0x4000, PEER)).succeeds();
    client.sendsChannelData(0x4000, "hello");
    client.sendsChannelData(0x4000, "");
    assertEquals("hello", new String(lab.atPeers.remove().data()));
    assertEquals(0, lab.atPeers.remove().data().length);

    lab.peerSends(Lab.address(PEER), relayed, "back");
    client.receivesOnChannel(0x4000, "back");
    lab.peerSends(Lab.address("192.0.2.200:7001"), relayed, "other port");
    client.receivesData("192.0.2.200:7001", "other port");
  }

  /** §12.5: data may be sent with Send all the same; what comes back is ChannelData. */
  @Test
  void sendMayBeUsedBeside() {
    TransportAddress relayed = client.allocates();
    client.sends(channelBind(0x4000, PEER)).succeeds();
    client.sends(send(PEER, "by indication")).then(silence());
    assertEquals(1, lab.atPeers.size());
    lab.peerSends(Lab.address(PEER), relayed, "back");
    client.receivesOnChannel(0x4000, "back");
  }

  /** §12.6: unbound, reserved numbers, too short a packet, no allocation: silence. */
  @Test
  void badChannelDataIsDropped() {
    client.sendsChannelData(0x4000, "no allocation");
    client.allocates();
    client.sendsChannelData(0x4000, "not bound");
    client.sends(channelBind(0x4000, PEER)).succeeds();
    client.sendsChannelData(0x4001, "not bound");
    client.sendsChannelData(0x5000, "reserved");
    client.sendsBytes((byte) 0x40, (byte) 0, (byte) 0, (byte) 5, (byte) 1).then(silence());
    client.sendsBytes((byte) 0x40, (byte) 0).then(silence());
    assertEquals(0, lab.atPeers.size());
    assertEquals(3, lab.counters.total(Counter.NO_CHANNEL));
    assertEquals(2, lab.counters.total(Counter.BAD_INDICATION));
  }

  /** §12.5: over UDP padding is allowed, and not relayed. */
  @Test
  void onlyTheStatedLengthIsRelayed() {
    client.allocates();
    client.sends(channelBind(0x4000, PEER)).succeeds();
    client.sendsBytes(
        (byte) 0x40, (byte) 0, (byte) 0, (byte) 1, (byte) 'x', (byte) 0, (byte) 0, (byte) 0);
    assertEquals("x", new String(lab.atPeers.remove().data()));
  }

  /** §12.1: permissions must be refreshed more often than channels; data refreshes neither. */
  @Test
  void aChannelNeedsItsPermission() {
    TransportAddress relayed = client.allocates(Sent.allocate().lifetime(3600));
    client.sends(channelBind(0x4000, PEER)).succeeds();
    lab.passesSeconds(299);
    client.sendsChannelData(0x4000, "in time");
    assertEquals(1, lab.atPeers.size());
    lab.passesSeconds(1);
    client.sendsChannelData(0x4000, "too late");
    lab.peerSends(Lab.address(PEER), relayed, "too late");
    assertEquals(1, lab.atPeers.size());
    client.receivesNothing();

    client.sends(createPermission(PEER)).succeeds();
    client.sendsChannelData(0x4000, "again");
    lab.peerSends(Lab.address(PEER), relayed, "again");
    assertEquals(2, lab.atPeers.size());
    client.receivesOnChannel(0x4000, "again");
  }

  /** §12: 600 seconds; then the peer's data comes as indications, and the number is free. */
  @Test
  void aChannelExpires() {
    TransportAddress relayed = client.allocates(Sent.allocate().lifetime(3600));
    client.sends(channelBind(0x4000, PEER)).succeeds();
    lab.passesSeconds(590);
    client.sends(createPermission(PEER)).succeeds();
    lab.passesSeconds(10);
    client.sendsChannelData(0x4000, "too late");
    assertEquals(0, lab.atPeers.size());
    lab.peerSends(Lab.address(PEER), relayed, "data");
    client.receivesData(PEER, "data");
    client.sends(channelBind(0x4000, "192.0.2.201:1")).succeeds();
    client.sends(channelBind(0x4001, PEER)).succeeds();
    assertEquals(2, lab.counters.channels());
  }

  /** §12.2: 508 for too many; all are released with their allocation. */
  @Test
  void channelsAreLimited() {
    client.allocates(Sent.allocate().lifetime(3600));
    for (int i = 0; i < 4; i++) {
      client.sends(channelBind(0x4000 + 7 * i, "192.0.2.200:" + (1 + i))).succeeds();
    }
    client.sends(channelBind(0x4100, "192.0.2.200:9")).then(refused(508));
    client.sends(channelBind(0x4007, "192.0.2.200:2")).succeeds();
    client.sends(refresh().lifetime(0)).succeeds();
    lab.assertEmpty();
  }

  /** Many channels, every one found again in both directions. */
  @Test
  void manyChannelsAreKeptApart() {
    Lab wide = new Lab(Lab.noAuth().limits(Limits.STANDARD.withPeers(4096, 4096)).build());
    Client many = wide.client("192.0.2.7:4000");
    TransportAddress relayed = many.allocates();
    for (int i = 0; i < 4096; i += 3) {
      many.sends(channelBind(0x4000 + i, "192.0.2.200:" + (1000 + i))).succeeds();
    }
    for (int i = 0; i < 4096; i += 3) {
      many.sendsChannelData(0x4000 + i, "x");
      assertEquals(1000 + i, wide.atPeers.remove().to().port());
      wide.peerSends(Lab.address("192.0.2.200:" + (1000 + i)), relayed, "y");
      many.receivesOnChannel(0x4000 + i, "y");
    }
    many.sends(refresh().lifetime(0)).succeeds();
    wide.assertEmpty();
  }

  /** On a stream, what is not STUN and not ChannelData ends the connection. */
  @Test
  void garbageOnAStreamClosesIt() {
    Client tcp = lab.client(Transport.TCP, "192.0.2.7:4000");
    tcp.allocates();
    tcp.sendsBytes((byte) 'G', (byte) 'E', (byte) 'T', (byte) ' ').then(silence());
    tcp.sendsBytes((byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff).then(silence());
    assertTrue(lab.closed.contains(tcp.tuple));
    lab.assertEmpty();
    client.sendsBytes((byte) 0xff).then(silence());
    client.sendsBytes().then(silence());
    assertEquals(1, lab.closed.size());
  }
}
