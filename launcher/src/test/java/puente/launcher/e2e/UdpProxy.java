package puente.launcher.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A load balancer for UDP that names its clients by the PROXY protocol, version 2: each has a flow
 * from a port of its own, and comes from 203.0.113.0/24 as the server is told.
 */
final class UdpProxy implements AutoCloseable {

  private static final byte[] HEAD = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a2112000c");
  private static final int NAMED = 0xcb00_7109;

  private final DatagramSocket front = new DatagramSocket(0, InetAddress.getLoopbackAddress());
  private final InetAddress own;
  private final InetSocketAddress server;
  private final boolean onEach;
  private final Map<InetSocketAddress, DatagramSocket> flowByClient = new ConcurrentHashMap<>();
  private final List<DatagramSocket> all = new CopyOnWriteArrayList<>(List.of(front));

  /**
   * @param own the address that the server sees
   * @param onEach whether the header is before every datagram, or the first of a flow alone
   */
  UdpProxy(String own, InetSocketAddress server, boolean onEach) throws IOException {
    this.own = InetAddress.getByName(own);
    this.server = server;
    this.onEach = onEach;
    Thread.ofVirtual().name("udp proxy").start(() -> forEach(front, this::toServer));
  }

  int port() {
    return front.getLocalPort();
  }

  private interface Taking {
    void take(DatagramPacket packet) throws IOException;
  }

  private static void forEach(DatagramSocket socket, Taking taking) {
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        socket.receive(packet);
        taking.take(packet);
      }
    } catch (SocketException closed) {
      // The test has ended.
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private void toServer(DatagramPacket packet) throws IOException {
    InetSocketAddress client = (InetSocketAddress) packet.getSocketAddress();
    DatagramSocket flow = flowByClient.get(client);
    byte[] bytes = Arrays.copyOf(packet.getData(), packet.getLength());
    boolean isFirst = flow == null;
    if (flow == null) {
      DatagramSocket made = new DatagramSocket(0, own);
      all.add(made);
      flowByClient.put(client, made);
      Thread.ofVirtual()
          .name("udp proxy, back")
          .start(
              () ->
                  forEach(
                      made,
                      answer -> {
                        answer.setSocketAddress(client);
                        front.send(answer);
                      }));
      flow = made;
    }
    byte[] sent = isFirst || onEach ? headed(client.getPort(), bytes) : bytes;
    flow.send(new DatagramPacket(sent, sent.length, server));
  }

  private byte[] headed(int port, byte[] datagram) {
    return ByteBuffer.allocate(HEAD.length + 12 + datagram.length)
        .put(HEAD)
        .putInt(NAMED)
        .put(server.getAddress().getAddress())
        .putShort((short) port)
        .putShort((short) server.getPort())
        .put(datagram)
        .array();
  }

  @Override
  public void close() {
    all.forEach(DatagramSocket::close);
  }
}
