package puente.turn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Client.refused;
import static puente.turn.Sent.allocate;
import static puente.turn.Sent.channelBind;
import static puente.turn.Sent.createPermission;
import static puente.turn.Sent.refresh;

import org.junit.jupiter.api.Test;
import puente.stun.AttributeType;
import puente.stun.Family;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.LocalStore;

/** RFC 8656 §8: the Refresh request. */
class RefreshTest {

  private final Lab lab = new Lab(Lab.noAuth().build());
  private final Client client = lab.client("192.0.2.7:4000");

  /** §5: no allocation, 437. */
  @Test
  void withoutAnAllocationThereIsNothingToRefresh() {
    client.sends(refresh()).then(refused(437));
    client.sends(refresh().lifetime(0)).then(refused(437));
  }

  /** §8.2: the time-to-expiry is set anew, from now on. */
  @Test
  void anAllocationLivesOn() {
    client.allocates();
    lab.passesSeconds(500);
    assertEquals(1800, client.sends(refresh().lifetime(1800)).succeeds().lifetime());
    lab.passesSeconds(1799);
    assertEquals(600, client.sends(refresh()).succeeds().lifetime());
    lab.passesSeconds(600);
    lab.assertEmpty();
  }

  /** §8.2: the desired lifetime is bounded as in Allocate. */
  @Test
  void theLifetimeIsBounded() {
    client.allocates();
    assertEquals(600, client.sends(refresh().lifetime(1)).succeeds().lifetime());
    assertEquals(3600, client.sends(refresh().lifetime(-1)).succeeds().lifetime());
    client.sends(refresh().bytes(AttributeType.LIFETIME, (byte) 0)).then(refused(400));
  }

  /** §8.2: a shorter lifetime counts as well as a longer one. */
  @Test
  void aShorterLifetimeCounts() {
    client.allocates(allocate().lifetime(3600));
    client.sends(refresh().lifetime(600)).succeeds();
    lab.passesSeconds(600);
    lab.assertEmpty();
  }

  /** §8.2: lifetime 0 deletes at once: port, quota, five-tuple and socket are free with the answer. */
  @Test
  void aDeletionActsAtOnce() {
    Lab small =
        new Lab(Lab.noAuth().ports(50000, 50000).build(), new LocalStore.Quotas(0, 0, 0, 1));
    Client one = small.client("192.0.2.7:1");
    TransportAddress relayed = one.allocates();
    one.sends(createPermission("192.0.2.200:1")).succeeds();

    assertEquals(0, one.sends(refresh().lifetime(0)).succeeds().lifetime());

    small.assertEmpty();
    small.peerSends(Lab.address("192.0.2.200:1"), relayed, "late");
    one.receivesNothing();
    one.sends(refresh()).then(refused(437));
    one.allocates();
    assertEquals(1, small.counters.closed(CloseReason.CLIENT));
  }

  /** §5, §8.2: the deletion sent again gets the same answer, and so does its refusal. */
  @Test
  void aRetransmittedDeletionIsAnsweredIdentically() {
    client.allocates();
    byte[] first = client.sends(refresh().lifetime(0)).succeeds().raw;
    assertArrayEquals(first, client.retransmits().succeeds().raw);
    lab.passesSeconds(41);
    client.retransmits().then(refused(437));
  }

  /** §5: a retransmitted Refresh after a new Allocate does not touch the new allocation. */
  @Test
  void anOldDeletionDoesNotDeleteTheNext() {
    client.allocates();
    Sent deletion = refresh().lifetime(0);
    client.sends(deletion).succeeds();
    byte[] bytes = client.lastBytes();
    client.sends(allocate()).succeeds();
    client.sendsBytes(bytes);
    assertTrue(client.hasMail());
    assertEquals(1, lab.server.allocations());
  }

  /** §8.2: the family of another allocation, 443. */
  @Test
  void theFamilyMustBeAllocated() {
    client.allocates();
    client.sends(refresh().family(Family.IPV6)).then(refused(443));
    client.sends(refresh().family(9)).then(refused(443));
    client.sends(refresh().family(Family.IPV4)).succeeds();
  }

  /** §8.1: without a family both halves of a dual allocation are refreshed. */
  @Test
  void bothHalvesAreRefreshed() {
    client.allocates(allocate().additionalFamily(2));
    lab.passesSeconds(599);
    client.sends(refresh()).succeeds();
    lab.passesSeconds(599);
    assertEquals(1, lab.counters.allocations(Transport.UDP, Family.IPV4));
    assertEquals(1, lab.counters.allocations(Transport.UDP, Family.IPV6));
    lab.passesSeconds(1);
    lab.assertEmpty();
  }

  /** §8.1: each half has its own time-to-expiry. */
  @Test
  void halvesExpireEachAtItsTime() {
    client.allocates(allocate().additionalFamily(2));
    lab.passesSeconds(300);
    client.sends(refresh().family(Family.IPV6)).succeeds();
    lab.passesSeconds(300);
    assertEquals(0, lab.counters.allocations(Transport.UDP, Family.IPV4));
    assertEquals(1, lab.counters.allocations(Transport.UDP, Family.IPV6));
    client.sends(refresh().family(Family.IPV4)).then(refused(443));
    client.sends(createPermission("192.0.2.200:1")).then(refused(443));
    lab.passesSeconds(300);
    lab.assertEmpty();
  }

  /** §8.1: deleting one half destroys its permissions and channels, and none of the other's. */
  @Test
  void deletingOneHalfLeavesTheOther() {
    client.allocates(allocate().additionalFamily(2));
    client.sends(channelBind(0x4000, "192.0.2.200:1")).succeeds();
    client.sends(channelBind(0x4001, "[2001:db8::9]:1")).succeeds();

    client.sends(refresh().family(Family.IPV4).lifetime(0)).succeeds();

    assertEquals(1, lab.counters.permissions());
    assertEquals(1, lab.counters.channels());
    client.sendsChannelData(0x4000, "gone");
    assertEquals(0, lab.atPeers.size());
    client.sendsChannelData(0x4001, "there");
    assertEquals(1, lab.atPeers.size());
    client.sends(refresh().family(Family.IPV6).lifetime(0)).succeeds();
    lab.assertEmpty();
  }

  /** The connection of a TCP client is its allocation's life. */
  @Test
  void aClosedConnectionEndsItsAllocation() {
    Client tcp = lab.client(Transport.TCP, "192.0.2.7:4000");
    tcp.allocates();
    tcp.sends(channelBind(0x4000, "192.0.2.200:1")).succeeds();
    lab.server.onClosed(tcp.tuple, lab.now, lab);
    lab.assertEmpty();
    assertEquals(1, lab.counters.closed(CloseReason.TCP_CLOSED));
  }

  /** An administrator ends an allocation. */
  @Test
  void anEvictedAllocationIsGone() {
    client.allocates();
    lab.server.onEvict(client.tuple, CloseReason.ADMIN, lab.now, lab);
    lab.assertEmpty();
    client.sends(refresh()).then(refused(437));
  }
}
