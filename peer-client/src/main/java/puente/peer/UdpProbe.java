package puente.peer;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import puente.stun.Family;

/** By which families UDP comes through, if at all: a Binding request (RFC 8489 §3) to a few servers. */
final class UdpProbe {
  private static final int COOKIE = 0x2112A442;
  private static final int ATTEMPTS = 4;
  private static final int WAIT_MS = 400;

  /** One family works: whether the other does is not waited for as long. */
  private static final int MORE_ATTEMPTS = 1;

  private static final int MORE_MS = 150;

  private UdpProbe() {}

  /** The families by which answers come. With no server to ask, both are taken for granted. */
  static Set<Family> families(List<InetSocketAddress> servers) {
    Set<Family> heard = EnumSet.noneOf(Family.class);
    if (servers.isEmpty()) {
      return EnumSet.allOf(Family.class);
    }
    try (DatagramSocket socket = new DatagramSocket()) {
      long transaction = ThreadLocalRandom.current().nextLong();
      byte[] request =
          ByteBuffer.allocate(20)
              .putInt(0x0001_0000)
              .putInt(COOKIE)
              .putLong(transaction)
              .putInt(0)
              .array();
      int attempts = ATTEMPTS;
      for (int attempt = 0; attempt < attempts; attempt++) {
        Set<Family> asked = EnumSet.noneOf(Family.class);
        for (InetSocketAddress server : servers) {
          if (sent(socket, request, server)) {
            asked.add(Routes.family(server.getAddress()));
          }
        }
        hear(socket, transaction, asked, heard);
        if (heard.containsAll(asked)) {
          return heard;
        }
        attempts = heard.isEmpty() ? ATTEMPTS : Math.min(ATTEMPTS, attempt + 1 + MORE_ATTEMPTS);
      }
    } catch (IOException noNetwork) {
      return heard;
    }
    return heard;
  }

  private static boolean sent(DatagramSocket socket, byte[] request, InetSocketAddress server) {
    try {
      socket.send(new DatagramPacket(request, request.length, server));
      return true;
    } catch (IOException unreachable) {
      return false; // another server may be
    }
  }

  /** Until all families that were asked have answered, or the time is over. */
  private static void hear(
      DatagramSocket socket, long transaction, Set<Family> asked, Set<Family> heard)
      throws IOException {
    DatagramPacket answer = new DatagramPacket(new byte[1024], 1024);
    long end = DtlsLink.nowMs() + WAIT_MS;
    while (!heard.containsAll(asked)) {
      try {
        socket.setSoTimeout((int) Math.max(1, end - DtlsLink.nowMs()));
        socket.receive(answer);
      } catch (SocketTimeoutException nothing) {
        return;
      }
      boolean isOurs =
          answer.getLength() >= 20 && ByteBuffer.wrap(answer.getData()).getLong(8) == transaction;
      if (isOurs && heard.add(Routes.family(answer.getAddress()))) {
        end = Math.min(end, DtlsLink.nowMs() + MORE_MS);
      }
      if (DtlsLink.nowMs() >= end) {
        return;
      }
    }
  }
}
