package puente.net;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Arrays;
import org.bouncycastle.tls.DTLSRequest;
import org.bouncycastle.tls.DTLSServerProtocol;
import org.bouncycastle.tls.DTLSTransport;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;
import puente.stun.Packet;

/**
 * A client's DTLS association (RFC 7350 §4): made when its cookie was right, of no use before its
 * handshake is done. For its loop's thread only, but for the handshake itself.
 */
public final class DtlsSession implements ClientConnection {

  private enum Stage {
    HANDSHAKE,
    OPEN,
    CLOSED
  }

  private final DtlsClients clients;
  private final DtlsLine line;
  private final FiveTuple tuple;
  private final byte[] random;
  private final long openedAt;
  private Stage stage = Stage.HANDSHAKE;
  private long heardAt;
  private boolean hasSpoken;
  private @Nullable DTLSTransport transport;
  private @Nullable DtlsProtocol protocol;

  /**
   * @param way the five-tuple but for its link
   * @param random the client's, by which a repeated ClientHello is told from a new one
   */
  DtlsSession(DtlsClients clients, DtlsLine line, FiveTuple way, byte[] random) {
    this.clients = clients;
    this.line = line;
    this.random = random;
    tuple = new FiveTuple(way.transport(), way.client(), way.server(), way.listener(), this);
    openedAt = clients.receiver().now();
    heardAt = openedAt;
  }

  @Override
  public FiveTuple tuple() {
    return tuple;
  }

  @Override
  public long openedAt() {
    return openedAt;
  }

  @Override
  public long heardAt() {
    return heardAt;
  }

  @Override
  public boolean hasSpoken() {
    return hasSpoken;
  }

  @Override
  public @Nullable String serverName() {
    DtlsProtocol ours = protocol;
    return ours == null ? null : ours.serverName();
  }

  boolean hasRandom(byte[] other) {
    return Arrays.equals(random, other);
  }

  /** The handshake, on a thread of its own. */
  void shakeHands(JcaTlsCrypto crypto, DTLSRequest request) {
    DtlsHandshakes handshakes = clients.handshakes();
    DtlsProtocol server =
        new DtlsProtocol(crypto, handshakes.identity(), (int) handshakes.timeMax().toMillis());
    handshakes.compute();
    try {
      DTLSTransport made = new DTLSServerProtocol().accept(server, line, request);
      clients.execute(() -> established(server, made));
    } catch (IOException | RuntimeException failure) {
      clients.execute(() -> failed(failure));
    } finally {
      handshakes.rest();
      handshakes.ended();
    }
  }

  private void established(DtlsProtocol server, DTLSTransport made) {
    if (stage != Stage.HANDSHAKE) {
      return;
    }
    stage = Stage.OPEN;
    protocol = server;
    transport = made;
    line.established();
    while (stage == Stage.OPEN && line.hasMore()) {
      receive(made, 0);
    }
    clients.receiver().onReadEnd();
  }

  private void failed(Throwable cause) {
    if (stage != Stage.CLOSED) {
      clients.receiver().onFailure(this, cause);
      close();
    }
  }

  /** A datagram of this client; false if there is no room for it. */
  boolean deliver(Packet packet) {
    heardAt = clients.receiver().now();
    DTLSTransport open = transport;
    if (open == null) {
      return line.offer(packet);
    }
    line.show(packet);
    receive(open, packet.trafficClass);
    line.show(null);
    return true;
  }

  private void receive(DTLSTransport from, int trafficClass) {
    byte[] plain = clients.plain();
    try {
      int length = from.receive(plain, 0, plain.length, 1);
      while (length >= 0 && stage == Stage.OPEN) {
        hasSpoken = true;
        clients.show(this, length, trafficClass);
        length = from.receivePending(plain, 0, plain.length);
      }
    } catch (InterruptedIOException nothingMore) {
      // What was in the datagram was no application data, or not this client's.
    } catch (IOException broken) {
      failed(broken);
    }
    DtlsProtocol ours = protocol;
    if (ours != null && ours.isClosing()) {
      close();
    }
  }

  @Override
  public boolean write(byte[] message, int length) {
    return send(message, length, 0);
  }

  @Override
  public boolean writeChannelData(int number, Packet from, int offset, int length) {
    byte[] whole = clients.plain();
    if (length > whole.length - 4) {
      return false;
    }
    whole[0] = (byte) (number >>> 8);
    whole[1] = (byte) number;
    whole[2] = (byte) (length >>> 8);
    whole[3] = (byte) length;
    from.buffer.get(from.offset + offset, whole, 4, length);
    return send(whole, 4 + length, from.trafficClass);
  }

  private boolean send(byte[] bytes, int length, int trafficClass) {
    DTLSTransport open = transport;
    if (open == null || stage != Stage.OPEN) {
      return true;
    }
    try {
      if (length > open.getSendLimit()) {
        return false;
      }
      line.trafficClass = trafficClass;
      open.send(bytes, 0, length);
      line.trafficClass = 0;
    } catch (IOException broken) {
      failed(broken);
    }
    return true;
  }

  @Override
  public void close() {
    if (stage == Stage.CLOSED) {
      return;
    }
    DTLSTransport open = transport;
    if (open != null) {
      try {
        open.close();
      } catch (IOException gone) {
        // Nobody is there to be told.
      }
    }
    stage = Stage.CLOSED;
    transport = null;
    line.abandon();
    clients.closed(this);
  }
}
