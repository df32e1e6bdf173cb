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

  /** One family works: for the other, so long is waited, and as long once more. */
  private static final int MORE_MS = 150;

  private final int waitMs;
  private final int moreMs;
  private final long transaction = ThreadLocalRandom.current().nextLong();
  private final Set<Family> heard = EnumSet.noneOf(Family.class);

  UdpProbe(int waitMs, int moreMs) {
    this.waitMs = waitMs;
    this.moreMs = moreMs;
  }

  /** The families by which answers come. With no server to ask, both are taken for granted. */
  static Set<Family> families(List<InetSocketAddress> servers) {
    return servers.isEmpty()
        ? EnumSet.allOf(Family.class)
        : new UdpProbe(WAIT_MS, MORE_MS).ask(servers);
  }

  Set<Family> ask(List<InetSocketAddress> servers) {
    byte[] request =
        ByteBuffer.allocate(20)
            .putInt(0x0001_0000)
            .putInt(COOKIE)
            .putLong(transaction)
            .putInt(0)
            .array();
    try (DatagramSocket socket = new DatagramSocket()) {
      boolean isLast = false;
      for (int attempt = 0; attempt < ATTEMPTS && !isLast; attempt++) {
        isLast = !heard.isEmpty();
        Set<Family> asked = EnumSet.noneOf(Family.class);
        for (InetSocketAddress server : servers) {
          if (sent(socket, request, server)) {
            asked.add(Routes.family(server.getAddress()));
          }
        }
        hear(socket, asked, DtlsLink.nowMs() + (isLast ? moreMs : waitMs));
        isLast |= heard.containsAll(asked);
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
  private void hear(DatagramSocket socket, Set<Family> asked, long until) throws IOException {
    DatagramPacket answer = new DatagramPacket(new byte[1024], 1024);
    long end = until;
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
        end = Math.min(end, DtlsLink.nowMs() + moreMs);
      }
      if (DtlsLink.nowMs() >= end) {
        return;
      }
    }
  }
}
