package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static puente.turn.Client.refused;
import static puente.turn.Client.silence;
import static puente.turn.Sent.allocate;
import static puente.turn.Sent.channelBind;
import static puente.turn.Sent.createPermission;
import static puente.turn.Sent.refresh;
import static puente.turn.Sent.send;

import org.junit.jupiter.api.Test;
import puente.stun.TransportAddress;

/** What has expired is over, also while the timer that clears it away is late. */
class LateTimerTest {

  private static final String PEER = "192.0.2.200:7000";

  private final Lab lab = new Lab(Lab.noAuth().build());
  private final Client client = lab.client("192.0.2.7:4000");

  /** RFC 8656 §12: a channel of 600 seconds, whose permission was refreshed. */
  @Test
  void anExpiredChannelIsOver() {
    TransportAddress relayed = client.allocates(allocate().lifetime(3600));
    client.sends(channelBind(0x4000, PEER)).succeeds();
    lab.passesSeconds(590);
    client.sends(createPermission(PEER)).succeeds();
    lab.now += 10_000;

    client.sendsChannelData(0x4000, "x");
    assertEquals(0, lab.atPeers.size());
    lab.peerSends(Lab.address(PEER), relayed, "y");
    client.receivesData(PEER, "y");
    client.sends(channelBind(0x4001, PEER)).succeeds();
    lab.peerSends(Lab.address(PEER), relayed, "z");
    client.receivesOnChannel(0x4001, "z");
  }

  /** RFC 8656 §9: a permission of 300 seconds, with and without a channel on it. */
  @Test
  void anExpiredPermissionIsOver() {
    TransportAddress relayed = client.allocates(allocate().lifetime(3600));
    client.sends(channelBind(0x4000, PEER)).succeeds();
    client.sends(createPermission("192.0.2.201:1")).succeeds();
    lab.now += 300_000;

    client.sendsChannelData(0x4000, "x");
    client.sends(send(PEER, "x")).then(silence());
    client.sends(send("192.0.2.201:1", "x")).then(silence());
    assertEquals(0, lab.atPeers.size());
    lab.peerSends(Lab.address(PEER), relayed, "y");
    lab.peerSends(Lab.address("192.0.2.201:1"), relayed, "y");
    lab.icmp(relayed, Lab.address(PEER), 3, 3, 0);
    client.receivesNothing();
  }

  /** RFC 8656 §6: an allocation, with a channel and a permission that would live on. */
  @Test
  void anExpiredAllocationIsOver() {
    TransportAddress relayed = client.allocates();
    lab.passesSeconds(500);
    client.sends(channelBind(0x4000, PEER)).succeeds();
    lab.now += 100_000;

    client.sendsChannelData(0x4000, "x");
    client.sends(send(PEER, "x")).then(silence());
    assertEquals(0, lab.atPeers.size());
    lab.peerSends(Lab.address(PEER), relayed, "y");
    client.receivesNothing();
    client.sends(refresh()).then(refused(437));
    client.sends(createPermission(PEER)).then(refused(437));
    lab.server.onTime(lab.now, lab);
    lab.assertEmpty();
  }
}
