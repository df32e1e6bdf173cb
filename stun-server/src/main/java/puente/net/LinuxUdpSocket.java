package puente.net;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** A UDP socket that lives on Netty's epoll loop as a handle of its own, without a channel. */
final class LinuxUdpSocket implements UdpSocket, EpollIoHandle {

  /** After so many refusals in a row, coalesced sends are given up on this socket. */
  private static final int REFUSALS_MAX = 64;

  final int fd;
  final String key;
  final int number;

  /** Whether sends on this socket are still joined with UDP_SEGMENT. */
  boolean coalesces = true;

  /** Whether it has yet to get the options that data needs. */
  private boolean isBare = true;

  /** Whether more waited here, at the last look, than was taken. */
  boolean isBehind;

  private final LinuxDatagrams loop;
  private final TransportAddress local;
  private final Datagrams.Role role;
  private final Datagrams.Receiver receiver;
  private final FileDescriptor descriptor;
  private @Nullable IoRegistration registration;
  private @Nullable Detour detour;
  private int refusals;

  LinuxUdpSocket(
      LinuxDatagrams loop,
      int fd,
      String key,
      TransportAddress local,
      Datagrams.Role role,
      int number,
      Datagrams.Receiver receiver) {
    this.loop = loop;
    this.fd = fd;
    this.key = key;
    this.local = local;
    this.role = role;
    this.number = number;
    this.receiver = receiver;
    this.descriptor = new FileDescriptor(fd);
  }

  void registeredAs(IoRegistration newRegistration) {
    registration = newRegistration;
    newRegistration.submit(EpollIoOps.EPOLLIN);
  }

  /** Is read no more, but stays open and can send. */
  void rest() {
    IoRegistration active = registration;
    if (active != null) {
      active.cancel();
    }
  }

  boolean isIpv4() {
    return local.family() == Family.IPV4;
  }

  @Override
  public TransportAddress local() {
    return local;
  }

  @Override
  public FileDescriptor fd() {
    return descriptor;
  }

  @Override
  public void handle(IoRegistration from, IoEvent event) {
    prepare();
    EpollIoOps ready = ((EpollIoEvent) event).ops();
    if (ready.contains(EpollIoOps.EPOLLERR)) {
      loop.drainErrors(this);
    }
    if (ready.contains(EpollIoOps.EPOLLIN)) {
      if (role == Datagrams.Role.LISTENER) {
        loop.receiveFromClients(this);
      } else {
        loop.receiveFromPeers(this);
      }
    }
  }

  void deliver(Packet packet) {
    try {
      receiver.onPacket(packet);
    } catch (RuntimeException | AssertionError defect) {
      loop.defect(defect);
    }
  }

  void deliverIcmp(TransportAddress peer, int type, int code, int data) {
    try {
      receiver.onIcmp(peer, type, code, data);
    } catch (RuntimeException | AssertionError defect) {
      loop.defect(defect);
    }
  }

  @Override
  public void send(TransportAddress to, int trafficClass, Packet packet, int offset, int length) {
    loop.queue()
        .add(this, wayTo(to), trafficClass, -1, packet.address + packet.offset + offset, length);
  }

  @Override
  public void sendChannelData(
      TransportAddress to, int trafficClass, int channel, Packet packet, int offset, int length) {
    loop.queue()
        .add(
            this,
            wayTo(to),
            trafficClass,
            channel,
            packet.address + packet.offset + offset,
            length);
  }

  @Override
  public void sendUnfragmented(TransportAddress to, Packet packet, int offset, int length) {
    loop.sendUnfragmented(
        this, wayTo(to), packet.trafficClass, packet.address + packet.offset + offset, length);
  }

  @Override
  public void send(TransportAddress to, int trafficClass, byte[] message, int length) {
    loop.queue().addCopy(this, wayTo(to), trafficClass, message, length);
  }

  /**
   * Sets the options that data needs, if they are not set. A relay's waits for its first data: many
   * an allocation is made for a candidate that is never used. A packet's traffic class is read with
   * it, and errors come of what was sent, so that the first packet is treated as all others are.
   */
  void prepare() {
    if (isBare) {
      isBare = false;
      loop.setOptions(fd, role, isIpv4());
    }
  }

  private TransportAddress wayTo(TransportAddress to) {
    prepare();
    Detour asked = detour;
    return asked == null ? to : asked.of(to);
  }

  @Override
  public void detour(Detour newDetour) {
    detour = newDetour;
  }

  /** A coalesced send went through. */
  void sentCoalesced() {
    refusals = 0;
  }

  /** A coalesced send was refused: a device without checksum offload says EIO, for ever. */
  void refusedCoalesced(int error) {
    if (error == Libc.EIO || ++refusals >= REFUSALS_MAX) {
      coalesces = false;
      loop.gaveUpCoalescing(local, error);
    }
  }

  @Override
  public void close() {
    IoRegistration active = registration;
    if (active == null) {
      return;
    }
    registration = null;
    loop.flush(this);
    if (loop.isHeld()) {
      active.cancel();
      Libc.close(fd);
    } else {
      // The kernel takes what is closed off its list: one call less.
      closeDescriptor();
      active.cancel();
    }
    loop.closed(this);
  }

  private void closeDescriptor() {
    try {
      descriptor.close();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure); // EBADF: somebody closed what is ours
    }
  }
}
