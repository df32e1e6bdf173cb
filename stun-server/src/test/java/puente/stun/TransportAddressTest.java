package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Addresses and their text. */
class TransportAddressTest {

  /** RFC 5952 §4 and §5: one text for each IPv6 address. */
  @ParameterizedTest
  @CsvSource({
    "20010db800000000, 0000000000000001, 2001:db8::1",
    "20010db800000000, 0000000000020001, 2001:db8::2:1",
    "20010db800000001, 0001000100010001, 2001:db8:0:1:1:1:1:1",
    "20010db800000000, 0001000000000001, 2001:db8::1:0:0:1",
    "2001000000000001, 0000000000000001, 2001:0:0:1::1",
    "20010db80001aaaa, aaaaaaaaaaaaaaaa, 2001:db8:1:aaaa:aaaa:aaaa:aaaa:aaaa",
    "0000000000000000, 0000000000000000, ::",
    "0000000000000000, 0000000000000001, ::1",
    "0001000000000000, 0000000000000000, 1::",
    "0000000100020003, 0004000500060000, 0:1:2:3:4:5:6:0",
    "fe80000000000000, 0123456789abcdef, fe80::123:4567:89ab:cdef",
    "0000000000000000, 0000ffffc0000201, ::ffff:192.0.2.1"
  })
  void ipv6Text(String hi, String lo, String text) {
    TransportAddress address =
        TransportAddress.ipv6(Long.parseUnsignedLong(hi, 16), Long.parseUnsignedLong(lo, 16), 80);
    assertEquals(text, address.ip());
    assertEquals("[" + text + "]:80", address.toString());
  }

  /** RFC 5952 §4: the text means the same address to other readers. */
  @Test
  void ipv6TextIsReadBack() throws Exception {
    Random random = new Random(5);
    for (int i = 0; i < 5_000; i++) {
      long hi = random.nextLong() & mask(random);
      long lo = random.nextLong() & mask(random) | 1L << 63;
      byte[] bytes = InetAddress.getByName(Ipv6Text.format(hi, lo)).getAddress();
      assertEquals(hi, (long) Message.U64.get(bytes, 0));
      assertEquals(lo, (long) Message.U64.get(bytes, 8));
    }
  }

  private static long mask(Random random) {
    long mask = 0;
    for (int group = 0; group < 4; group++) {
      mask = mask << 16 | (random.nextBoolean() ? 0xffff : 0);
    }
    return mask;
  }

  /** RFC 8489 §14.1: an IPv4-mapped IPv6 address is never taken for the IPv4 one. */
  @Test
  void familiesDiffer() {
    TransportAddress ipv4 = TransportAddress.ipv4(0xc000_0201, 5000);
    assertEquals("192.0.2.1:5000", ipv4.toString());
    assertNotEquals(ipv4, TransportAddress.ipv6(ipv4.hi(), ipv4.lo(), 5000));
  }

  /** RFC 8656 §3.2: tuples are the same exactly if client and listener are, and so is the order. */
  @Test
  void orderAgreesWithEquality() {
    TransportAddress[] addresses = {
      TransportAddress.ipv4(1, 1),
      TransportAddress.ipv4(1, 2),
      TransportAddress.ipv4(-1, 1),
      TransportAddress.ipv6(0, 0xffff_0000_0001L, 1),
      TransportAddress.ipv6(1, 0, 1),
      TransportAddress.ipv6(-1, 0, 1)
    };
    for (int i = 0; i < addresses.length; i++) {
      for (int j = 0; j < addresses.length; j++) {
        assertEquals(Integer.compare(i, j), addresses[i].compareTo(addresses[j]));
        FiveTuple one = new FiveTuple(Transport.UDP, addresses[i], Messages.SERVER, 1, "link");
        FiveTuple two = new FiveTuple(Transport.UDP, addresses[j], Messages.SERVER, 1, null);
        assertEquals(Integer.compare(i, j), one.compareTo(two));
        assertEquals(i == j, one.equals(two));
        FiveTuple elsewhere = new FiveTuple(Transport.UDP, addresses[i], Messages.SERVER, 2, null);
        assertNotEquals(one, elsewhere);
        assertEquals(-1, one.compareTo(elsewhere));
      }
    }
  }

  /** STYLE 12: a hundred thousand clients with one hash code are found as quickly as others. */
  @Test
  void hashCodesOfOneValue() {
    Map<TransportAddress, Integer> map = new HashMap<>();
    for (int i = 0; i < 100_000; i++) {
      // The upper half is chosen so that 31 * hash(hi) + hash(lo) is always the same.
      map.put(TransportAddress.ipv6(i, 31L * (100_000 - i), 9), i);
    }
    assertEquals(1, map.keySet().stream().map(TransportAddress::hashCode).distinct().count());
    assertEquals(100_000, map.size());
    assertEquals(77, map.get(TransportAddress.ipv6(77, 31L * (100_000 - 77), 9)));
  }
}
