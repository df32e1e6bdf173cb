package puente.peer;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The NAT Port Mapping Protocol (RFC 6886), for routers that do not speak {@link Pcp}: two messages,
 * which is less than a library for them.
 */
final class NatPmp {
  static final int PORT = 5351;
  private static final int ADDRESS = 0;
  private static final int MAP_UDP = 1;
  private static final int MAP_TCP = 2;
  private static final int ANSWER = 128;

  /** RFC 6886 §3.1: 250 ms, then twice as long each time; a home router answers at once. */
  private static final int FIRST_WAIT_MS = 250;

  private static final int ATTEMPTS = 3;
  private static final int ANSWER_MAX = 64;

  private final InetSocketAddress router;

  NatPmp(InetSocketAddress router) {
    this.router = router;
  }

  /** The router's outer address (RFC 6886 §3.2). */
  InetAddress address() throws IOException {
    ByteBuffer answer = ask(router, new byte[] {0, ADDRESS}, 12);
    return InetAddress.getByAddress(Arrays.copyOfRange(answer.array(), 8, 12));
  }

  /** The router's port for this one of ours (RFC 6886 §3.3); a lifetime of 0 gives it back. */
  int map(boolean tcp, int port, int seconds) throws IOException {
    int code = tcp ? MAP_TCP : MAP_UDP;
    byte[] request =
        ByteBuffer.allocate(12)
            .put((byte) 0)
            .put((byte) code)
            .putShort((short) 0)
            .putShort((short) port)
            .putShort((short) (seconds == 0 ? 0 : port))
            .putInt(seconds)
            .array();
    ByteBuffer answer = ask(router, request, 16);
    if ((answer.getShort(8) & 0xFFFF) != port) {
      throw new IOException("the router speaks of another port");
    }
    return answer.getShort(10) & 0xFFFF;
  }

  /**
   * What the router answers to a request of this protocol or of PCP, in the version of the request.
   *
   * @param length an answer's at the least
   */
  static ByteBuffer ask(InetSocketAddress router, byte[] request, int length) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(router); // RFC 6886 §3.1: answers of others are none
      DatagramPacket answer = new DatagramPacket(new byte[ANSWER_MAX], ANSWER_MAX);
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        socket.send(new DatagramPacket(request, request.length));
        socket.setSoTimeout(FIRST_WAIT_MS << attempt);
        try {
          socket.receive(answer);
        } catch (SocketTimeoutException silent) {
          continue;
        }
        ByteBuffer said = ByteBuffer.wrap(answer.getData());
        if (answer.getLength() < 8
            || said.get(0) != request[0]
            || (said.get(1) & 0xFF) != ANSWER + request[1]) {
          throw new IOException("the router speaks something else");
        }
        int result = said.getShort(2) & (request[0] == Pcp.VERSION ? 0xFF : 0xFFFF);
        if (result != 0 || answer.getLength() < length) {
          throw new IOException("the router refuses: code " + result);
        }
        return said;
      }
      throw new IOException("the router does not answer");
    }
  }
}
