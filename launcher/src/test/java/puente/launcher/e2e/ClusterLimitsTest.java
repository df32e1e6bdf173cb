package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes, as two processes, and one user who is on both. */
@Tag("e2e")
@Timeout(120)
class ClusterLimitsTest {

  private static final int CHANNEL = 0x4000;
  private static final int BYTES_PER_SECOND = 100_000;
  private static final int PACKET = 1000;

  /** Long enough that two nodes that do not share would be seen to relay twice as much. */
  private static final double SECONDS = 8;

  /**
   * One second's worth at once, and what the other's even part adds while a change goes round: two
   * rounds, more on a busy machine.
   */
  private static final double ALLOWANCE_SECONDS = 1 + 0.5 * 5;

  @Test
  void aUserHasItsBandwidthOverAllNodes() throws Exception {
    assumeTrue(ServerProcess.isPuente());
    int ports = Ports.free(2);
    try (var one = start("rates-one", ports, ports + 1);
        var two = start("rates-two", ports + 1, ports);
        var peer = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      peer.setSoTimeout(1);
      peer.setReceiveBufferSize(1 << 20);
      awaitNode(one, "rates-two");
      awaitNode(two, "rates-one");
      var clients = List.of(TurnClient.udp(one), TurnClient.udp(two));
      for (var client : clients) {
        client.allocate();
        client.bind(CHANNEL, (InetSocketAddress) peer.getLocalSocketAddress());
      }
      long started = System.nanoTime();
      long bytes = 0;
      double seconds = 0;
      while (seconds < SECONDS) {
        // Three times the limit, from each.
        for (var client : clients) {
          client.sendChannel(CHANNEL, new byte[PACKET]);
        }
        bytes += received(peer);
        seconds = (System.nanoTime() - started) / 1e9;
      }
      double most = BYTES_PER_SECOND * (seconds + ALLOWANCE_SECONDS);
      assertTrue(bytes <= most, bytes + " bytes in " + seconds + " s");
      assertTrue(bytes >= BYTES_PER_SECOND * seconds / 2, bytes + " bytes in " + seconds + " s");
      assertTrue(dropped(one) > 0 && dropped(two) > 0);
      clients.forEach(TurnClient::close);
    }
  }

  /** What comes within some milliseconds: this paces the senders, too. */
  private static long received(DatagramSocket peer) throws IOException {
    long bytes = 0;
    var packet = new DatagramPacket(new byte[2048], 2048);
    long until = System.nanoTime() + 3_000_000;
    while (System.nanoTime() < until) {
      try {
        peer.receive(packet);
        bytes += packet.getLength();
      } catch (SocketTimeoutException silence) {
        // There may be more in a moment.
      }
    }
    return bytes;
  }

  private static double dropped(ServerProcess server) throws Exception {
    return server.metric("puente_turn_relay_dropped_total{", "user_bandwidth");
  }

  private static void awaitNode(ServerProcess asked, String id) throws Exception {
    while (!asked.get("/api/v1/nodes/" + id).replace(" ", "").contains("\"alive\":true")) {
      assertFalse(asked.program().endsWithin(Duration.ofMillis(50)), asked.log());
    }
  }

  private static ServerProcess start(String name, int port, int other) {
    return ServerProcess.start(
        name, ServerProcess.cluster(name, port, other, "user-bps=" + BYTES_PER_SECOND));
  }
}
