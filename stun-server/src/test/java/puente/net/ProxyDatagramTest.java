package puente.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import puente.net.ProxyDatagram.Head;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** The PROXY protocol, version 2, at the head of datagrams. */
class ProxyDatagramTest {
  private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
  private static final String IPV4 = "cb007109c00002011f400d96";
  private static final String IPV6 =
      "20010db800000000000000000000000120010db80000000000000000000000021f400d96";
  private static final String MAPPED =
      "00000000000000000000ffffcb00710920010db80000000000000000000000021f400d96";
  private static final String PAYLOAD = "000100002112a442";
  private static final TransportAddress PROXY = TransportAddress.ipv4(0x0a000001, 700);

  @ParameterizedTest
  @CsvSource({
    "2112000c, " + IPV4 + ", CLIENT, 203.0.113.9:8000",
    "21220024, " + IPV6 + ", CLIENT, [2001:db8::1]:8000",
    "21220024, " + MAPPED + ", CLIENT, 203.0.113.9:8000",
    // With an extension, PP2_TYPE_NOOP of four bytes.
    "21120013, " + IPV4 + "04000400000000, CLIENT, 203.0.113.9:8000",
    // LOCAL, whatever else it says; and PROXY of somebody unknown.
    "20000000, '', PROXY, 10.0.0.1:700",
    "2012000c, " + IPV4 + ", PROXY, 10.0.0.1:700",
    "21000000, '', PROXY, 10.0.0.1:700",
  })
  void theHeaderComesOff(String head, String rest, Head expected, String source) {
    Packet packet = packet(SIGNATURE + head + rest + PAYLOAD);
    assertEquals(expected, ProxyDatagram.strip(packet));
    assertEquals(source, packet.source().toString());
    byte[] payload = new byte[packet.length];
    packet.copyTo(payload, packet.length);
    assertEquals(PAYLOAD, HexFormat.of().formatHex(payload));
  }

  @ParameterizedTest
  @CsvSource({
    // TCP, a local socket, another version, another command.
    "2111000c, " + IPV4,
    "21310000, ''",
    "1112000c, " + IPV4,
    "2212000c, " + IPV4,
    // Too short for its family, longer than the datagram, port 0.
    "2112000b, " + IPV4,
    "2122000c, " + IPV4,
    "2112ffff, " + IPV4,
    "2112000c, cb007109c000020100000d96",
  })
  void whatIsNoneOfOursIsBad(String head, String rest) {
    Packet packet = packet(SIGNATURE + head + rest + PAYLOAD);
    int length = packet.length;
    assertEquals(Head.BAD, ProxyDatagram.strip(packet));
    assertEquals(length, packet.length);
    assertEquals(PROXY, packet.source());
  }

  @ParameterizedTest
  @CsvSource({"''", "0d0a", SIGNATURE, "00010000", "0d0a0d0a000d0a515549540b2112000c" + IPV4})
  void mostDatagramsHaveNone(String datagram) {
    Packet packet = packet(datagram);
    assertEquals(Head.NONE, ProxyDatagram.strip(packet));
    assertEquals(datagram.length() / 2, packet.length);
    assertEquals(PROXY, packet.source());
  }

  /** Not at the beginning of its buffer, as in a ring. */
  private static Packet packet(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    Packet packet = new Packet();
    packet.buffer = ByteBuffer.allocate(bytes.length + 3).put(3, bytes);
    packet.offset = 3;
    packet.length = bytes.length;
    packet.sourceHi = PROXY.hi();
    packet.sourceLo = PROXY.lo();
    packet.sourcePort = PROXY.port();
    return packet;
  }
}
