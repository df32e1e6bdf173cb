package puente.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.InetAddress;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against a router that answers what it was told to; a real one is in the laboratory. */
@Timeout(60)
class NatPmpTest {
  /** RFC 6886 §3.2. */
  @Test
  void asksForTheOuterAddress() throws IOException {
    try (ScriptedRouter router = new ScriptedRouter("008000000000000cc6336407")) {
      assertEquals(InetAddress.ofLiteral("198.51.100.7"), client(router).address());
      assertArrayEquals(new byte[] {0, 0}, router.heard.getFirst());
    }
  }

  /** RFC 6886 §3.3: UDP is 1, TCP is 2; the router may lend another port than asked for. */
  @Test
  void borrowsAPort() throws IOException {
    try (ScriptedRouter router = new ScriptedRouter("008100000000000c1388c35000001c20")) {
      assertEquals(50_000, client(router).map(false, 5000, 7200));
      assertEquals("000100001388138800001c20", HexFormat.of().formatHex(router.heard.getFirst()));
    }
    try (ScriptedRouter router = new ScriptedRouter("008200000000000c1388138800001c20")) {
      assertEquals(5000, client(router).map(true, 5000, 7200));
    }
  }

  /** RFC 6886 §3.4: no lifetime, no port. */
  @Test
  void givesAPortBack() throws IOException {
    try (ScriptedRouter router = new ScriptedRouter("008100000000000c1388000000000000")) {
      assertEquals(0, client(router).map(false, 5000, 0));
      assertEquals("000100001388000000000000", HexFormat.of().formatHex(router.heard.getFirst()));
    }
  }

  /** RFC 6886 §3.1. */
  @Test
  void asksAgainWhenNothingIsHeard() throws IOException {
    try (ScriptedRouter router = new ScriptedRouter("", "008000000000000cc6336407")) {
      assertEquals(InetAddress.ofLiteral("198.51.100.7"), client(router).address());
      assertEquals(2, router.heard.size());
    }
  }

  @Test
  void whatIsNoAnswerIsNone() throws IOException {
    for (String strange :
        List.of("", "00", "008000020000000c00000000", "008100000000000cc6336407", "0080000000")) {
      try (ScriptedRouter router = new ScriptedRouter(strange)) {
        assertThrows(IOException.class, () -> client(router).address(), strange);
      }
    }
    try (ScriptedRouter router = new ScriptedRouter("008100000000000c1389c35000001c20")) {
      assertThrows(IOException.class, () -> client(router).map(false, 5000, 7200));
    }
  }

  private static NatPmp client(ScriptedRouter router) {
    return new NatPmp(router.address());
  }
}
