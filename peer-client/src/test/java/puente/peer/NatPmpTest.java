package puente.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
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
    try (Router router = new Router("008000000000000cc6336407")) {
      assertEquals(InetAddress.ofLiteral("198.51.100.7"), router.client().address());
      assertArrayEquals(new byte[] {0, 0}, router.heard.getFirst());
    }
  }

  /** RFC 6886 §3.3: UDP is 1, TCP is 2; the router may lend another port than asked for. */
  @Test
  void borrowsAPort() throws IOException {
    try (Router router = new Router("008100000000000c1388c35000001c20")) {
      assertEquals(50_000, router.client().map(false, 5000, 7200));
      assertEquals("000100001388138800001c20", HexFormat.of().formatHex(router.heard.getFirst()));
    }
    try (Router router = new Router("008200000000000c1388138800001c20")) {
      assertEquals(5000, router.client().map(true, 5000, 7200));
    }
  }

  /** RFC 6886 §3.4: no lifetime, no port. */
  @Test
  void givesAPortBack() throws IOException {
    try (Router router = new Router("008100000000000c1388000000000000")) {
      assertEquals(0, router.client().map(false, 5000, 0));
      assertEquals("000100001388000000000000", HexFormat.of().formatHex(router.heard.getFirst()));
    }
  }

  /** RFC 6886 §3.1. */
  @Test
  void asksAgainWhenNothingIsHeard() throws IOException {
    try (Router router = new Router("", "008000000000000cc6336407")) {
      assertEquals(InetAddress.ofLiteral("198.51.100.7"), router.client().address());
      assertEquals(2, router.heard.size());
    }
  }

  @Test
  void whatIsNoAnswerIsNone() throws IOException {
    for (String strange :
        List.of("", "00", "008000020000000c00000000", "008100000000000cc6336407", "0080000000")) {
      try (Router router = new Router(strange)) {
        assertThrows(IOException.class, () -> router.client().address(), strange);
      }
    }
    try (Router router = new Router("008100000000000c1389c35000001c20")) {
      assertThrows(IOException.class, () -> router.client().map(false, 5000, 7200));
    }
  }

  /** Gives one answer to each request, and none for an empty one. */
  private static final class Router implements AutoCloseable {
    final List<byte[]> heard = Collections.synchronizedList(new ArrayList<>());
    private final DatagramSocket socket;

    Router(String... answers) throws IOException {
      socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
      Thread.ofPlatform().daemon().start(() -> serve(answers));
    }

    NatPmp client() {
      return new NatPmp((InetSocketAddress) socket.getLocalSocketAddress());
    }

    private void serve(String... answers) {
      try {
        for (String answer : answers) {
          DatagramPacket request = new DatagramPacket(new byte[64], 64);
          socket.receive(request);
          heard.add(Arrays.copyOf(request.getData(), request.getLength()));
          byte[] bytes = HexFormat.of().parseHex(answer);
          if (bytes.length > 0) {
            socket.send(new DatagramPacket(bytes, bytes.length, request.getSocketAddress()));
          }
        }
      } catch (IOException closed) {
        return;
      }
    }

    @Override
    public void close() {
      socket.close();
    }
  }
}
