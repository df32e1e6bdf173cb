package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Tables as /proc/net/route and /proc/net/ipv6_route show them. */
class AddressOrderTest {
  private static final String TITLES = "Iface\tDestination\tGateway \tFlags\tRefCnt";
  private static final String ZERO = "0".repeat(32);
  private static final List<String> LAN = List.of(TITLES, "eth0\t0000A8C0\t00000000\t0001\t0");
  private static final List<String> WORLD =
      List.of(TITLES, "eth0\t00000000\t0100000A\t0003\t0", LAN.getLast());
  private static final List<String> WORLD_6 =
      List.of(
          route("20010db8000000000000000000000000", "40", "eth0"),
          route(ZERO, "00", "eth0"),
          route("0".repeat(31) + "1", "80", "lo"));

  /** The last line is that of a host without IPv6: the kernel's own refusal. */
  private static final List<String> NONE_6 =
      List.of(route("fe800000000000000000000000000000", "40", "eth0"), route(ZERO, "00", "lo"));

  @Test
  void ipv6GoesFirstWhereNothingElseLeadsOut() {
    assertTrue(AddressOrder.isIpv6Alone(List.of(TITLES), WORLD_6));
    assertTrue(AddressOrder.isIpv6Alone(LAN, WORLD_6));
  }

  @Test
  void elsewhereNothingChanges() {
    assertFalse(AddressOrder.isIpv6Alone(WORLD, WORLD_6));
    assertFalse(AddressOrder.isIpv6Alone(WORLD, NONE_6));
    assertFalse(AddressOrder.isIpv6Alone(List.of(TITLES), NONE_6), "a host without a network");
    assertFalse(AddressOrder.isIpv6Alone(List.of(), List.of()), "not Linux");
  }

  private static String route(String to, String bits, String device) {
    return String.join(
        " ", to, bits, ZERO, "00", ZERO, "00000400", "00000001", "0 00000001", device);
  }
}
