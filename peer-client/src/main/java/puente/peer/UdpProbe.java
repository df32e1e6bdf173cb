package puente.peer;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Whether UDP comes through at all: a Binding request (RFC 8489 §3) to a few servers. */
final class UdpProbe {
  private static final int COOKIE = 0x2112A442;
  private static final int ATTEMPTS = 4;
  private static final int WAIT_MS = 400;

  private UdpProbe() {}

  /** With no server to ask, it is taken for granted. */
  static boolean answers(List<InetSocketAddress> servers) {
    if (servers.isEmpty()) {
      return true;
    }
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout(WAIT_MS);
      long transaction = ThreadLocalRandom.current().nextLong();
      byte[] request =
          ByteBuffer.allocate(20)
              .putInt(0x0001_0000)
              .putInt(COOKIE)
              .putLong(transaction)
              .putInt(0)
              .array();
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        for (InetSocketAddress server : servers) {
          send(socket, request, server);
        }
        if (hears(socket, transaction)) {
          return true;
        }
      }
    } catch (IOException noNetwork) {
      return false;
    }
    return false;
  }

  private static void send(DatagramSocket socket, byte[] request, InetSocketAddress server) {
    try {
      socket.send(new DatagramPacket(request, request.length, server));
    } catch (IOException unreachable) {
      return; // another server may be
    }
  }

  private static boolean hears(DatagramSocket socket, long transaction) throws IOException {
    DatagramPacket answer = new DatagramPacket(new byte[1024], 1024);
    try {
      socket.receive(answer);
    } catch (SocketTimeoutException nothing) {
      return false;
    }
    return answer.getLength() >= 20 && ByteBuffer.wrap(answer.getData()).getLong(8) == transaction;
  }
}
