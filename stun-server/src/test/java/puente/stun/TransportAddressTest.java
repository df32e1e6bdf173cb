package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.net.InetAddress;
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
}
