package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.turn.store.AllocationStore;
import puente.turn.store.AllocationStore.Granted;
import puente.turn.store.AllocationStore.Reserve;
import puente.turn.store.AllocationStore.Uses;
import puente.turn.store.LeasedStore;
import puente.turn.store.LocalStore;
import puente.turn.store.LocalStore.Quotas;

/** Ephemeral credentials that say from where, or how often, they are good. */
class ConditionsTest {

  private final Lab lab =
      new Lab(Lab.config().limits(Limits.STANDARD.withUnauthorized(0, 0)).build());

  private Client client(String address, String conditions) {
    String name = (lab.now / 1000 + 600) + ":eva" + conditions;
    return lab.client(address).as(name, Credentials.ephemeralPassword("north", name));
  }

  @Test
  void anAddressOrARange() {
    client("192.0.2.7:1", ";ip=192.0.2.7").sends(Sent.allocate()).succeeds();
    client("192.0.2.7:2", ";ip=192.0.2.0/24").sends(Sent.allocate()).succeeds();
    client("192.0.2.7:3", ";ip=192.0.2.1-192.0.2.9").sends(Sent.allocate()).succeeds();
    client("192.0.2.7:4", ";ip=192.0.2.8").sends(Sent.allocate()).refused(401);
    client("192.0.2.7:5", ";ip=2001:db8::/32").sends(Sent.allocate()).refused(401);
    client("[2001:db8::7]:6", ";ip=2001:db8::/32").sends(Sent.allocate()).succeeds();
    // One person, whatever the credential says besides.
    assertEquals(4, lab.store.countOf(Lab.REALM, "eva"));
    assertEquals(2, lab.counters.total(Counter.REST_REFUSED));
  }

  /** What looks like a condition is one, or nothing is let in. */
  @Test
  void whatCannotBeReadIsRefused() {
    for (String wrong :
        List.of(
            ";ip=",
            ";ip=home",
            ";uses=",
            ";uses=0",
            ";uses=-1",
            ";uses=x",
            ";uses=1;uses=2",
            ";ip=10.0.0.1;ip=192.0.2.7",
            ";uses=1000000000")) {
      client("192.0.2.7:1", wrong).sends(Sent.allocate()).refused(401);
    }
    client("192.0.2.7:1", ";room=7").sends(Sent.allocate()).succeeds();
    assertEquals(1, lab.store.countOf(Lab.REALM, "eva;room=7"));
    assertNull(Conditions.read("eva;ip=x;uses=3"));
    Conditions.Named named = Conditions.read("eva;a;uses=3;ip=::1");
    assertEquals("eva;a", named == null ? "" : named.name());
  }

  /** Nobody changes a word of it. */
  @Test
  void conditionsAreSigned() {
    String name = (lab.now / 1000 + 600) + ":eva;ip=192.0.2.8";
    String password = Credentials.ephemeralPassword("north", name);
    lab.client("192.0.2.7:1")
        .as(name.replace("192.0.2.8", "192.0.2.7"), password)
        .sends(Sent.allocate())
        .refused(401);
  }

  /** Allocations ever made, not those alive: each counts once, however long it is refreshed. */
  @Test
  void aNumberOfUses() {
    Client first = client("192.0.2.7:1", ";uses=2");
    first.allocates();
    first.sends(Sent.refresh()).succeeds();
    first.sends(Sent.refresh().lifetime(0)).succeeds();
    first.allocates();
    client("192.0.2.7:2", ";uses=2").sends(Sent.allocate()).refused(486);
    first.sends(Sent.refresh().lifetime(0)).succeeds();
    first.sends(Sent.allocate()).refused(486);
    // Another credential of the same person.
    client("192.0.2.7:3", ";uses=1;ip=192.0.2.7").allocates();
  }

  /** Over several nodes each use is borrowed once, and never given back. */
  @Test
  void usesAreOfAllNodes() {
    Map<String, Integer> lentByScope = new HashMap<>();
    List<LeasedStore> nodes = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Map<String, Integer> heldByScope = new HashMap<>();
      LeasedStore.Lender lender =
          new LeasedStore.Lender() {
            @Override
            public void settle(
                String scope,
                int has,
                int want,
                int limit,
                java.util.function.IntConsumer granted) {
              int lent =
                  lentByScope.merge(scope, has - heldByScope.getOrDefault(scope, 0), Integer::sum);
              int more = Math.clamp(limit - lent, 0, want);
              lentByScope.put(scope, lent + more);
              heldByScope.put(scope, has + more);
              granted.accept(more);
            }

            @Override
            public int nodes() {
              return 2;
            }
          };
      nodes.add(new LeasedStore(new LocalStore(Quotas.NONE), lender));
    }
    int granted = 0;
    for (int i = 0; i < 10; i++) {
      LeasedStore node = nodes.get(i % 2);
      FiveTuple client =
          new FiveTuple(Transport.UDP, Lab.address("192.0.2.7:" + (100 + i)), Lab.SERVER, 0, null);
      List<AllocationStore.Answer> answers = new ArrayList<>();
      node.ask(
          new Reserve(client, "eva", Lab.REALM, 0, new Uses("name", 3, 10_000, 1000)),
          answers::add);
      granted += answers.getFirst() instanceof Granted ? 1 : 0;
      node.release(client);
      node.tick();
      node.tick();
    }
    assertEquals(3, granted);
    // When the credential has ended nothing of it is kept.
    for (LeasedStore node : nodes) {
      FiveTuple client =
          new FiveTuple(Transport.UDP, Lab.address("192.0.2.7:99"), Lab.SERVER, 0, null);
      node.ask(
          new Reserve(client, "eva", Lab.REALM, 0, new Uses("other", 1, 30_000, 20_000)),
          answer -> {});
      node.tick();
      node.tick();
      node.tick();
    }
    assertEquals(
        Map.of("uses " + Lab.REALM + " name", 0, "uses " + Lab.REALM + " other", 1), lentByScope);
  }
}
