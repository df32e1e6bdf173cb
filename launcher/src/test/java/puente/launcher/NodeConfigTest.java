package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.stun.BindingConfig;
import puente.stun.TransportAddress;
import puente.turn.RelayAddress;

/** What the settings become, before any socket is opened. */
class NodeConfigTest {

  @TempDir private Path directory;
  private Given given;

  @BeforeEach
  void configuration() {
    given = new Given(directory).flag("state-dir", directory.toString());
  }

  /** RFC 5780 §7.3 and §7.4: the addresses that the client sees, not those behind the NAT. */
  @Test
  void otherAddressIsThePublicOne() throws StartFailure {
    given
        .flag("rfc5780", "yes")
        .flag("listening-ip", "10.0.0.1")
        .flag("listening-ip", "10.0.0.2")
        .flag("external-ip", "192.0.2.1/10.0.0.1")
        .flag("external-ip", "192.0.2.2/10.0.0.2");
    BindingConfig.Square square = squares().getFirst();
    assertEquals("10.0.0.1:3478", square.primary().toString());
    assertEquals("10.0.0.2:3479", square.other().toString());
    assertEquals("192.0.2.1:3478", square.publicPrimary().toString());
    assertEquals("192.0.2.2:3479", square.publicOther().toString());
  }

  /** RFC 5780 §6: two addresses; two that clients see as one are one. */
  @Test
  void oneAddressIsNoSquare() throws StartFailure {
    given
        .flag("rfc5780", "yes")
        .flag("listening-ip", "10.0.0.1")
        .flag("listening-ip", "10.0.0.2")
        .flag("external-ip", "192.0.2.1");
    assertEquals(List.of(), squares());
  }

  @Test
  void loopbackIsACornerOnlyWhereItWasChosen() throws StartFailure {
    given.flag("rfc5780", "yes");
    for (BindingConfig.Square square : squares()) {
      assertFalse(square.primary().ip().startsWith("127."), square::toString);
      assertFalse(square.other().ip().startsWith("127."), square::toString);
    }
    given.flag("listening-ip", "127.0.0.1").flag("listening-ip", "127.0.0.2");
    assertEquals("127.0.0.2:3479", squares().getFirst().other().toString());
  }

  /** RFC 8656 §7.2: the relayed address is one that peers can send to. */
  @Test
  void noRelayIsOnAWildcard() throws StartFailure {
    given.flag("relay-ip", "0.0.0.0").flag("relay-ip", "::");
    for (RelayAddress relay : NodeAddresses.relay(given.load())) {
      assertTrue(relay.local().hi() != 0 || relay.local().ipv4Address() != 0, relay::toString);
    }
  }

  @Test
  void aRelayAddressThatThisMachineDoesNotHaveStopsTheStart() throws StartFailure {
    given.flag("relay-ip", "127.0.0.1");
    Config own = given.load();
    assertEquals(1, NodeAddresses.relay(own).size());
    given.flag("relay-ip", "192.0.2.77");
    Config foreign = given.load();
    BindFailure failure = assertThrows(BindFailure.class, () -> NodeAddresses.tryRelays(foreign));
    assertEquals(BindFailure.Cause.NO_SUCH_ADDRESS, failure.reason());
    assertTrue(String.valueOf(failure.getMessage()).contains("192.0.2.77"));
  }

  @Test
  void relayAddressesOfRealmsAreLookedAt() throws StartFailure {
    Config before = given.flag("relay-ip", "127.0.0.1").load();
    given.flag("relay-realm", "127.0.0.2 a.example").flag("relay-realm", "127.0.0.2 b.example");
    given.flag("external-ip", "192.0.2.9/127.0.0.2");
    Config own = given.load();
    Map<String, List<RelayAddress>> relays = NodeAddresses.relaysByRealm(own);
    for (String realm : List.of("a.example", "b.example")) {
      RelayAddress relay = relays.getOrDefault(realm, List.of()).getFirst();
      assertEquals("127.0.0.2:0", relay.local().toString());
      assertEquals("192.0.2.9:0", relay.advertised().toString());
    }
    assertEquals(2, NodeAddresses.allRelays(own).size());
    NodeAddresses.tryAdded(before, own);
    Config foreign = given.flag("relay-realm", "192.0.2.77 a.example").load();
    BindFailure failure = assertThrows(BindFailure.class, () -> NodeAddresses.tryRelays(foreign));
    assertTrue(String.valueOf(failure.getMessage()).contains("192.0.2.77"));
    assertThrows(StartFailure.class, () -> NodeAddresses.tryAdded(before, foreign));
    // Whoever has lost one already must not be kept from all other changes.
    NodeAddresses.tryAdded(foreign, foreign);
  }

  @Test
  void relayAddressesOfRealmsThatMeanNothingAreRefused() {
    for (String wrong : List.of("0.0.0.0 a.example", "a.example", "127.0.0.2")) {
      Given one = new Given(directory).flag("relay-realm", wrong);
      assertThrows(StartFailure.class, one::load, wrong);
    }
  }

  @Test
  void theMainRealmHasNoRelayRealm() throws StartFailure {
    given.flag("realm", "a.example").flag("user", "ana:secret");
    Config config = given.flag("relay-realm", "127.0.0.2 a.example").load();
    NodeConfig parts = new NodeConfig(config, StateDirectory.open(config));
    StartFailure refused = assertThrows(StartFailure.class, () -> parts.turn(List.of()));
    assertTrue(refused.line().contains("of the main realm, relay-ip says it"), refused::line);
  }

  /** RFC 8656 §7.2: the default lifetime is 10 minutes, or what the server allows at most. */
  @Test
  void aShortLongestLifetimeIsTheDefaultToo() throws StartFailure {
    given.flag("max-allocate-lifetime", "60").flag("user", "ana:secret");
    Config config = given.load();
    NodeConfig parts = new NodeConfig(config, StateDirectory.open(config));
    assertEquals(60, parts.turn(List.of()).lifetimes().defaultSeconds());
  }

  /** RFC 8155 §6: the address is public, and nothing but Allocate is looked at there. */
  @Test
  void anycastAddressesStandForOneOfOurs() throws StartFailure {
    given
        .flag("listening-ip", "192.0.0.10")
        .flag("listening-ip", "10.0.0.1")
        .flag("external-ip", "192.0.2.1/10.0.0.1")
        .flag("anycast-ip", "192.0.0.10");
    Config config = given.load();
    assertEquals(
        Map.of(address("192.0.0.10"), address("192.0.2.1")),
        NodeAddresses.unicastByAnycast(config));
    assertEquals(
        List.of(address("10.0.0.1")),
        NodeAddresses.relay(config).stream().map(RelayAddress::local).toList());
    assertEquals("192.0.2.1", NodeAddresses.reachable(config).getHostAddress());
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.1, 10.0.0.2, 10.0.0.1, does not listen",
    "192.0.0.10, 2001:db8::1, 2001:db8::1, no other listening address",
    "192.0.0.10, 10.0.0.1, 192.0.0.10, ours alone"
  })
  void anAnycastAddressNeedsOneOfOurs(String one, String other, String relay, String why)
      throws StartFailure {
    given
        .flag("listening-ip", one)
        .flag("listening-ip", other)
        .flag("relay-ip", relay)
        .flag("anycast-ip", "192.0.0.10");
    Config config = given.load();
    StartFailure failure =
        assertThrows(StartFailure.class, () -> NodeAddresses.unicastByAnycast(config));
    assertTrue(String.valueOf(failure.getMessage()).contains(why), failure::toString);
  }

  private static TransportAddress address(String ip) {
    return Addresses.of(Type.address(ip), 0);
  }

  private List<BindingConfig.Square> squares() throws StartFailure {
    Config config = given.load();
    return new NodeConfig(config, StateDirectory.open(config)).binding().squares();
  }
}
