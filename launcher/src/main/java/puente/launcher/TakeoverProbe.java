package puente.launcher;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Asks an address, as a client would, whether it is served: a node that the others have lost may
 * still serve, or again. For one thread.
 */
final class TakeoverProbe implements AutoCloseable {
  /** RFC 8489 §5: a Binding request without attributes. */
  private static final int BINDING_REQUEST = 0x0001;

  private static final int COOKIE = 0x2112A442;
  private static final int HEADER = 20;

  private final DatagramChannel channel;
  private final ByteBuffer incoming = ByteBuffer.allocate(2048);

  TakeoverProbe(InetSocketAddress server) throws IOException {
    boolean ipv4 = server.getAddress().getAddress().length == 4;
    channel =
        DatagramChannel.open(ipv4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
    try {
      channel.configureBlocking(false);
      channel.connect(server);
    } catch (IOException noWay) {
      channel.close();
      throw noWay;
    }
  }

  /** Asks once more, and says whether anything has been answered since the last time. */
  boolean answers() {
    boolean any = read();
    byte[] transaction = new byte[12];
    ThreadLocalRandom.current().nextBytes(transaction);
    ByteBuffer request = ByteBuffer.allocate(HEADER);
    request.putShort((short) BINDING_REQUEST).putShort((short) 0).putInt(COOKIE).put(transaction);
    try {
      channel.write(request.flip());
    } catch (IOException unreachable) {
      // Nobody is there now; that is an answer, too.
    }
    return any;
  }

  private boolean read() {
    boolean any = false;
    while (true) {
      incoming.clear();
      try {
        if (channel.read(incoming) <= 0) {
          return any;
        }
        any |= incoming.position() >= HEADER && incoming.getInt(4) == COOKIE;
      } catch (IOException unreachable) {
        return any;
      }
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException ignored) {
      // It was nobody else's.
    }
  }
}
