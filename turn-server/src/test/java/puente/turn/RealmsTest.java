package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Sent.allocate;
import static puente.turn.Sent.createPermission;
import static puente.turn.Sent.refresh;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import puente.stun.AddressRange;
import puente.stun.AttributeType;
import puente.stun.Family;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.LocalStore;
import puente.turn.store.LocalStore.Quotas;

/** Several realms on one server: who is asked for which, and what holds there. */
class RealmsTest {

  private static final String OTHER = "tenant.example";

  private static final Tenant TENANT =
      new Tenant(
          Credentials.ofRealm(OTHER).withUser("ana", "otra").withSecret("west"),
          PeerPolicy.SAFE.withAllowed(AddressRange.parse("203.0.113.0/24")),
          5000,
          List.of());

  private static final RealmRules RULES =
      new RealmRules(
          Map.of("turn.tenant.example", OTHER),
          Map.of("https://App.tenant.example", OTHER),
          Map.of(Lab.SERVER.withPort(0), OTHER));

  /** Behind a NAT of its own. */
  private static final RelayAddress OWN =
      new RelayAddress(Lab.address("198.51.100.2:0"), Lab.address("203.0.113.2:0"));

  private static TurnConfig.Builder config(RealmRules rules) {
    return Lab.config()
        .limits(Limits.STANDARD.withUnauthorized(0, 0))
        .tenants(List.of(TENANT), rules);
  }

  private static RealmRules byOrigin() {
    return new RealmRules(Map.of(), RULES.byOrigin(), Map.of());
  }

  private static String realmIn(Reply challenge) {
    return new String(challenge.bytes(AttributeType.REALM));
  }

  /** coturn's turn_origin_to_realm: in lower case, with the port; else the main realm. */
  @Test
  void originChoosesTheRealm() {
    Lab lab = new Lab(config(byOrigin()).build());
    Client client = lab.client("192.0.2.7:4000");
    for (String origin : List.of("https://app.tenant.example", "https://app.tenant.example:443")) {
      Sent request = allocate().bytes(AttributeType.ORIGIN, origin.getBytes());
      assertEquals(OTHER, realmIn(client.sends(request).refused(401)));
    }
    for (String origin : List.of("https://elsewhere.example", "http://app.tenant.example", ":::")) {
      Sent request = allocate().bytes(AttributeType.ORIGIN, origin.getBytes());
      assertEquals(Lab.REALM, realmIn(client.sends(request).refused(401)));
    }
    assertEquals(Lab.REALM, realmIn(client.sends(allocate()).refused(401)));
  }

  @Test
  void theNameInTheHandshakeChoosesTheRealm() {
    Lab lab = new Lab(config(new RealmRules(RULES.byServerName(), Map.of(), Map.of())).build());
    Client client = lab.client(Transport.TLS, "192.0.2.7:4000");
    assertEquals(Lab.REALM, realmIn(client.sends(allocate()).refused(401)));
    lab.serverNames.put(client.tuple, "TURN.tenant.example");
    assertEquals(OTHER, realmIn(client.sends(allocate()).refused(401)));
  }

  @Test
  void theListenerChoosesTheRealm() {
    Lab lab = new Lab(config(new RealmRules(Map.of(), Map.of(), RULES.byListener())).build());
    Client client = lab.client("192.0.2.7:4000");
    assertEquals(OTHER, realmIn(client.sends(allocate()).refused(401)));
  }

  /** One name, two realms: two users, with their own peers, rates and quotas. */
  @Test
  void eachRealmHasItsOwn() {
    LocalStore store = new LocalStore(Quotas.NONE);
    store.quotas(Quotas.NONE, Map.of(OTHER, new Quotas(1, 0, 0, 0)));
    Lab lab = new Lab(config(byOrigin()).build(), store, 7, 0, 1);
    Client main = lab.client("192.0.2.7:1").as("ana", "secreto");
    main.allocates();
    main.sends(createPermission("192.0.2.9:1")).succeeds();
    main.sends(createPermission("203.0.113.9:1")).refused(403);

    Client other = lab.client("192.0.2.7:2").as("ana", "secreto");
    other.realm = OTHER.getBytes();
    assertEquals(OTHER, realmIn(other.sends(allocate()).refused(401)));
    other.as("ana", "otra");
    other.realm = OTHER.getBytes();
    other.allocates();
    other.sends(createPermission("203.0.113.9:1")).succeeds();
    other.sends(createPermission("192.0.2.9:1")).refused(403);
    assertEquals(1, store.countOf(OTHER, "ana"));
    assertEquals(1, store.countOf(Lab.REALM, "ana"));
    lab.server.forEachAllocation(
        allocation -> assertEquals(allocation.client().equals(other.tuple), allocation.up != null));

    Client second = lab.client("192.0.2.7:3").as("ana", "otra");
    second.realm = OTHER.getBytes();
    second.sends(allocate()).refused(486);
    // Nobody of one realm touches what is of the other (RFC 8656 §5).
    Client thief = new Client(lab, main.tuple).as("ana", "otra");
    thief.realm = OTHER.getBytes();
    thief.sends(refresh()).refused(441);
  }

  /** A restored allocation is its realm's: its quota, its peers, its users. */
  @Test
  void realmsOutliveARestart() {
    Lab lab = new Lab(config(byOrigin()).build());
    Client other = lab.client("192.0.2.7:2").as("ana", "otra");
    other.realm = OTHER.getBytes();
    other.allocates();
    other.sends(createPermission("203.0.113.9:1")).succeeds();
    lab.restartsWithAll();
    assertEquals(1, lab.store.countOf(OTHER, "ana"));
    lab.server.forEachAllocation(allocation -> assertEquals(1, allocation.permissions()));
    assertTrue(other.trusts(other.sends(refresh()).succeeds()));
    other.sends(createPermission("192.0.2.9:1")).refused(403);
  }

  /** A name's end chooses what holds for it; the realm in its key is the main one. */
  @Test
  void aSuffixChoosesTheRules() {
    LocalStore store = new LocalStore(Quotas.NONE);
    store.quotas(Quotas.NONE, Map.of(OTHER, new Quotas(0, 1, 0, 0)));
    Lab lab = new Lab(config(RealmRules.NONE.withSuffixes(true)).build(), store, 7, 0, 1);
    String name = (lab.now / 1000 + 600) + ":eva@" + OTHER + ";uses=5";
    Client eva = lab.client("192.0.2.7:1").as(name, Credentials.ephemeralPassword("west", name));
    assertEquals(Lab.REALM, new String(eva.realm));
    eva.allocates();
    eva.sends(createPermission("203.0.113.9:1")).succeeds();
    eva.sends(createPermission("192.0.2.9:1")).refused(403);
    eva.sends(refresh()).succeeds();
    assertEquals(1, store.countOf(OTHER, "eva@" + OTHER));
    lab.client("192.0.2.7:2")
        .as(name, Credentials.ephemeralPassword("west", name))
        .sends(allocate())
        .refused(486);
    // The main realm's secrets are none of this one's, and nobody else's suffix is any.
    lab.client("192.0.2.7:3")
        .as(name, Credentials.ephemeralPassword("north", name))
        .sends(allocate())
        .refused(401);
    String plain = (lab.now / 1000 + 600) + ":eva@example.net";
    lab.client("192.0.2.7:4").as(plain, Credentials.ephemeralPassword("north", plain)).allocates();
    assertEquals(1, store.countOf(Lab.REALM, "eva@example.net"));
    lab.restartsWithAll();
    eva.sends(createPermission("192.0.2.9:1")).refused(403);
    assertTrue(eva.trusts(eva.sends(refresh()).succeeds()));
  }

  /** RFC 8656 §7.2: relays of a realm's users are on its addresses, and nobody else's are there. */
  @Test
  void aRealmHasRelayAddressesOfItsOwn() {
    Lab lab = new Lab(withRelays(OWN).build());
    assertEquals(
        Lab.RELAY_IPV4, lab.client("192.0.2.7:1").as("ana", "secreto").allocates().withPort(0));
    Client other = tenants(lab, "192.0.2.7:2");
    for (int i = 0; i < 20; i++) {
      Client each = tenants(lab, "192.0.2.8:" + (1000 + i));
      assertEquals(OWN.advertised(), each.allocates().withPort(0));
    }
    other.sends(allocate().family(Family.IPV6)).refused(440);
    Reply both = other.sends(allocate().additionalFamily(2)).succeeds();
    assertEquals(1, both.allRelayed().size());
    assertTrue(both.has(AttributeType.ADDRESS_ERROR_CODE));
    // What is in reserve for one realm is not the other's.
    Client reserving = lab.client("192.0.2.7:3").as("ana", "secreto");
    long token = reserving.sends(allocate().evenPort(true)).succeeds().token();
    tenants(lab, "192.0.2.7:4").sends(allocate().token(token)).refused(508);
    lab.client("192.0.2.7:5").as("ana", "secreto").allocates(allocate().token(token));
  }

  /** Where a realm's ports are all taken, nobody else's are given. */
  @Test
  void aRealmsOwnPortsEnd() {
    Lab lab = new Lab(withRelays(OWN).ports(50000, 50003).build());
    for (int i = 0; i < 4; i++) {
      tenants(lab, "192.0.2.8:" + (1000 + i)).allocates();
    }
    tenants(lab, "192.0.2.7:2").sends(allocate()).refused(508);
    lab.client("192.0.2.7:1").as("ana", "secreto").allocates();
  }

  /** Another address for a realm is for what is made from then on; what is there stays. */
  @Test
  void aRealmsRelaysChangeWithoutEndingAny() {
    Lab lab = new Lab(config(byOrigin()).build());
    Client first = tenants(lab, "192.0.2.7:1");
    assertEquals(Lab.RELAY_IPV4, first.allocates().withPort(0));
    lab.server.reconfigure(withRelays(OWN).build());
    Client second = tenants(lab, "192.0.2.7:2");
    TransportAddress relayed = second.allocates();
    assertEquals(OWN.advertised(), relayed.withPort(0));
    RelayAddress next = new RelayAddress(Lab.address("198.51.100.3:0"));
    TurnConfig last = withRelays(next).build();
    lab.server.reconfigure(last);
    assertEquals(next.local(), tenants(lab, "192.0.2.7:3").allocates().withPort(0));
    for (Client each : List.of(first, second)) {
      each.sends(refresh()).succeeds();
      each.sends(createPermission("203.0.113.9:1")).succeeds();
    }
    lab.peerSends(Lab.address("203.0.113.9:1"), OWN.local().withPort(relayed.port()), "still");
    second.receivesData("203.0.113.9:1", "still");
    second.sends(refresh().lifetime(0)).succeeds();
    lab.passesSeconds(600);
    lab.server.reconfigure(withRelays(OWN).build());
    assertEquals(OWN.advertised(), second.allocates().withPort(0));
  }

  /** After a restart, it is on the realm's address as before; on one that is gone it is not. */
  @Test
  void aRealmsRelaysOutliveARestart() {
    TurnConfig config = withRelays(OWN).build();
    Lab lab = new Lab(config);
    Client client = tenants(lab, "192.0.2.7:1");
    TransportAddress relayed = client.allocates();
    client.sends(createPermission("203.0.113.9:1")).succeeds();
    lab.restartsWithAll();
    client.sends(refresh()).succeeds();
    lab.peerSends(Lab.address("203.0.113.9:1"), OWN.local().withPort(relayed.port()), "again");
    client.receivesData("203.0.113.9:1", "again");
    List<byte[]> left = lab.snapshots();
    lab.restarts(config(byOrigin()).build(), 0, 1);
    assertEquals(Restored.NO_SUCH_ADDRESS, lab.restores(left.getFirst()));
  }

  private static TurnConfig.Builder withRelays(RelayAddress... relays) {
    Tenant tenant =
        new Tenant(TENANT.credentials(), TENANT.peers(), TENANT.bytesPerSecond(), List.of(relays));
    return config(byOrigin()).tenants(List.of(tenant), byOrigin());
  }

  private static Client tenants(Lab lab, String address) {
    Client client = lab.client(address).as("ana", "otra");
    client.realm = OTHER.getBytes();
    return client;
  }

  /** A realm's secrets are its own. */
  @Test
  void secretsAreOfOneRealm() {
    Lab lab = new Lab(config(byOrigin()).build());
    String name = (lab.now / 1000 + 600) + ":eva";
    Client client = lab.client("192.0.2.7:2").as(name, Credentials.ephemeralPassword("west", name));
    client.sends(allocate()).refused(401);
    client.realm = OTHER.getBytes();
    client.sends(allocate()).succeeds();
  }
}
