package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes of a cluster, as two processes: a load balancer sends a client to the other one. */
@Tag("e2e")
@Timeout(120)
class AnyNodeTest {

  private static final int CHANNEL = 0x4000;

  /** A client's socket whose packets go where the load balancer of the day sends them. */
  private static final class Rehashed implements TurnClient.Wire {
    private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    private volatile InetSocketAddress node;
    private volatile InetSocketAddress answeredBy;

    Rehashed(ServerProcess first) throws IOException {
      node = first.address();
      answeredBy = node;
    }

    @Override
    public void send(byte[] bytes) throws IOException {
      socket.send(new DatagramPacket(bytes, bytes.length, node));
    }

    @Override
    public byte[] receive() throws IOException {
      var packet = new DatagramPacket(new byte[65_536], 65_536);
      socket.receive(packet);
      answeredBy = (InetSocketAddress) packet.getSocketAddress();
      return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  /** RFC 8656 §8, §12.6, §12.7 by the other node: Refresh, and ChannelData both ways. */
  @Test
  void aClientIsServedByWhicheverNodeItReaches() throws Exception {
    assumeTrue(ServerProcess.isPuente());
    int ports = Ports.free(2);
    try (var one = start("any-one", ports, ports + 1);
        var two = start("any-two", ports + 1, ports);
        var peer = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      peer.setSoTimeout(200);
      var wire = new Rehashed(one);
      var client = new TurnClient(wire, ServerProcess.USER, ServerProcess.PASSWORD);
      client.allocate();
      client.bind(CHANNEL, (InetSocketAddress) peer.getLocalSocketAddress());
      var received = new LinkedBlockingQueue<byte[]>();
      client.onData(received::add);
      wire.node = two.address();
      var payload = "by the other node".getBytes();
      // The nodes meet in the background: until then the packet is lost, as on any network.
      var atPeer = until(peer, client, payload);
      peer.send(new DatagramPacket(payload, payload.length, atPeer.getSocketAddress()));
      var back = received.take();
      assertEquals(ByteBuffer.wrap(payload), ByteBuffer.wrap(back));
      assertEquals(two.address(), wire.answeredBy);
      client.refresh(600);
      assertEquals(two.address(), wire.answeredBy);
      wire.node = one.address();
      client.refresh(600);
      assertEquals(one.address(), wire.answeredBy);
      aClientThatMovesIsServedThere(one, two, peer);
    }
  }

  /**
   * RFC 8016 §3.2.1, §3.2.2: to a new address, and another node; data both ways, and then by the node
   * that has the allocation.
   */
  private static void aClientThatMovesIsServedThere(
      ServerProcess one, ServerProcess two, DatagramSocket peer) throws Exception {
    var before = new TurnClient(new Rehashed(one), ServerProcess.USER, ServerProcess.PASSWORD);
    var ticket =
        MovingClientTest.ticketIn(
            before.signed(
                Stun.ALLOCATE,
                message ->
                    message
                        .with(Stun.REQUESTED_TRANSPORT, new byte[] {17, 0, 0, 0})
                        .with(MovingClientTest.TICKET, new byte[0])));
    before.bind(CHANNEL, (InetSocketAddress) peer.getLocalSocketAddress());
    var wire = new Rehashed(two);
    var after = new TurnClient(wire, ServerProcess.USER, ServerProcess.PASSWORD);
    var second = shows(after, ticket);
    assertNotEquals(ByteBuffer.wrap(ticket), ByteBuffer.wrap(second));
    assertEquals(two.address(), wire.answeredBy);

    isEchoed(after, peer, "moved to the other node");
    assertEquals(two.address(), wire.answeredBy);
    assertEquals(1, one.metric("puente_turn_mobility_total{", "granted"));
    assertEquals(1, one.metric("puente_turn_mobility_total{", "switched"));
    assertEquals(0, two.metric("puente_turn_mobility_total{", "granted"));
    wire.node = one.address();
    after.refresh(600);
    assertEquals(one.address(), wire.answeredBy);
    before.close();
    andByConnections(one, two, peer, second);
    after.close();
  }

  /** The same by TLS, which breaks, and DTLS. Who has ended it cannot come back to it. */
  private static void andByConnections(
      ServerProcess one, ServerProcess two, DatagramSocket peer, byte[] ticket) throws Exception {
    var tls = TurnClient.tls(two);
    var second = shows(tls, ticket);
    isEchoed(tls, peer, "by TLS");
    tls.permit(new InetSocketAddress("127.0.0.1", 9));
    tls.close();
    Admission.awaits(
        "word of its end", () -> one.metric("puente_turn_mobility_total{", "detached") == 1);
    var dtls = TurnClient.dtls(two);
    var third = shows(dtls, second);
    isEchoed(dtls, peer, "by DTLS");
    dtls.refresh(0);
    for (int i = 0; i < 2; i++) {
      // By the node that had it, and then by this one alone.
      var late =
          dtls.signed(
              Stun.CREATE_PERMISSION,
              message -> message.with(Stun.XOR_PEER_ADDRESS, two.address()));
      assertEquals(437, Stun.errorCode(late));
    }
    dtls.allocate();
    dtls.refresh(0);
    assertEquals(0, one.metric("puente_turn_mobility_total{", "no_allocation"));
    dtls.close();
    var tcp = TurnClient.tcp(two);
    var refusal = tcp.signed(Stun.REFRESH, message -> message.with(MovingClientTest.TICKET, third));
    assertEquals(437, Stun.errorCode(refusal));
    tcp.close();
  }

  private static void isEchoed(TurnClient client, DatagramSocket peer, String text)
      throws Exception {
    var received = new LinkedBlockingQueue<byte[]>();
    client.onData(received::add);
    var payload = text.getBytes();
    DatagramPacket atPeer;
    do {
      // What was sent by its former way may come late.
      atPeer = until(peer, client, payload);
    } while (!text.equals(new String(atPeer.getData(), 0, atPeer.getLength())));
    peer.send(new DatagramPacket(payload, payload.length, atPeer.getSocketAddress()));
    assertEquals(ByteBuffer.wrap(payload), ByteBuffer.wrap(received.take()));
  }

  /** Its next ticket. */
  private static byte[] shows(TurnClient client, byte[] ticket) {
    byte[] refreshed;
    do {
      // A node that stands still for seconds does not say in time what it has.
      refreshed =
          client.signed(Stun.REFRESH, message -> message.with(MovingClientTest.TICKET, ticket));
    } while (Stun.errorCode(refreshed) == 437);
    return MovingClientTest.ticketIn(refreshed);
  }

  private static DatagramPacket until(DatagramSocket peer, TurnClient client, byte[] payload)
      throws IOException {
    while (true) {
      client.sendChannel(CHANNEL, payload);
      var packet = new DatagramPacket(new byte[2048], 2048);
      try {
        peer.receive(packet);
        return packet;
      } catch (SocketTimeoutException again) {
        // The test's own time limit ends this.
      }
    }
  }

  private static ServerProcess start(String name, int port, int other) {
    return ServerProcess.start(
        name, ServerProcess.cluster(name, port, other, "mobility", "relay-threads=2"));
  }
}
