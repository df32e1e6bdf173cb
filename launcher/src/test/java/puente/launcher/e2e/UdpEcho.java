package puente.launcher.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;

/** A peer that sends every datagram back, on two adjacent ports as RTP and RTCP use them. */
final class UdpEcho implements AutoCloseable {

  private final DatagramSocket even;
  private final DatagramSocket odd;

  UdpEcho(String address) {
    int first = Ports.free(2);
    even = echoing(address, first);
    odd = echoing(address, first + 1);
  }

  /** The first of the two. */
  int port() {
    return even.getLocalPort();
  }

  private static DatagramSocket echoing(String address, int port) {
    try {
      var socket = new DatagramSocket(port, InetAddress.getByName(address));
      socket.setReceiveBufferSize(1 << 20);
      Thread.ofPlatform().daemon().name("echo " + port).start(() -> echo(socket));
      return socket;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void echo(DatagramSocket socket) {
    var packet = new DatagramPacket(new byte[65_536], 65_536);
    while (!socket.isClosed()) {
      try {
        packet.setLength(65_536);
        socket.receive(packet);
        socket.send(packet);
      } catch (SocketException e) {
        return;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public void close() {
    even.close();
    odd.close();
  }
}
