package puente.net;

import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.net.DatagramCounters.Fact;
import puente.stun.Family;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/**
 * UDP through java.nio, for systems other than Linux. It does what {@link LinuxDatagrams} does,
 * except coalescing, traffic class, DF and ICMP errors, which java.nio has no words for.
 */
final class NioDatagrams implements Datagrams {

  private static final Logger LOG = LoggerFactory.getLogger("puente.net");
  private static final int DATAGRAM_MAX = 0x1_0000;
  private static final int BATCH = 64;

  final DatagramCounters counters = new DatagramCounters();
  private final IoEventLoop eventLoop;
  private final int bufferSize;
  private final ByteBuffer received = ByteBuffer.allocateDirect(DATAGRAM_MAX);
  private final ByteBuffer outgoing = ByteBuffer.allocateDirect(DATAGRAM_MAX + 4);
  private final Packet packet = new Packet();
  private final Set<NioUdpSocket> open = new HashSet<>();
  private int batch;
  private boolean defectLogged;

  NioDatagrams(IoEventLoop eventLoop, int bufferSize) {
    this.eventLoop = eventLoop;
    this.bufferSize = bufferSize;
    packet.buffer = received;
  }

  @Override
  public DatagramCounters counters() {
    return counters;
  }

  @Override
  public String description() {
    return "java.nio, without batches, DF, traffic class and ICMP errors";
  }

  @Override
  public void flush() {
    batch++;
  }

  @Override
  public void leave() {
    throw new UnsupportedOperationException("sockets of java.nio stay with their process");
  }

  @Override
  public void close() {
    List.copyOf(open).forEach(NioUdpSocket::close);
  }

  /** The socket is closed. */
  void closed(NioUdpSocket socket) {
    open.remove(socket);
  }

  @Override
  public int batch() {
    return batch;
  }

  @Override
  public UdpSocket open(TransportAddress local, Role role, int number, Receiver receiver)
      throws BindFailure {
    boolean ipv4 = local.family() == Family.IPV4;
    try {
      DatagramChannel channel =
          DatagramChannel.open(ipv4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
      try {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, bufferSize);
        if (role == Role.LISTENER
            && channel.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT)) {
          channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
        }
        channel.bind(Addresses.of(local));
        NioUdpSocket socket =
            new NioUdpSocket(
                this,
                channel,
                Addresses.of((InetSocketAddress) channel.getLocalAddress()),
                number,
                receiver);
        socket.registeredAs(eventLoop.register(socket).syncUninterruptibly().getNow());
        open.add(socket);
        return socket;
      } catch (IOException | RuntimeException failure) {
        channel.close();
        throw failure;
      }
    } catch (IOException refused) {
      throw BindFailure.of(local, refused);
    }
  }

  void receive(NioUdpSocket socket) {
    flush();
    for (int i = 0; i < BATCH; i++) {
      received.clear();
      InetSocketAddress from;
      try {
        from = (InetSocketAddress) socket.channel().receive(received);
      } catch (IOException refused) {
        counters.add(Fact.UNREACHABLE, 1);
        return;
      }
      if (from == null) {
        return;
      }
      counters.add(Fact.RECEIVED, 1);
      show(socket, from);
    }
  }

  private void show(NioUdpSocket socket, InetSocketAddress from) {
    TransportAddress source = Addresses.of(from);
    packet.offset = 0;
    packet.length = received.position();
    packet.sourceFamily = source.family();
    packet.sourceHi = source.hi();
    packet.sourceLo = source.lo();
    packet.sourcePort = source.port();
    packet.listener = socket.number();
    packet.connection = null;
    received.clear();
    try {
      socket.receiver().onPacket(packet);
    } catch (RuntimeException | AssertionError defect) {
      counters.add(Fact.DEFECTS, 1);
      if (!defectLogged) {
        defectLogged = true;
        LOG.error("event=defect where=udp meaning=\"a packet was dropped; please report\"", defect);
      }
    }
  }

  /** The buffer that one datagram is put together in, cleared. */
  ByteBuffer outgoing() {
    return outgoing.clear();
  }
}
