package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.jwk.JWKSet;
import java.io.IOException;
import java.net.SocketException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** puente.v1 over real WebSockets, with clients who keep the rules and clients who do not. */
@Tag("slow")
class SignalingServerTest {
  /** The server closed while we still wrote: TCP may then throw its last words away. */
  private static final int CUT = -1;

  private static final String HELLO = "{\"t\":\"hello\"}";

  @SuppressWarnings("NullAway.Init")
  private static RunningGateway gateway;

  @BeforeAll
  static void open() {
    gateway = new RunningGateway(new JWKSet());
  }

  @AfterAll
  static void close() {
    gateway.close();
  }

  private static RawSocket raw() throws IOException {
    return new RawSocket(gateway.port(), "/signal?key=" + RunningGateway.KEY);
  }

  private static RawSocket member(String room) throws IOException {
    RawSocket socket = raw().says(HELLO);
    socket.hears();
    socket.says("{\"t\":\"join\",\"room\":\"" + room + "\"}");
    socket.hears();
    return socket;
  }

  private static Map<String, @Nullable Object> frame(@Nullable String text) {
    assertNotNull(text);
    try {
      return Json.object(text);
    } catch (Json.Malformed malformed) {
      throw new AssertionError(text, malformed);
    }
  }

  @Test
  void talks() throws IOException {
    try (RawSocket ana = member("talk");
        RawSocket bob = member("talk")) {
      assertEquals("peer.joined", frame(ana.hears()).get("t"));
      bob.says("{\"t\":\"msg\",\"id\":\"1\",\"room\":\"talk\",\"d\":{\"x\":\"\u00e9\u20ac\"}}");
      assertEquals(Map.of("x", "\u00e9\u20ac"), frame(ana.hears()).get("d"));
      assertEquals("ack", frame(bob.hears()).get("t"));
    }
  }

  @Test
  void comesBackAfterTheConnectionBroke() throws IOException {
    try (RawSocket ana = member("back")) {
      Map<String, @Nullable Object> welcome;
      try (RawSocket bob = raw().says(HELLO)) {
        welcome = RoomsLab.data(frame(bob.hears()));
        bob.says("{\"t\":\"join\",\"room\":\"back\"}");
        bob.hears();
        ana.hears();
      }
      ana.says("{\"t\":\"msg\",\"room\":\"back\",\"d\":{\"n\":1}}");
      try (RawSocket again = raw()) {
        again.says(
            "{\"t\":\"hello\",\"d\":{\"resume\":{\"sid\":\"%s\",\"key\":\"%s\",\"lastSeq\":1}}}"
                .formatted(welcome.get("sid"), welcome.get("resumeKey")));
        assertEquals(true, RoomsLab.data(frame(again.hears())).get("resumed"));
        assertEquals(Map.of("n", 1L), frame(again.hears()).get("d"));
      }
    }
  }

  @Test
  void strangersAndForeignPagesAreTurnedAway() throws IOException {
    assertEquals("HTTP/1.1 401 Unauthorized", status("/signal?key=guess"));
    assertEquals(
        "HTTP/1.1 403 Forbidden", status("/signal?key=pub_1", "Origin: https://evil.example"));
    assertEquals("HTTP/1.1 403 Forbidden", status("/signal?key=pub_1", "Origin: null"));
    assertEquals("HTTP/1.1 401 Unauthorized", status("/signal?key=pub_1"));
    assertEquals(
        "HTTP/1.1 101 Switching Protocols",
        status("/signal?key=pub_1", "Origin: " + RunningGateway.PAGE));
    assertEquals(
        "HTTP/1.1 400 Bad Request", status("/signal", "Sec-WebSocket-Protocol: chat, soap"));
    assertEquals(
        "HTTP/1.1 101 Switching Protocols",
        status("/signal", "Sec-WebSocket-Protocol: chat, puente.v1.json"));
    try (RawSocket stranger = new RawSocket(gateway.port(), "/signal").says(HELLO)) {
      assertEquals(4001, stranger.closeCode());
    }
  }

  private static String status(String path, String... headers) throws IOException {
    try (RawSocket socket = new RawSocket(gateway.port(), path, headers)) {
      return socket.status;
    }
  }

  /** RFC 6455 §5, §7.4.1: each violation with the code it gets. */
  @Test
  void violationsGetTheirCodes() throws IOException {
    byte[] hi = {'h', 'i'};
    assertEquals(1002, codeOf(RawSocket.frame(RawSocket.TEXT, hi, false)), "unmasked");
    assertEquals(1002, codeOf(RawSocket.frame(0xc1, hi, true)), "reserved bit");
    assertEquals(1002, codeOf(RawSocket.frame(0x83, hi, true)), "reserved opcode");
    assertEquals(1002, codeOf(RawSocket.frame(0x09, hi, true)), "fragmented ping");
    assertEquals(1002, codeOf(RawSocket.frame(RawSocket.PING, new byte[126], true)), "long ping");
    assertEquals(1002, codeOf(RawSocket.frame(0x80, hi, true)), "continues nothing");
    assertEquals(1003, codeOf(RawSocket.frame(RawSocket.BINARY, hi, true)), "binary");
    byte[] broken = {'"', (byte) 0xc3, 0x28, '"'};
    assertEquals(1007, codeOf(RawSocket.frame(RawSocket.TEXT, broken, true)), "not UTF-8");
    byte[] overlong = {(byte) 0xc0, (byte) 0xaf};
    assertEquals(1007, codeOf(RawSocket.frame(RawSocket.TEXT, overlong, true)), "overlong");
    assertEquals(
        1009, codeOf(RawSocket.frame(RawSocket.TEXT, new byte[0x1_0001], true)), "too big");
    int farTooBig = codeOf(RawSocket.frame(RawSocket.TEXT, new byte[0x10_0000], true));
    assertTrue(farTooBig == 1009 || farTooBig == CUT, "far too big: " + farTooBig);
    assertEquals(4000, codeOf(RawSocket.frame(RawSocket.TEXT, hi, true)), "not JSON");
  }

  private static int codeOf(byte[] frame) throws IOException {
    try (RawSocket socket = raw()) {
      socket.out.write(frame);
      return socket.closeCode();
    } catch (SocketException cut) {
      return CUT;
    }
  }

  @Test
  void endlessFragmentsEnd() throws IOException {
    try (RawSocket socket = raw()) {
      socket.sends(RawSocket.TEXT_PART, new byte[] {' '});
      for (int i = 0; i < 100; i++) {
        socket.sends(RawSocket.MORE_PART, new byte[] {' '});
      }
      assertEquals(1009, socket.closeCode());
    }
  }

  @Test
  void floodsEnd() throws IOException {
    try (RawSocket socket = raw()) {
      try {
        for (int i = 0; i < 5000; i++) {
          socket.sends(RawSocket.PING, new byte[] {'x'});
        }
      } catch (IOException closed) {
        // As it should be.
      }
      int code = socket.closeCode();
      assertTrue(code == 4029 || code == RawSocket.ABORTED, "pings: " + code);
    }
    try (RawSocket socket = raw().says(HELLO)) {
      try {
        for (int i = 0; i < 5000; i++) {
          socket.says("{\"t\":\"ping\"}");
        }
      } catch (IOException closed) {
        // As it should be.
      }
      int code = socket.closeCode();
      assertTrue(code == 4029 || code == RawSocket.ABORTED, "messages: " + code);
    }
  }

  /** A reader too slow is closed, and what waits for it stays bounded. */
  @Test
  void slowReadersAreClosed() throws IOException {
    long before = gateway.server.counters().slowReaders();
    try (RawSocket slow = member("slow")) {
      assertTrue(slow.status.contains("101"), slow.status);
      String big = "x".repeat(60_000);
      long deadline = System.nanoTime() + 30_000_000_000L;
      int talkers = 0;
      while (gateway.server.counters().slowReaders() == before && System.nanoTime() < deadline) {
        try (RawSocket fast = member("slow")) {
          talkers++;
          for (int i = 0; i < 100; i++) {
            fast.says(
                "{\"t\":\"msg\",\"id\":\"%d\",\"room\":\"slow\",\"d\":{\"x\":\"%s\"}}"
                    .formatted(i, big));
            fast.hears();
          }
          fast.says("{\"t\":\"bye\"}");
        }
      }
      assertEquals(before + 1, gateway.server.counters().slowReaders(), talkers + " talkers");
    }
  }

  @Test
  void theErrorsPageNamesEveryCode() {
    String page = gateway.get("/signal/errors").body();
    for (String code : List.of("bad-request", "peer-unavailable", "server-draining")) {
      assertTrue(page.contains(code), page);
    }
  }
}
