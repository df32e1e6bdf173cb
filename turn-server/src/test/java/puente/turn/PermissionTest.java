package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static puente.turn.Client.refused;
import static puente.turn.Client.silence;
import static puente.turn.Sent.allocate;
import static puente.turn.Sent.createPermission;
import static puente.turn.Sent.send;

import org.junit.jupiter.api.Test;
import puente.stun.AddressRange;
import puente.stun.AttributeType;
import puente.stun.Method;
import puente.stun.TransportAddress;

/** RFC 8656 §9 and §10: permissions. */
class PermissionTest {

  private static final String PEER = "192.0.2.200:7000";

  private final Lab lab = new Lab(Lab.noAuth().limits(Limits.STANDARD.withPeers(4, 4)).build());
  private final Client client = lab.client("192.0.2.7:4000");

  /** §5: no allocation, 437. */
  @Test
  void permissionsBelongToAnAllocation() {
    client.sends(createPermission(PEER)).then(refused(437));
  }

  /** RFC 8656 §10.2, §18.3: at least one peer, and each one whole. */
  @Test
  void peersMustBeThereAndWellFormed() {
    client.allocates();
    client.sends(createPermission()).then(refused(400));
    for (byte family : new byte[] {0, 3, 7}) {
      client
          .sends(
              createPermission(PEER)
                  .bytes(
                      AttributeType.XOR_PEER_ADDRESS,
                      (byte) 0,
                      family,
                      (byte) 1,
                      (byte) 1,
                      (byte) 1,
                      (byte) 1,
                      (byte) 1,
                      (byte) 1))
          .then(refused(400));
    }
    client
        .sends(
            createPermission(PEER)
                .bytes(AttributeType.XOR_PEER_ADDRESS, (byte) 0, (byte) 1, (byte) 9, (byte) 9))
        .then(refused(400));
    assertEquals(0, lab.counters.permissions());
  }

  /** §10.2: 443 for the family that has no relayed address. */
  @Test
  void theFamilyMustFit() {
    client.allocates();
    client.sends(createPermission("[2001:db8::9]:1")).then(refused(443));
    Client dual = lab.client("192.0.2.7:4001");
    dual.allocates(allocate().additionalFamily(2));
    dual.sends(createPermission("[2001:db8::9]:1", PEER)).succeeds();
  }

  /** §10.2: all is judged before anything is applied. */
  @Test
  void oneForbiddenPeerRefusesTheWholeRequest() {
    client.allocates();
    client.sends(createPermission(PEER, "169.254.169.254:80")).then(refused(403));
    client.sends(createPermission(PEER, "[2001:db8::9]:1")).then(refused(443));
    assertEquals(0, lab.counters.permissions());
    assertEquals(1L, lab.counters.peersDenied().get("link-local"));
  }

  /** §9: data passes both ways, from and to any port of the permitted address. */
  @Test
  void aPermissionIsForAllPortsOfAnAddress() {
    TransportAddress relayed = client.allocates();
    client.sends(createPermission(PEER)).succeeds();
    client.sends(send("192.0.2.200:1", "one")).then(silence());
    client.sends(send("192.0.2.200:65535", "two")).then(silence());
    assertEquals(2, lab.atPeers.size());
    lab.peerSends(Lab.address("192.0.2.200:9"), relayed, "back");
    client.receivesData("192.0.2.200:9", "back");
  }

  /** §9: without one nothing passes, either way. */
  @Test
  void withoutAPermissionNothingPasses() {
    TransportAddress relayed = client.allocates();
    client.sends(createPermission(PEER)).succeeds();
    client.sends(send("192.0.2.201:1", "out")).then(silence());
    lab.peerSends(Lab.address("192.0.2.201:7000"), relayed, "in");
    client.receivesNothing();
    assertEquals(0, lab.atPeers.size());
    assertEquals(2, lab.counters.total(Counter.NO_PERMISSION));
  }

  /** §9: the permissions of one allocation are not those of another. */
  @Test
  void permissionsAreNotShared() {
    client.allocates();
    client.sends(createPermission(PEER)).succeeds();
    Client other = lab.client("192.0.2.7:4001");
    other.allocates();
    other.sends(send(PEER, "out")).then(silence());
    assertEquals(0, lab.atPeers.size());
  }

  /** §9: 300 seconds, to the millisecond; data does not refresh it (§11.2), a request does. */
  @Test
  void aPermissionExpires() {
    client.allocates(allocate().lifetime(3600));
    client.sends(createPermission(PEER)).succeeds();
    lab.passes(299_999);
    client.sends(send(PEER, "in time")).then(silence());
    lab.passes(1);
    client.sends(send(PEER, "too late")).then(silence());
    assertEquals(1, lab.atPeers.size());
    assertEquals(0, lab.counters.permissions());

    client.sends(createPermission(PEER)).succeeds();
    lab.passesSeconds(200);
    client.sends(createPermission(PEER)).succeeds();
    lab.passesSeconds(200);
    client.sends(send(PEER, "refreshed")).then(silence());
    assertEquals(2, lab.atPeers.size());
  }

  /** §10.2: 508 for too many; refreshing at the limit is possible, and all-or-nothing. */
  @Test
  void permissionsAreLimited() {
    client.allocates();
    String[] four = {"192.0.2.201:1", "192.0.2.202:1", "192.0.2.203:1", "192.0.2.204:1"};
    client.sends(createPermission(four)).succeeds();
    client.sends(createPermission(four)).succeeds();
    client.sends(createPermission("192.0.2.201:1", "192.0.2.205:1")).then(refused(508));
    lab.passesSeconds(300);
    client.sends(createPermission("192.0.2.205:1", "192.0.2.205:2")).succeeds();
    assertEquals(1, lab.counters.permissions());
  }

  /** An indication of a request's method is no request: silence. */
  @Test
  void onlyRequestsAreAnswered() {
    client.sends(Sent.indication(Method.CREATE_PERMISSION).peer(PEER)).then(silence());
    client.sends(Sent.indication(Method.ALLOCATE)).then(silence());
    client.sends(Sent.request(Method.SEND).peer(PEER)).then(silence());
    client.sends(Sent.request(Method.CONNECT).peer(PEER)).then(silence());
  }

  /** New peer rules hold for live allocations too. */
  @Test
  void newRulesTakePermissionsBack() {
    client.allocates();
    client.sends(createPermission(PEER)).succeeds();
    client.sends(Sent.channelBind(0x4000, "192.0.2.201:1")).succeeds();
    lab.server.reconfigure(
        Lab.noAuth().peers(PeerPolicy.SAFE.withAllowed(AddressRange.parse("192.0.2.201"))).build());
    assertEquals(1, lab.counters.permissions());
    client.sends(send(PEER, "out")).then(silence());
    assertEquals(0, lab.atPeers.size());
    client.sendsChannelData(0x4000, "out");
    assertEquals(1, lab.atPeers.size());
  }
}
