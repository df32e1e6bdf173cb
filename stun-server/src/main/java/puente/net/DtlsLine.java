package puente.net;

import io.netty.channel.EventLoop;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.tls.DatagramTransport;
import org.jspecify.annotations.Nullable;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/**
 * The datagrams under one DTLS association. While the handshake runs, its own thread waits here for
 * a bounded number of them; from then on the loop shows each where it was received.
 */
final class DtlsLine implements DatagramTransport {

  /** Datagrams that wait for the handshake, and bytes of one: a flight of a client is shorter. */
  private static final int WAITING_MAX = 16;

  private static final int HANDSHAKE_DATAGRAM_MAX = 4096;

  /** Handshake messages are cut to pass every path of IPv6 (RFC 8200 §5). */
  private static final int HANDSHAKE_SEND_MAX = 1232;

  private static final int SEND_MAX = 0xffff - 8 - 40;

  /** Without a stack, as it only says that there is nothing more. */
  private static final class Nothing extends InterruptedIOException {
    @java.io.Serial private static final long serialVersionUID = 1;

    @Override
    public Throwable fillInStackTrace() {
      return this;
    }
  }

  private static final Nothing NOTHING = new Nothing();

  private final DtlsHandshakes handshakes;
  private final EventLoop loop;
  private final Datagrams datagrams;
  private final UdpSocket socket;
  private final TransportAddress client;
  private final ArrayBlockingQueue<byte[]> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
  private volatile boolean handshaking = true;
  private volatile boolean closed;
  private @Nullable Packet current;
  int trafficClass;

  DtlsLine(
      DtlsHandshakes handshakes,
      EventLoop loop,
      Datagrams datagrams,
      UdpSocket socket,
      TransportAddress client) {
    this.handshakes = handshakes;
    this.loop = loop;
    this.datagrams = datagrams;
    this.socket = socket;
    this.client = client;
  }

  /** For the handshake; false if there is no room for it. */
  boolean offer(Packet packet) {
    if (packet.length > HANDSHAKE_DATAGRAM_MAX) {
      return false;
    }
    byte[] datagram = new byte[packet.length];
    packet.copyTo(datagram, packet.length);
    return waiting.offer(datagram);
  }

  /** From now on the loop alone comes here. */
  void established() {
    handshaking = false;
  }

  /** Whether datagrams came before the handshake had ended on this side. */
  boolean hasMore() {
    return !waiting.isEmpty();
  }

  /** What the next {@link #receive} gets. */
  void show(@Nullable Packet packet) {
    current = packet;
  }

  @Override
  public int getReceiveLimit() {
    if (handshaking) {
      return HANDSHAKE_DATAGRAM_MAX;
    }
    Packet packet = current;
    return packet == null ? HANDSHAKE_DATAGRAM_MAX : packet.length;
  }

  @Override
  public int getSendLimit() {
    return handshaking ? HANDSHAKE_SEND_MAX : SEND_MAX;
  }

  @Override
  public int receive(byte[] buffer, int offset, int length, int waitMillis) throws IOException {
    if (handshaking) {
      return await(buffer, offset, length, waitMillis);
    }
    Packet packet = current;
    if (packet != null) {
      current = null;
      int count = Math.min(length, packet.length);
      packet.buffer.get(packet.offset, buffer, offset, count);
      return count;
    }
    byte[] early = waiting.poll();
    if (early == null) {
      throw NOTHING;
    }
    return copy(early, buffer, offset, length);
  }

  private int await(byte[] buffer, int offset, int length, int waitMillis) throws IOException {
    handshakes.rest();
    try {
      byte[] datagram = waiting.poll(Math.max(1, waitMillis), TimeUnit.MILLISECONDS);
      if (closed) {
        throw new IOException("closed during the handshake");
      }
      return datagram == null ? -1 : copy(datagram, buffer, offset, length);
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted during the handshake", ended);
    } finally {
      handshakes.compute();
    }
  }

  private static int copy(byte[] datagram, byte[] buffer, int offset, int length) {
    int count = Math.min(length, datagram.length);
    System.arraycopy(datagram, 0, buffer, offset, count);
    return count;
  }

  @Override
  public void send(byte[] buffer, int offset, int length) throws IOException {
    if (!handshaking) {
      sendNow(offset == 0 ? buffer : Arrays.copyOfRange(buffer, offset, offset + length), length);
      return;
    }
    byte[] copy = Arrays.copyOfRange(buffer, offset, offset + length);
    try {
      loop.execute(
          () -> {
            sendNow(copy, length);
            datagrams.flush();
          });
    } catch (RejectedExecutionException over) {
      throw new IOException("the loop has ended", over);
    }
  }

  private void sendNow(byte[] datagram, int length) {
    if (!closed) {
      socket.send(client, trafficClass, datagram, length);
    }
  }

  /** On the loop. A handshake that waits here ends; the socket is everybody's and stays. */
  @Override
  public void close() {
    if (!handshaking) {
      closed = true;
    }
  }

  /** On the loop: the association is given up at whatever stage. */
  void abandon() {
    closed = true;
    waiting.clear();
    if (handshaking) {
      waiting.offer(new byte[0]);
    }
  }
}
