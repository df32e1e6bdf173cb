package puente.peer;

import java.io.IOException;
import org.bouncycastle.tls.DTLSTransport;
import org.bouncycastle.tls.DatagramTransport;

/** An encrypted path to one other peer. */
final class DtlsLink implements AutoCloseable {
  private static final int DATAGRAM_MAX = 2048;

  private final IcePath path;
  private final DTLSTransport transport;

  private DtlsLink(IcePath path, DTLSTransport transport) {
    this.path = path;
    this.transport = transport;
  }

  /** Shakes hands on a path that is open. */
  static DtlsLink open(IcePath path, boolean isClient, PeerCertificate own, String expected)
      throws IOException {
    return new DtlsLink(path, new DtlsPeer(own, expected).open(isClient, new Line(path)));
  }

  String kind() {
    return path.kind();
  }

  /** -1 if nothing came in this time. */
  int receive(byte[] buffer, int waitMs) throws IOException {
    return transport.receive(buffer, 0, buffer.length, Math.max(1, waitMs));
  }

  void send(byte[] packet) throws IOException {
    transport.send(packet, 0, packet.length);
  }

  @Override
  public void close() {
    try {
      transport.close();
    } catch (IOException alreadyGone) {
      // the other is told, if anybody still listens
    }
    path.close();
  }

  private record Line(IcePath path) implements DatagramTransport {
    @Override
    public int getReceiveLimit() {
      return DATAGRAM_MAX;
    }

    @Override
    public int getSendLimit() {
      return Flow.MESSAGE_MAX + 100;
    }

    @Override
    public int receive(byte[] buffer, int offset, int length, int waitMillis) throws IOException {
      byte[] datagram = path.receive(Math.max(1, waitMillis));
      if (datagram == null) {
        return -1;
      }
      int taken = Math.min(length, datagram.length);
      System.arraycopy(datagram, 0, buffer, offset, taken);
      return taken;
    }

    @Override
    public void send(byte[] buffer, int offset, int length) throws IOException {
      path.send(buffer, offset, length);
    }

    @Override
    public void close() {
      // who opened the path closes it
    }
  }
}
