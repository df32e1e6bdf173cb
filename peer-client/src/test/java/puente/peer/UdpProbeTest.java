package puente.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketTimeoutException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.stun.Family;

@Timeout(300)
class UdpProbeTest {
  private static final int LONG_MS = 60_000;

  /** A family that is routed but leads nowhere holds nobody up: it is asked once more. */
  @Test
  void oneFamilyThatWorksIsEnough() throws Exception {
    Assumptions.assumeTrue(hasIpv6(), "no IPv6 here");
    try (DatagramSocket works = bound("127.0.0.1");
        DatagramSocket silent = bound("::1")) {
      Thread.ofVirtual().start(() -> answer(works));
      Set<Family> heard = new UdpProbe(LONG_MS, 20).ask(List.of(at(works), at(silent)));
      assertEquals(EnumSet.of(Family.IPV4), heard);
      silent.setSoTimeout(LONG_MS);
      assertNotNull(receive(silent));
      assertNotNull(receive(silent), "once more");
      silent.setSoTimeout(1);
      assertNull(receive(silent), "no third time");
    }
  }

  @Test
  void withoutAServerToAskBothAreTakenForGranted() {
    assertEquals(EnumSet.allOf(Family.class), UdpProbe.families(List.of()));
  }

  /** Its own request is answer enough. */
  private static void answer(DatagramSocket socket) {
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[1024], 1024);
        socket.receive(packet);
        socket.send(packet);
      }
    } catch (IOException closed) {
      return;
    }
  }

  private static @Nullable DatagramPacket receive(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[1024], 1024);
    try {
      socket.receive(packet);
      return packet;
    } catch (SocketTimeoutException nothing) {
      return null;
    }
  }

  private static boolean hasIpv6() throws IOException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .anyMatch(each -> each instanceof Inet6Address && each.isLoopbackAddress());
  }

  private static DatagramSocket bound(String ip) throws IOException {
    return new DatagramSocket(0, InetAddress.ofLiteral(ip));
  }

  private static InetSocketAddress at(DatagramSocket socket) {
    return new InetSocketAddress(socket.getLocalAddress(), socket.getLocalPort());
  }
}
