package puente.peer;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;

/** Gives one answer to each request, and none for an empty one. */
final class ScriptedRouter implements AutoCloseable {
  final List<byte[]> heard = Collections.synchronizedList(new ArrayList<>());
  private final DatagramSocket socket;

  ScriptedRouter(String... answers) throws IOException {
    socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().start(() -> serve(answers));
  }

  InetSocketAddress address() {
    return (InetSocketAddress) socket.getLocalSocketAddress();
  }

  private void serve(String... answers) {
    try {
      for (String answer : answers) {
        DatagramPacket request = new DatagramPacket(new byte[64], 64);
        socket.receive(request);
        heard.add(Arrays.copyOf(request.getData(), request.getLength()));
        byte[] bytes = HexFormat.of().parseHex(answer);
        if (bytes.length > 0) {
          socket.send(new DatagramPacket(bytes, bytes.length, request.getSocketAddress()));
        }
      }
    } catch (IOException closed) {
      return;
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
