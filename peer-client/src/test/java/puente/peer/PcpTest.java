package puente.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against a router that answers what it was told to; a real one is in the laboratory. */
@Timeout(60)
class PcpTest {
  private static final String NONCE = "0102030405060708090a0b0c";
  private static final String OWN = "00000000000000000000ffff0a000102";
  private static final String NONE = "00000000000000000000ffff00000000";
  private static final String OUTER = "00000000000000000000ffffc6336407";
  private static final String QUIET = "000000000000000000000000";

  /** RFC 6887 §14.1. */
  @Test
  void asksWhetherAnybodySpeaksIt() throws IOException {
    try (ScriptedRouter router = new ScriptedRouter("0280000000000000" + "00000010" + QUIET)) {
      client(router).greet();
      assertEquals("0200000000000000" + OWN, heard(router, 0));
    }
  }

  /** RFC 6887 §11.2, §11.4; the router may lend another port than the one that it was asked for. */
  @Test
  void borrowsAPort() throws IOException {
    String answer = "0281000000001c20" + "00000010" + QUIET;
    try (ScriptedRouter router =
        new ScriptedRouter(
            answer + NONCE + "110000001388c350" + OUTER,
            answer + NONCE + "0600000013881388" + OUTER)) {
      InetAddress outer = InetAddress.ofLiteral("198.51.100.7");
      assertEquals(new InetSocketAddress(outer, 50_000), client(router).map(false, 5000, 7200));
      assertEquals("0201000000001c20" + OWN + NONCE + "1100000013881388" + NONE, heard(router, 0));
      assertEquals(new InetSocketAddress(outer, 5000), client(router).map(true, 5000, 7200));
      assertEquals("0201000000001c20" + OWN + NONCE + "0600000013881388" + NONE, heard(router, 1));
    }
  }

  /** RFC 6887 §15: no lifetime, no port. */
  @Test
  void givesAPortBack() throws IOException {
    String answer = "0281000000000000" + "00000010" + QUIET + NONCE;
    try (ScriptedRouter router = new ScriptedRouter(answer + "1100000013880000" + NONE)) {
      client(router).giveBack(false, 5000);
      assertEquals("0201000000000000" + OWN + NONCE + "1100000013880000" + NONE, heard(router, 0));
    }
  }

  /** RFC 6887 §9: who speaks the elder protocol alone says so in its version; §7.4: refused. */
  @Test
  void whatIsNoAnswerIsNone() throws IOException {
    String rest = "00000010" + QUIET;
    String other = "0c0b0a090807060504030201";
    for (String strange :
        List.of(
            "",
            "0081000100000010",
            "0281000200000000" + rest + NONCE + "1100000013881388" + OUTER,
            "0281000000001c20" + rest + other + "1100000013881388" + OUTER,
            "0281000000001c20" + rest + NONCE + "1100000013891388" + OUTER,
            "0281000000001c20" + rest)) {
      try (ScriptedRouter router = new ScriptedRouter(strange)) {
        Pcp client = client(router);
        assertThrows(IOException.class, () -> client.map(false, 5000, 7200), strange);
      }
    }
  }

  private static Pcp client(ScriptedRouter router) {
    byte[] nonce = HexFormat.of().parseHex(NONCE);
    return new Pcp(router.address(), InetAddress.ofLiteral("10.0.1.2"), nonce);
  }

  private static String heard(ScriptedRouter router, int which) {
    return HexFormat.of().formatHex(router.heard.get(which));
  }
}
