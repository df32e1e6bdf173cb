package puente.peer;

import java.io.IOException;
import org.bouncycastle.tls.DTLSTransport;
import org.bouncycastle.tls.DatagramTransport;

/** An encrypted path to one other peer. Both ends say every now and then that they are there. */
final class DtlsLink implements AutoCloseable {
  private static final int DATAGRAM_MAX = 2048;
  private static final byte[] HERE = {5};

  /** How often each end says so on a link that carries, and on a direct one. */
  static final long HERE_MS = 400;

  /** A path that carries nothing costs little where a relay lends it. */
  private static final long SPARE_HERE_MS = 2_000;

  private final Path path;
  private final boolean isDirect;
  private final DTLSTransport transport;
  private volatile long heardAt;
  private long saidAt;

  private DtlsLink(Path path, boolean isDirect, DTLSTransport transport, long now) {
    this.path = path;
    this.isDirect = isDirect;
    this.transport = transport;
    heardAt = now;
    saidAt = now;
  }

  /** Shakes hands on a path that is open. */
  static DtlsLink open(
      Path path, boolean isDirect, boolean isClient, PeerCertificate own, String expected)
      throws IOException {
    DTLSTransport transport = new DtlsPeer(own, expected).open(isClient, new Line(path));
    return new DtlsLink(path, isDirect, transport, nowMs());
  }

  boolean isDirect() {
    return isDirect;
  }

  long silentMs(long now) {
    return now - heardAt;
  }

  String kind() {
    return path.kind();
  }

  /** Zero or less if nothing came in this time but, at most, that the other is there. */
  int receive(byte[] buffer, int waitMs, boolean isCarrying) throws IOException {
    int length = transport.receive(buffer, 0, buffer.length, Math.max(1, waitMs));
    long now = nowMs();
    if (length > 0) {
      heardAt = now;
    }
    if (now - saidAt >= (isDirect || isCarrying ? HERE_MS : SPARE_HERE_MS)) {
      saidAt = now;
      send(HERE);
    }
    return length == HERE.length ? 0 : length;
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

  private record Line(Path path) implements DatagramTransport {
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

  static long nowMs() {
    return System.nanoTime() / 1_000_000;
  }
}
