package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Client.refused;
import static puente.turn.Client.silence;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import puente.stun.AddressRange;

/** RFC 8656 §21.2 and the special-purpose registries: whom a client may reach. */
class PeerPolicyTest {

  private static final AddressRange ALL_IPV4 = AddressRange.parse("0.0.0.0-255.255.255.255");
  private static final AddressRange ALL_IPV6 = AddressRange.parse("::/0");

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, unspecified",
    "0.1.2.3, unspecified",
    "127.0.0.1, loopback",
    "127.255.255.254, loopback",
    "169.254.169.254, link-local",
    "169.254.1.1, link-local",
    "224.0.0.1, multicast",
    "239.255.255.255, multicast",
    "255.255.255.255, broadcast",
    "100.100.100.200, metadata",
    "168.63.129.16, metadata",
    "192.0.0.192, metadata",
    "::, unspecified",
    "::1, loopback",
    "fe80::1, link-local",
    "febf::1, link-local",
    "ff02::1, multicast",
    "fd00:ec2::254, metadata",
    "::ffff:127.0.0.1, loopback",
    "::ffff:169.254.169.254, link-local",
    "::ffff:8.8.8.8, ipv4-in-ipv6",
    "::127.0.0.1, loopback",
    "::8.8.8.8, ipv4-in-ipv6",
    "::ffff:0:127.0.0.1, loopback",
    "::ffff:0:8.8.8.8, ipv4-in-ipv6",
    "2002:7f00:1::1, loopback",
    "2002:a9fe:a9fe::1, link-local",
    "64:ff9b::127.0.0.1, loopback",
    "64:ff9b::169.254.169.254, link-local",
    "64:ff9b:1::169.254.169.254, link-local",
    "64:ff9b:1:a9fe:a9:fe00::, link-local",
    "2001:0:a9fe:a9fe::1, link-local",
    "2001:0:808:808::5601:5601, link-local"
  })
  void someAddressesNothingAllows(String ip, String rule) {
    PeerPolicy allowAll = PeerPolicy.SAFE.withAllowed(ALL_IPV4, ALL_IPV6);
    assertDenied(rule, PeerPolicy.SAFE, ip);
    assertDenied(rule, allowAll, ip);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.1, private",
    "172.16.0.1, private",
    "172.31.255.255, private",
    "192.168.1.1, private",
    "100.64.0.1, shared",
    "100.127.255.255, shared",
    "192.0.0.8, ietf",
    "192.0.2.1, documentation",
    "198.51.100.1, documentation",
    "203.0.113.9, documentation",
    "192.88.99.1, 6to4-relay",
    "198.18.0.1, benchmarking",
    "198.19.255.255, benchmarking",
    "240.0.0.1, reserved",
    "fc00::1, unique-local",
    "fdff::1, unique-local",
    "fec0::1, site-local",
    "100::1, discard",
    "2001:db8::1, documentation",
    "3fff::1, documentation",
    "2001:2::1, ietf",
    "5f00::1, srv6",
    "64:ff9b:1::8.8.8.8, nat64-local",
    "4000::1, unassigned",
    "2001:0:808:808::f7f7:f7f7, teredo",
    "2002:a00:1::1, private",
    "64:ff9b::10.0.0.1, private"
  })
  void specialAddressesAreDeniedUnlessAllowed(String ip, String rule) {
    assertDenied(rule, PeerPolicy.SAFE, ip);
    PeerPolicy allowed = PeerPolicy.SAFE.withAllowed(AddressRange.parse(ip));
    assertTrue(allowed.judgeIp(Lab.address("[" + ip + "]:0")).allowed(), ip);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "100.63.0.1",
        "100.128.0.0",
        "169.253.0.1",
        "223.255.255.255",
        "1.0.0.0",
        "128.0.0.1",
        "2606:4700::1",
        "2a00::1",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1"
      })
  void publicAddressesAreAllowed(String ip) {
    assertTrue(PeerPolicy.SAFE.judgeIp(Lab.address("[" + ip + "]:0")).allowed(), ip);
  }

  /** coturn's semantics, and what the guides of BigBlueButton use: all denied but the SFU. */
  @Test
  void anAllowWinsOverADeny() {
    PeerPolicy sfuOnly =
        PeerPolicy.SAFE.withDenied(ALL_IPV4, ALL_IPV6).withAllowed(AddressRange.parse("10.1.2.3"));
    assertTrue(sfuOnly.judge(Lab.address("10.1.2.3:16384")).allowed());
    assertFalse(sfuOnly.judge(Lab.address("10.1.2.4:16384")).allowed());
    assertFalse(sfuOnly.judge(Lab.address("8.8.8.8:53")).allowed());
    assertFalse(sfuOnly.judge(Lab.address("[2606:4700::1]:53")).allowed());
    assertFalse(sfuOnly.judge(Lab.address("[2002:a01:203::1]:53")).allowed(), "only as written");
  }

  /** A rule for an IPv4 address holds for every IPv6 form of it; the verdict names the rule. */
  @Test
  void aDenyHoldsForEmbeddedAddresses() {
    PeerPolicy policy = PeerPolicy.SAFE.withDenied(AddressRange.parse("8.8.8.0/24"));
    assertDenied("8.8.8.0-8.8.8.255", policy, "8.8.8.8");
    assertDenied("8.8.8.0-8.8.8.255", policy, "64:ff9b::8.8.8.8");
    assertDenied("8.8.8.0-8.8.8.255", policy, "2002:808:808::1");
  }

  /** In coturn a range that starts with :: denies everything; here it denies IPv6. */
  @Test
  void aRangeOfOneFamilyIsOfThatFamily() {
    PeerPolicy policy = PeerPolicy.SAFE.withDenied(ALL_IPV6);
    assertTrue(policy.judgeIp(Lab.address("8.8.8.8:0")).allowed());
    assertFalse(policy.judgeIp(Lab.address("[2606:4700::1]:0")).allowed());
  }

  /** allow-loopback-peers: loopback and no more. */
  @Test
  void loopbackCanBeAllowed() {
    PeerPolicy policy = PeerPolicy.SAFE.withLoopback(true);
    assertTrue(policy.judge(Lab.address("127.0.0.1:5000")).allowed());
    assertTrue(policy.judge(Lab.address("[::1]:5000")).allowed());
    assertFalse(policy.judge(Lab.address("169.254.169.254:80")).allowed());
    assertFalse(policy.judge(Lab.address("[::ffff:127.0.0.1]:80")).allowed());
    assertFalse(policy.judge(Lab.address("10.0.0.1:80")).allowed());
  }

  /** Our relays may meet, wherever they are; our listeners are nobody's peers, whatever is allowed. */
  @Test
  void ownEndpointsAreDeniedAndOwnRelaysAllowed() {
    RelayAddress relay = new RelayAddress(Lab.address("10.0.0.5:0"), Lab.address("1.2.3.4:0"));
    PeerPolicy policy =
        PeerPolicy.SAFE
            .withOwnEndpoints(List.of(Lab.address("10.0.0.5:50000"), Lab.address("1.2.3.4:3478")))
            .withOwnRelays(List.of(relay), 49152, 65535);
    assertTrue(policy.judgeIp(Lab.address("10.0.0.5:0")).allowed());
    assertTrue(policy.judge(Lab.address("10.0.0.5:50001")).allowed());
    assertTrue(policy.judge(Lab.address("1.2.3.4:50001")).allowed());
    assertEquals("own-endpoint", policy.judge(Lab.address("10.0.0.5:50000")).rule());
    assertEquals("own-endpoint", policy.judge(Lab.address("1.2.3.4:3478")).rule());
    // A media server may share a relay's public address; the host's system services stay closed.
    assertEquals("public", policy.judge(Lab.address("1.2.3.4:10000")).rule());
    assertEquals("own-address", policy.judge(Lab.address("1.2.3.4:53")).rule());
    assertEquals("private", policy.judge(Lab.address("10.0.0.5:10000")).rule());
    assertEquals("own-address", policy.judge(Lab.address("10.0.0.5:53")).rule());
    PeerPolicy open = policy.withAllowed(ALL_IPV4);
    assertTrue(open.judge(Lab.address("1.2.3.4:22")).allowed(), "a media server beside us");
    assertFalse(open.judge(Lab.address("1.2.3.4:3478")).allowed());
    assertFalse(policy.withDenied(ALL_IPV4).judge(Lab.address("1.2.3.4:50001")).allowed());
    assertFalse(policy.judge(Lab.address("[64:ff9b::1.2.3.4]:3478")).allowed());
  }

  /** One function for every method: CreatePermission, ChannelBind and Send. */
  @ParameterizedTest
  @ValueSource(
      strings = {"127.0.0.1:80", "169.254.169.254:80", "10.0.0.1:80", "0.0.0.0:80", "224.0.0.1:80"})
  void everyMethodAsksThePolicy(String peer) {
    Lab lab = new Lab(Lab.noAuth().build());
    Client client = lab.client("192.0.2.7:4000");
    client.allocates();
    client.sends(Sent.createPermission(peer)).then(refused(403));
    client.sends(Sent.channelBind(0x4000, peer)).then(refused(403));
    client.sends(Sent.send(peer, "x")).then(silence());
    client.sendsChannelData(0x4000, "x");
    assertEquals(0, lab.atPeers.size());
    assertEquals(0, lab.counters.permissions());
  }

  private static void assertDenied(String rule, PeerPolicy policy, String ip) {
    PeerPolicy.Verdict verdict = policy.judge(Lab.address("[" + ip + "]:80"));
    assertFalse(verdict.allowed(), ip);
    assertEquals(rule, verdict.rule(), ip);
  }
}
