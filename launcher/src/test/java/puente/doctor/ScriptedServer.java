package puente.doctor;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.stun.Message;
import puente.stun.MessageBuilder;

/** A STUN server over UDP that answers as a test says, from as many addresses as it says. */
final class ScriptedServer implements AutoCloseable {

  /** What is answered; null says nothing. */
  interface Script {
    @Nullable MessageBuilder answer(
        Message request, InetSocketAddress asked, InetSocketAddress from);
  }

  /** DTLS 1.2 (RFC 6347 §4.1): a fatal alert, handshake_failure. */
  private static final byte[] NO_DTLS =
      HexFormat.of().parseHex("15" + "fefd" + "0000" + "000000000000" + "0002" + "0228");

  private static final int DTLS_HANDSHAKE = 22;

  private final List<DatagramSocket> sockets = new ArrayList<>();
  private final Script script;

  ScriptedServer(Script script) {
    this.script = script;
  }

  /** One more address; port 0 is any. */
  InetSocketAddress open(String host, int port) throws IOException {
    DatagramSocket socket = new DatagramSocket(new InetSocketAddress(host, port));
    sockets.add(socket);
    Thread.ofVirtual().start(() -> serve(socket));
    return new InetSocketAddress(host, socket.getLocalPort());
  }

  private void serve(DatagramSocket socket) {
    InetSocketAddress asked =
        new InetSocketAddress(socket.getLocalAddress(), socket.getLocalPort());
    while (!socket.isClosed()) {
      try {
        DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
        socket.receive(packet);
        if (packet.getData()[0] == DTLS_HANDSHAKE) {
          // Who asks need not wait until it gives up.
          socket.send(new DatagramPacket(NO_DTLS, NO_DTLS.length, packet.getSocketAddress()));
          continue;
        }
        Message request = new Message();
        if (request.parse(packet.getData(), packet.getLength()) != Message.Shape.WELL_FORMED) {
          continue;
        }
        MessageBuilder answer =
            script.answer(request, asked, (InetSocketAddress) packet.getSocketAddress());
        if (answer != null) {
          socket.send(
              new DatagramPacket(answer.bytes(), answer.length(), packet.getSocketAddress()));
        }
      } catch (IOException closed) {
        return;
      }
    }
  }

  @Override
  public void close() {
    sockets.forEach(DatagramSocket::close);
  }
}
