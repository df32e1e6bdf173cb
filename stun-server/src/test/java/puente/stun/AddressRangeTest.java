package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRangeTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.0-10.255.255.255, 10.0.0.0",
    "10.0.0.0-10.255.255.255, 10.255.255.255",
    "10.0.0.0 - 10.255.255.255, 10.1.2.3",
    "10.0.0.0/8, 10.255.255.255",
    "0.0.0.0/0, 255.255.255.255",
    "0.0.0.0-255.255.255.255, 203.0.113.9",
    "192.0.2.7, 192.0.2.7",
    "192.0.2.7/32, 192.0.2.7",
    "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 2001:db8::1",
    "::/0, ::1",
    "fe80::/10, febf:ffff::1",
    "2001:db8::/32, 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::8/125, 2001:db8::f",
    "2001:db8:0:1::/64, 2001:db8:0:1:ffff::",
    "64:ff9b::10.0.0.0-64:ff9b::10.255.255.255, 64:ff9b::10.9.8.7",
    "::ffff:10.0.0.0/104, 10.9.8.7",
    "::ffff:192.0.2.1, 192.0.2.1",
  })
  void contains(String range, String address) throws UnknownHostException {
    assertTrue(in(range, address));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0-10.255.255.255, 11.0.0.0",
    "10.0.0.0-10.255.255.255, 9.255.255.255",
    "192.0.2.7, 192.0.2.8",
    "128.0.0.0/1, 127.255.255.255",
    // A range written in IPv6 must not swallow IPv4, wherever it starts.
    "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 10.0.0.1",
    "::/0, 127.0.0.1",
    "::ffff:0.0.0.0-::ffff:255.255.255.255, 127.0.0.1",
    "::ffff:0:0/96, 192.0.2.1",
    "::1-::ffff:ffff:ffff, 127.0.0.1",
    "0.0.0.0/0, ::1",
    "0.0.0.0-255.255.255.255, 2001:db8::1",
    "2001:db8::8/125, 2001:db8::10",
    "fe80::/10, fec0::",
  })
  void doesNotContain(String range, String address) throws UnknownHostException {
    assertFalse(in(range, address));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "-",
        "/",
        "/8",
        "10.0.0.1-",
        "-10.0.0.1",
        "10.0.0/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/08",
        "10.0.0.0/255.0.0.0",
        "10.0.0.1/8",
        "010.0.0.1",
        "10.0.0.256",
        "10.0.0.1.2",
        "0x0a.0.0.1",
        "167772161",
        "10.0.0.2-10.0.0.1",
        "10.0.0.1-::1",
        "::1-10.0.0.1",
        "10.0.0.1-10.0.0.2-10.0.0.3",
        "localhost",
        "example.org",
        "*",
        ":",
        ":::",
        "1::2::3",
        "1:2:3",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::8",
        "::12345",
        "::g",
        "::1%eth0",
        "[::1]",
        "::/129",
        "::1/0",
        "1.2.3.4::",
        "::1.2.3.4:5",
        "::1.2.3",
        "10.0.0.1:80",
        "fe80::1/10",
        "::\u0661",
        "\u0661.1.1.1",
        "10.0.0.1\u0000",
        "10.0.0.1 10.0.0.2",
      })
  void refuses(String text) {
    assertThrows(IllegalArgumentException.class, () -> AddressRange.parse(text));
  }

  @Test
  void refusesLongTextWithoutReadingIt() {
    String text = "1".repeat(1_000_000);
    assertThrows(IllegalArgumentException.class, () -> AddressRange.parse(text));
  }

  @Test
  void namesTheNetworkWhenBitsAreSetBeyondThePrefix() {
    var wrong =
        assertThrows(IllegalArgumentException.class, () -> AddressRange.parse("10.1.2.3/8"));
    assertEquals("bits are set beyond the prefix; the network is 10.0.0.0/8", wrong.getMessage());
  }

  @Test
  void ipv4IsRepresentedInItsMappedForm() {
    AddressRange range = AddressRange.parse("10.0.0.1-10.0.0.2");
    assertTrue(range.isIpv4());
    assertEquals(
        new AddressRange(0, 0x0000_ffff_0a00_0001L, 0, 0x0000_ffff_0a00_0002L, true), range);
    assertFalse(AddressRange.parse("::/0").isIpv4());
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.1, 10.0.0.1",
    "10.0.0.0/8, 10.0.0.0-10.255.255.255",
    "::, ::",
    "0:0:0:0:0:0:0:1, ::1",
    "::ffff:0:0/96, ::ffff:0:0-::ffff:ffff:ffff",
    "::ffff:0:0/104, 0.0.0.0-0.255.255.255",
    "2001:DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "1:0:2:3:4:5:6:7, 1:0:2:3:4:5:6:7",
    "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::",
  })
  void writesCanonicalText(String text, String canonical) {
    assertEquals(canonical, AddressRange.parse(text).toString());
  }

  @Test
  void agreesWithTheJdkOnRandomAddresses() throws UnknownHostException {
    long seed = 20261120;
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
      for (int at = 0; at < bytes.length; at++) {
        bytes[at] = random.nextInt(3) == 0 ? 0 : (byte) random.nextInt();
      }
      InetAddress address = InetAddress.getByAddress(bytes);
      AddressRange range = AddressRange.parse(address.getHostAddress());
      long[] bits = bits(address);
      assertEquals(
          new AddressRange(bits[0], bits[1], bits[0], bits[1], bytes.length == 4),
          range,
          () -> "seed " + seed + " address " + address);
      assertEquals(range, AddressRange.parse(range.toString()));
    }
  }

  private static boolean in(String range, String address) throws UnknownHostException {
    long[] bits = bits(InetAddress.getByName(address));
    return AddressRange.parse(range).contains(bits[0], bits[1]);
  }

  private static long[] bits(InetAddress address) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return address instanceof Inet4Address
        ? new long[] {0, 0xffffL << 32 | Integer.toUnsignedLong(bytes.getInt())}
        : new long[] {bytes.getLong(), bytes.getLong()};
  }
}
