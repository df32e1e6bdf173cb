package puente.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import puente.net.DatagramCounters.Fact;
import puente.stun.Family;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/**
 * The slots that datagrams are received into, shared by all sockets of a loop. A slot takes the
 * largest datagram, or a row of smaller ones that the kernel joined (UDP_GRO); the row is shown
 * datagram by datagram, in place.
 */
final class ReceiveRing {

  static final int SLOTS = 64;

  private static final int SLOT_SIZE = 0x1_0000;

  /** A little more than a slot: at a power of two, all slots would share few lines of the cache. */
  private static final int SLOT_STRIDE = SLOT_SIZE + 0x340;

  private static final int CONTROL_SIZE = 0x80;
  private static final int FLAGS = 0x30;
  private static final int RECEIVED_LENGTH = 0x38;
  private static final int CMSG_LEVEL = 0x08;
  private static final int CMSG_TYPE = 0x0c;
  private static final int CMSG_DATA = 0x10;

  private final DatagramCounters counters;
  private final MemorySegment errno = Libc.state();
  private final ByteBuffer buffer;
  private final long data;
  private final long headers;
  private final long controls;
  private final Packet packet = new Packet();

  ReceiveRing(Arena arena, DatagramCounters counters) {
    this.counters = counters;
    MemorySegment slots = arena.allocate((long) SLOTS * SLOT_STRIDE, 4096);
    buffer = slots.asByteBuffer();
    data = slots.address();
    headers = Memory.allocate(arena, (long) SLOTS * TransmitQueue.HEADER_SIZE).address();
    controls = Memory.allocate(arena, (long) SLOTS * CONTROL_SIZE).address();
    long names = Memory.allocate(arena, (long) SLOTS * Memory.SOCKADDR_SIZE).address();
    long pieces = Memory.allocate(arena, (long) SLOTS * 16).address();
    for (int i = 0; i < SLOTS; i++) {
      long header = header(i);
      Memory.i64(header + TransmitQueue.NAME, names + (long) i * Memory.SOCKADDR_SIZE);
      Memory.i64(header + TransmitQueue.IOV, pieces + i * 16L);
      Memory.i64(header + TransmitQueue.IOV_COUNT, 1);
      Memory.i64(header + TransmitQueue.CONTROL, controls + (long) i * CONTROL_SIZE);
      Memory.i64(pieces + i * 16L, data + (long) i * SLOT_STRIDE);
      Memory.i64(pieces + i * 16L + 8, SLOT_SIZE);
    }
    packet.buffer = buffer;
    packet.address = data;
  }

  /** Receives into slots {@code from} to {@code to}; returns how many were filled, or -errno. */
  int receive(int fd, int from, int to) {
    for (int i = from; i < to; i++) {
      long header = header(i);
      Memory.i32(header + TransmitQueue.NAME_LENGTH, Memory.SOCKADDR_SIZE);
      Memory.i64(header + TransmitQueue.CONTROL_LENGTH, CONTROL_SIZE);
    }
    int received = Libc.recvmmsg(errno, fd, header(from), to - from);
    if (received > 0) {
      counters.add(Fact.RECEIVE_CALLS, 1);
      counters.add(Fact.RECEIVED, received);
    } else {
      counters.add(Fact.EMPTY_RECEIVE_CALLS, 1);
    }
    return received;
  }

  /** Shows what lies in a slot to the socket's receiver, datagram by datagram. */
  void show(int slot, LinuxUdpSocket socket) {
    long header = header(slot);
    int length = Memory.i32(header + RECEIVED_LENGTH);
    if ((Memory.i32(header + FLAGS) & Libc.MSG_TRUNC) != 0) {
      counters.add(Fact.TRUNCATED, 1);
      return;
    }
    readSource(Memory.i64(header + TransmitQueue.NAME));
    int segment = readControl(header, length);
    packet.listener = socket.number;
    packet.connection = null;
    int start = slot * SLOT_STRIDE;
    if (segment >= length) {
      packet.offset = start;
      packet.length = length;
      socket.deliver(packet);
      return;
    }
    for (int at = 0; at < length; at += segment) {
      packet.offset = start + at;
      packet.length = Math.min(segment, length - at);
      counters.add(Fact.RECEIVED_SEGMENTS, 1);
      socket.deliver(packet);
    }
  }

  private void readSource(long name) {
    packet.sourcePort = Memory.netU16(name + 2);
    if (Memory.u16(name) == Libc.AF_INET) {
      packet.sourceFamily = Family.IPV4;
      packet.sourceHi = 0;
      packet.sourceLo = TransportAddress.mapped(Memory.netI32(name + 4));
    } else {
      packet.sourceFamily = Family.IPV6;
      packet.sourceHi = Memory.netI64(name + 8);
      packet.sourceLo = Memory.netI64(name + 16);
    }
  }

  /** Reads the traffic class into the packet and returns the segment size of a joined row. */
  private int readControl(long header, int length) {
    packet.trafficClass = 0;
    int segment = length;
    long at = Memory.i64(header + TransmitQueue.CONTROL);
    long end = at + Memory.i64(header + TransmitQueue.CONTROL_LENGTH);
    while (end - at >= CMSG_DATA) {
      long size = Memory.i64(at);
      if (size < CMSG_DATA) {
        break;
      }
      int level = Memory.i32(at + CMSG_LEVEL);
      int type = Memory.i32(at + CMSG_TYPE);
      if (level == Libc.SOL_UDP && type == Libc.UDP_GRO) {
        segment = Math.max(1, Memory.i32(at + CMSG_DATA));
      } else if (level == Libc.IPPROTO_IP && type == Libc.IP_TOS) {
        packet.trafficClass = Memory.u8(at + CMSG_DATA);
      } else if (level == Libc.IPPROTO_IPV6 && type == Libc.IPV6_TCLASS) {
        packet.trafficClass = Memory.i32(at + CMSG_DATA) & 0xff;
      }
      at += size + 7 & ~7L;
    }
    return segment;
  }

  private long header(int slot) {
    return headers + (long) slot * TransmitQueue.HEADER_SIZE;
  }
}
