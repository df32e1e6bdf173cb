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
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Lets an old client ask for a dual allocation as RFC 8656 §14.10 does: uclient 4.6 uses the draft's
 * code point for ADDITIONAL-ADDRESS-FAMILY, which is another attribute number today. Requests that
 * carry it are rewritten and signed again; everything else passes as it is, both ways.
 */
final class DraftTranslator implements AutoCloseable {

  private static final int DRAFT_ADDITIONAL_ADDRESS_FAMILY = 0x8032;

  private final DatagramSocket front;
  private final InetSocketAddress server;
  private final byte[] key =
      Stun.key(ServerProcess.USER, ServerProcess.REALM, ServerProcess.PASSWORD);
  private final Map<InetSocketAddress, DatagramSocket> backs = new ConcurrentHashMap<>();

  DraftTranslator(ServerProcess server) throws IOException {
    this.server = server.address();
    front = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().start(this::fromClients);
  }

  int port() {
    return front.getLocalPort();
  }

  private void fromClients() {
    pump(
        front,
        packet -> {
          var client = (InetSocketAddress) packet.getSocketAddress();
          var back = backs.computeIfAbsent(client, this::towards);
          var message = translated(Arrays.copyOf(packet.getData(), packet.getLength()));
          back.send(new DatagramPacket(message, message.length, server));
        });
  }

  private DatagramSocket towards(InetSocketAddress client) {
    try {
      var back = new DatagramSocket(0, InetAddress.getLoopbackAddress());
      Thread.ofPlatform()
          .daemon()
          .start(
              () ->
                  pump(
                      back,
                      packet -> {
                        packet.setSocketAddress(client);
                        front.send(packet);
                      }));
      return back;
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Step {
    void take(DatagramPacket packet) throws IOException;
  }

  private static void pump(DatagramSocket socket, Step step) {
    var packet = new DatagramPacket(new byte[65_536], 65_536);
    while (!socket.isClosed()) {
      try {
        packet.setLength(65_536);
        socket.receive(packet);
        step.take(packet);
      } catch (SocketException e) {
        return;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private byte[] translated(byte[] message) {
    if (!Stun.isStun(message)
        || Stun.type(message) != Stun.ALLOCATE
        || Stun.attribute(message, DRAFT_ADDITIONAL_ADDRESS_FAMILY) == null) {
      return message;
    }
    var view = ByteBuffer.wrap(message);
    int at = Stun.HEADER;
    while (at + 4 <= message.length && !isSeal(view.getShort(at) & 0xFFFF)) {
      if ((view.getShort(at) & 0xFFFF) == DRAFT_ADDITIONAL_ADDRESS_FAMILY) {
        view.putShort(at, (short) Stun.ADDITIONAL_ADDRESS_FAMILY);
      }
      at += 4 + ((view.getShort(at + 2) & 0xFFFF) + 3 & ~3);
    }
    boolean signed = Stun.attribute(message, Stun.MESSAGE_INTEGRITY) != null;
    var open = Arrays.copyOf(message, at);
    return signed ? Stun.sign(open, key) : Stun.sized(open, 0);
  }

  private static boolean isSeal(int type) {
    return type == Stun.MESSAGE_INTEGRITY || type == Stun.FINGERPRINT;
  }

  @Override
  public void close() {
    front.close();
    backs.values().forEach(DatagramSocket::close);
  }
}
