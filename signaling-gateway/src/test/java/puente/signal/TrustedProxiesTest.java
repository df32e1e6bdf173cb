package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import puente.stun.AddressRange;

/** Who is believed when he says for whom he asks ({@code http-trusted-proxy}). */
class TrustedProxiesTest {
  private static final TrustedProxies PROXIES =
      new TrustedProxies(
          List.of(
              AddressRange.parse("127.0.0.1"),
              AddressRange.parse("10.0.0.0-10.0.0.255"),
              AddressRange.parse("2001:db8:1::1")));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        // connected from | header | whose it is
        "192.0.2.1     | 203.0.113.9               | 192.0.2.1",
        "192.0.2.1     | -                         | 192.0.2.1",
        "10.0.0.7      | -                         | 10.0.0.7",
        "10.0.0.7      | 203.0.113.9               | 203.0.113.9",
        "10.0.0.7      | 6.6.6.6, 203.0.113.9      | 203.0.113.9",
        "10.0.0.7      | 203.0.113.9, 10.0.0.8     | 203.0.113.9",
        "10.0.0.7      | 6.6.6.6, 203.0.113.9,10.0.0.8 , 127.0.0.1 | 203.0.113.9",
        "10.0.0.7      | 10.0.0.9, 10.0.0.8        | 10.0.0.9",
        "10.0.0.7      | 203.0.113.9:51234         | 203.0.113.9",
        "10.0.0.7      | [2001:db8:2::5]:51234     | 2001:db8:2::5",
        "10.0.0.7      | 2001:db8:2::5             | 2001:db8:2::5",
        "2001:db8:1::1 | 203.0.113.9               | 203.0.113.9",
        "10.0.0.7      | ::ffff:10.0.0.8           | ::ffff:10.0.0.8",
        "10.0.0.7      | unknown                   | 10.0.0.7",
        "10.0.0.7      | 203.0.113.9, unknown      | 10.0.0.7",
        "10.0.0.7      | evil.example              | 10.0.0.7",
        "10.0.0.7      | fe80::1%eth0              | 10.0.0.7",
        "10.0.0.7      | '203.0.113.9, '           | 10.0.0.7",
        "10.1.0.7      | 203.0.113.9               | 10.1.0.7"
      })
  void theLastThatIsNoProxyOfOurs(String peer, String header, String client) {
    List<String> headers = header == null ? List.of() : List.of(header);
    assertEquals(client, PROXIES.client(peer, headers));
  }

  @Test
  void severalHeadersAreOneChainAndOnlyItsEndIsRead() {
    assertEquals("203.0.113.9", PROXIES.client("10.0.0.7", List.of("6.6.6.6", "203.0.113.9")));
    String endless = "6.6.6.6," + "10.0.0.8,".repeat(100) + "10.0.0.8";
    assertEquals("10.0.0.8", PROXIES.client("10.0.0.7", List.of(endless)));
    assertEquals("10.0.0.7", TrustedProxies.NONE.client("10.0.0.7", List.of("203.0.113.9")));
  }

  /** Behind the proxy each client has limits of its own, for guesses and for WebSockets. */
  @Test
  void clientsAreLimitedOneByOne() throws IOException {
    var limits = new GatewayServer.Limits(100, 2, 10_000);
    try (RunningGateway gateway = new RunningGateway(limits, PROXIES)) {
      assertEquals(429, statusAfterGuesses(gateway, "203.0.113.9"));
      assertEquals(401, guess(gateway, "203.0.113.10"));
      try (RawSocket one = socket(gateway, "203.0.113.9");
          RawSocket two = socket(gateway, "203.0.113.9");
          RawSocket three = socket(gateway, "203.0.113.9");
          RawSocket other = socket(gateway, "203.0.113.10")) {
        assertEquals("HTTP/1.1 101 Switching Protocols", one.status);
        assertEquals("HTTP/1.1 101 Switching Protocols", two.status);
        assertEquals("HTTP/1.1 429 Too Many Requests", three.status);
        assertEquals("HTTP/1.1 101 Switching Protocols", other.status);
        one.sends(0x88, new byte[] {3, (byte) 0xe8});
        one.closeCode();
        // Its place is free once the server has seen its end.
        String status = "";
        for (int i = 0; i < 1000 && !status.contains("101"); i++) {
          try (RawSocket again = socket(gateway, "203.0.113.9")) {
            status = again.status;
          }
        }
        assertEquals("HTTP/1.1 101 Switching Protocols", status);
      }
    }
  }

  /** Who is no proxy cannot shift his guesses on somebody else. */
  @Test
  void nobodyElseIsBelieved() {
    try (RunningGateway gateway =
        new RunningGateway(GatewayServer.Limits.STANDARD, TrustedProxies.NONE)) {
      assertEquals(429, statusAfterGuesses(gateway, "203.0.113.9"));
      assertEquals(429, guess(gateway, "203.0.113.10"), InetAddress.getLoopbackAddress()::toString);
    }
  }

  private static RawSocket socket(RunningGateway gateway, String client) throws IOException {
    return new RawSocket(
        gateway.port(), "/signal?key=" + RunningGateway.KEY, "X-Forwarded-For: " + client);
  }

  private static int statusAfterGuesses(RunningGateway gateway, String client) {
    int status = 401;
    for (int i = 0; i < 100 && status == 401; i++) {
      status = guess(gateway, client);
    }
    return status;
  }

  private static int guess(RunningGateway gateway, String client) {
    return gateway.get("/turn?service=turn&key=guess", "X-Forwarded-For", client).statusCode();
  }
}
