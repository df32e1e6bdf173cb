package puente.net;

import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoOps;
import io.netty.channel.nio.NioSelectableChannelIoHandle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import org.jspecify.annotations.Nullable;
import puente.net.DatagramCounters.Fact;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** A UDP socket through java.nio. */
final class NioUdpSocket extends NioSelectableChannelIoHandle<DatagramChannel>
    implements UdpSocket {

  private final NioDatagrams loop;
  private final DatagramChannel channel;
  private final TransportAddress local;
  private final int number;
  private final Datagrams.Receiver receiver;
  private @Nullable IoRegistration registration;
  private @Nullable Detour detour;

  NioUdpSocket(
      NioDatagrams loop,
      DatagramChannel channel,
      TransportAddress local,
      int number,
      Datagrams.Receiver receiver) {
    super(channel);
    this.loop = loop;
    this.channel = channel;
    this.local = local;
    this.number = number;
    this.receiver = receiver;
  }

  void registeredAs(IoRegistration newRegistration) {
    registration = newRegistration;
    newRegistration.submit(NioIoOps.READ);
  }

  DatagramChannel channel() {
    return channel;
  }

  int number() {
    return number;
  }

  Datagrams.Receiver receiver() {
    return receiver;
  }

  @Override
  public TransportAddress local() {
    return local;
  }

  @Override
  protected void handle(DatagramChannel ready, SelectionKey key) {
    loop.receive(this);
  }

  @Override
  public void send(TransportAddress to, int trafficClass, Packet packet, int offset, int length) {
    send(to, loop.outgoing().put(0, packet.buffer, packet.offset + offset, length).limit(length));
  }

  @Override
  public void sendChannelData(
      TransportAddress to,
      int trafficClass,
      int channelNumber,
      Packet packet,
      int offset,
      int length) {
    ByteBuffer out = loop.outgoing().putInt(0, channelNumber << 16 | length);
    send(to, out.put(4, packet.buffer, packet.offset + offset, length).limit(length + 4));
  }

  @Override
  public void sendUnfragmented(TransportAddress to, Packet packet, int offset, int length) {
    send(to, 0, packet, offset, length);
  }

  @Override
  public void send(TransportAddress to, int trafficClass, byte[] message, int length) {
    send(to, loop.outgoing().put(0, message, 0, length).limit(length));
  }

  @Override
  public void detour(Detour newDetour) {
    detour = newDetour;
  }

  private void send(TransportAddress to, ByteBuffer datagram) {
    try {
      Detour asked = detour;
      int sent = channel.send(datagram, Addresses.of(asked == null ? to : asked.of(to)));
      loop.counters.add(sent == 0 && datagram.limit() > 0 ? Fact.SEND_BUFFER_FULL : Fact.SENT, 1);
    } catch (IOException refused) {
      loop.counters.add(Fact.UNREACHABLE, 1);
    }
  }

  @Override
  public void close() {
    IoRegistration active = registration;
    if (active == null) {
      return;
    }
    registration = null;
    loop.closed(this);
    active.cancel();
    try {
      channel.close();
    } catch (IOException alreadyGone) {
      loop.counters.add(Fact.UNREACHABLE, 1);
    }
  }
}
