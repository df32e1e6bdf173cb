package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import puente.stun.AddressRange;
import puente.stun.TransportAddress;

/** Who is banned, and what becomes of it. */
class BansTest {

  @Test
  void theBannedAddressGetsNoAnswerAndTheOthersDo() {
    Lab lab = new Lab(Lab.noAuth().build());
    lab.server.ban(new Bans(List.of(AddressRange.parse("192.0.2.0/29")), Set.of()));
    Client banned = lab.client("192.0.2.7:4000");
    banned.sends(Sent.allocate());
    banned.receivesNothing();
    assertEquals(1, lab.counters.total(Counter.BANNED));
    lab.client("192.0.2.8:4000").allocates();
    lab.server.ban(Bans.NONE);
    banned.allocates();
  }

  /** By the configuration: whoever has no answer there has no allocation for long, either. */
  @Test
  void clientsComeFromWhereTheyMay() {
    Lab lab = new Lab(Lab.noAuth().build());
    Client inside = lab.client("192.0.2.7:4000");
    Client denied = lab.client("192.0.2.66:4000");
    Client outside = lab.client("198.51.100.7:4000");
    for (Client client : List.of(inside, denied, outside)) {
      client.allocates();
    }
    ClientRules rules =
        new ClientRules(
            List.of(AddressRange.parse("192.0.2.0/24")),
            List.of(AddressRange.parse("192.0.2.64/26")));
    lab.server.reconfigure(Lab.noAuth().clients(rules).build());
    lab.passes(1);
    assertEquals(1, lab.server.allocations());
    inside.sends(Sent.refresh()).succeeds();
    for (Client client : List.of(denied, outside, lab.client("[2001:db8::7]:4000"))) {
      client.sends(Sent.allocate());
      client.receivesNothing();
    }
    assertEquals(3, lab.counters.total(Counter.CLIENT_DENIED));
    lab.server.reconfigure(Lab.noAuth().build());
    outside.allocates();
  }

  /** What stays in force keeps its count; what was lifted loses it. */
  @Test
  void eachBanCountsWhomItTurnedAway() {
    Lab lab = new Lab(Lab.noAuth().build());
    AddressRange one = AddressRange.parse("192.0.2.0/29");
    AddressRange two = AddressRange.parse("198.51.100.7");
    AddressRange six = AddressRange.parse("2001:db8::/64");
    lab.server.ban(new Bans(List.of(two, one, six), Set.of()));
    Client client = lab.client("192.0.2.7:4000");
    client.sends(Sent.allocate());
    client.sends(Sent.allocate());
    lab.client("198.51.100.7:4000").sends(Sent.allocate());
    lab.client("203.0.113.1:4000").allocates();
    assertHits(lab, 2, one);
    assertHits(lab, 1, two);
    assertHits(lab, 0, six);
    lab.server.ban(new Bans(List.of(six, one), Set.of("eve")));
    client.sends(Sent.allocate());
    assertHits(lab, 3, one);
    assertHits(lab, 0, two);
    assertEquals(0, lab.counters.banHits().of("eve"));
    assertEquals(4, lab.counters.total(Counter.BANNED));
  }

  private static void assertHits(Lab lab, long expected, AddressRange network) {
    assertEquals(expected, lab.counters.banHits().of(network), network::toString);
  }

  @Test
  void aRangeIsFoundAmongManyThatOverlap() {
    Random random = new Random(7);
    List<AddressRange> ranges = Stream.generate(() -> range(random)).limit(300).toList();
    Bans bans = new Bans(ranges, Set.of());
    for (int i = 0; i < 20_000; i++) {
      TransportAddress address = TransportAddress.ipv4(0x0a000000 | random.nextInt(1 << 16), 9);
      boolean expected =
          ranges.stream().anyMatch(range -> range.contains(address.hi(), address.lo()));
      assertEquals(expected, bans.hasAddress(address), address::toString);
    }
  }

  private static AddressRange range(Random random) {
    int first = 0x0a000000 | random.nextInt(1 << 16);
    String from = TransportAddress.ipv4(first, 0).ip();
    String to = TransportAddress.ipv4(first + random.nextInt(200), 0).ip();
    return AddressRange.parse(from + "-" + to);
  }

  @Test
  void aNetworkOfOneFamilyIsNoneOfTheOther() {
    Bans bans = new Bans(List.of(AddressRange.parse("::/0")), Set.of());
    assertTrue(bans.hasAddress(Lab.address("[2001:db8::9]:1")));
    assertFalse(bans.hasAddress(Lab.address("192.0.2.9:1")));
  }
}
