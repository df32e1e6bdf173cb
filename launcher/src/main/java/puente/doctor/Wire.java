package puente.doctor;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import puente.stun.StreamFramer;

/** A way to a server. For one thread. */
interface Wire extends AutoCloseable {

  /** Longer than any answer that we ask for. */
  int FRAME_MAX = 1 << 16;

  void send(byte[] bytes, int length) throws IOException;

  /** One datagram or one frame; null when none came within so many milliseconds. */
  byte @Nullable [] receive(int waitMs) throws IOException;

  /** Whether what was sent need not be sent again. */
  boolean isReliable();

  @Override
  void close();

  /** UDP; answers may come from anywhere, as RFC 5780 wants. */
  final class Datagrams implements Wire {
    private final DatagramSocket socket;
    private InetSocketAddress server;

    Datagrams(InetSocketAddress server) throws IOException {
      this.server = server;
      socket = new DatagramSocket();
    }

    /** From now on to this one. */
    void aim(InetSocketAddress other) {
      server = other;
    }

    int localPort() {
      return socket.getLocalPort();
    }

    @Override
    public void send(byte[] bytes, int length) throws IOException {
      socket.send(new DatagramPacket(bytes, length, server));
    }

    @Override
    public byte @Nullable [] receive(int waitMs) throws IOException {
      DatagramPacket packet = new DatagramPacket(new byte[FRAME_MAX], FRAME_MAX);
      try {
        socket.setSoTimeout(Math.max(1, waitMs));
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
      } catch (SocketTimeoutException silent) {
        return null;
      }
    }

    @Override
    public boolean isReliable() {
      return false;
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  /** TCP, or TLS above it. */
  final class Stream implements Wire {
    private final Socket socket;
    private final DataInputStream in;

    Stream(Socket socket) throws IOException {
      this.socket = socket;
      socket.setTcpNoDelay(true);
      in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    @Override
    public void send(byte[] bytes, int length) throws IOException {
      socket.getOutputStream().write(bytes, 0, length);
      socket.getOutputStream().flush();
    }

    /** A silence in the midst of a frame ends the connection: the rest could not be told apart. */
    @Override
    public byte @Nullable [] receive(int waitMs) throws IOException {
      byte[] head = new byte[StreamFramer.PREFIX_LENGTH];
      try {
        socket.setSoTimeout(Math.max(1, waitMs));
        head[0] = in.readByte();
      } catch (SocketTimeoutException silent) {
        return null;
      }
      in.readFully(head, 1, head.length - 1);
      int length = StreamFramer.frameLength(ByteBuffer.wrap(head).getInt());
      if (length < head.length) {
        throw new IOException("what answers does not speak STUN");
      }
      byte[] frame = Arrays.copyOf(head, length);
      in.readFully(frame, head.length, length - head.length);
      return frame;
    }

    @Override
    public boolean isReliable() {
      return true;
    }

    @Override
    public void close() {
      try {
        socket.close();
      } catch (IOException gone) {
        // That is what was wanted.
      }
    }
  }
}
