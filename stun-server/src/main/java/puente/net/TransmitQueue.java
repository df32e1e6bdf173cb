package puente.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import puente.net.DatagramCounters.Fact;
import puente.stun.TransportAddress;

/**
 * Datagrams that wait to be sent, gathered from where they lie: a message is a list of pieces
 * (iovec), none of which is copied. Neighbours of one size to one address become one message with
 * UDP_SEGMENT, which the kernel or the network card cuts up again: the only large lever there is in
 * user space (docs/DATA-PLANE.md). Only neighbours are joined, so the order within a flow stays.
 *
 * <p>One run of messages belongs to one socket; another socket's message sends the run.
 */
final class TransmitQueue {

  /** Messages of one sendmmsg call. */
  private static final int MESSAGES = 64;

  /** The kernel takes at most 64 segments on older releases. */
  private static final int SEGMENTS_MAX = 60;

  private static final int JOINED_BYTES_MAX = 60_000;

  /** A larger segment would not fit the path on a usual link, and the whole message be refused. */
  private static final int SEGMENT_SIZE_MAX = 1452;

  private static final int PIECES = MESSAGES * 32;
  private static final int COPIES_SIZE = 4 * 0x1_0000;

  // struct mmsghdr, struct iovec and struct cmsghdr on 64-bit Linux.
  static final int HEADER_SIZE = 0x40;
  static final int NAME = 0x00;
  static final int NAME_LENGTH = 0x08;
  static final int IOV = 0x10;
  static final int IOV_COUNT = 0x18;
  static final int CONTROL = 0x20;
  static final int CONTROL_LENGTH = 0x28;
  private static final int PIECE_SIZE = 0x10;
  private static final int CONTROL_SIZE = 0x40;
  private static final int CMSG_HEADER = 0x10;
  private static final int CMSG_SPACE = 0x18;

  private final DatagramCounters counters;
  private final MemorySegment errno = Libc.state();
  private final long headers;
  private final long names;
  private final long controls;
  private final long pieces;
  private final long channelHeaders;
  private final long copies;
  private final long singles;
  private final boolean[] framed = new boolean[MESSAGES];
  private final int[] segments = new int[MESSAGES];

  private @Nullable LinuxUdpSocket run;
  private int count;
  private int pieceCount;
  private int channelCount;
  private int copied;

  // The last message, while a neighbour may still join it.
  private @Nullable TransportAddress lastTo;
  private int lastTrafficClass;
  private int lastSegment;
  private int lastBytes;
  private boolean lastClosed;

  TransmitQueue(Arena arena, DatagramCounters counters) {
    this.counters = counters;
    headers = Memory.allocate(arena, (long) MESSAGES * HEADER_SIZE).address();
    names = Memory.allocate(arena, (long) MESSAGES * Memory.SOCKADDR_SIZE).address();
    controls = Memory.allocate(arena, (long) MESSAGES * CONTROL_SIZE).address();
    pieces = Memory.allocate(arena, (long) PIECES * PIECE_SIZE).address();
    channelHeaders = Memory.allocate(arena, (long) PIECES * Integer.BYTES).address();
    copies = Memory.allocate(arena, COPIES_SIZE).address();
    singles = Memory.allocate(arena, (long) MESSAGES * HEADER_SIZE).address();
    for (int i = 0; i < MESSAGES; i++) {
      Memory.i64(headers + (long) i * HEADER_SIZE + NAME, names + (long) i * Memory.SOCKADDR_SIZE);
    }
  }

  /** Whether something waits that this socket is to send. */
  boolean hasOf(LinuxUdpSocket socket) {
    return run == socket;
  }

  /**
   * Adds a datagram whose payload lies at {@code payload} until the next flush.
   *
   * @param channel the number for a ChannelData header in front, or -1
   */
  void add(
      LinuxUdpSocket socket,
      TransportAddress to,
      int trafficClass,
      int channel,
      long payload,
      int length) {
    int size = channel < 0 ? length : length + 4;
    if (socket != run || pieceCount + 2 > PIECES) {
      flush();
      run = socket;
    }
    if (joins(socket, to, trafficClass, channel, size)) {
      lastClosed = size < lastSegment;
      lastBytes += size;
      segments[count - 1]++;
    } else {
      begin(socket, to, trafficClass, channel, size);
    }
    addPieces(channel, payload, length);
  }

  /** Adds a datagram whose bytes are copied now. */
  void addCopy(
      LinuxUdpSocket socket, TransportAddress to, int trafficClass, byte[] bytes, int length) {
    if (copied + length > COPIES_SIZE) {
      flush();
    }
    long at = copies + copied;
    Memory.copy(bytes, at, length);
    // Before adding: that may flush, which only gives back what was copied earlier.
    add(socket, to, trafficClass, -1, at, length);
    copied = (int) (at - copies) + (length + 7 & ~7);
  }

  private boolean joins(
      LinuxUdpSocket socket, TransportAddress to, int trafficClass, int channel, int size) {
    return count > 0
        && !lastClosed
        && socket.coalesces
        && size <= lastSegment
        && size > 0
        && lastSegment <= SEGMENT_SIZE_MAX
        && trafficClass == lastTrafficClass
        && framed[count - 1] == channel >= 0
        && segments[count - 1] < SEGMENTS_MAX
        && lastBytes + size <= JOINED_BYTES_MAX
        && (to == lastTo || to.equals(lastTo));
  }

  private void begin(
      LinuxUdpSocket socket, TransportAddress to, int trafficClass, int channel, int size) {
    finishLast();
    if (count == MESSAGES) {
      flush();
      run = socket;
    }
    long header = headers + (long) count * HEADER_SIZE;
    Memory.i32(header + NAME_LENGTH, Memory.sockaddr(Memory.i64(header + NAME), to));
    Memory.i64(header + IOV, pieces + (long) pieceCount * PIECE_SIZE);
    Memory.i64(header + IOV_COUNT, 0);
    Memory.i64(header + CONTROL, 0);
    Memory.i64(header + CONTROL_LENGTH, 0);
    framed[count] = channel >= 0;
    segments[count] = 1;
    count++;
    lastTo = to;
    lastTrafficClass = trafficClass;
    lastSegment = size;
    lastBytes = size;
    lastClosed = false;
  }

  private void addPieces(int channel, long payload, int length) {
    long header = headers + (long) (count - 1) * HEADER_SIZE;
    if (channel >= 0) {
      long at = channelHeaders + (long) channelCount++ * Integer.BYTES;
      Memory.netI32(at, channel << 16 | length);
      addPiece(header, at, 4);
    }
    addPiece(header, payload, length);
  }

  private void addPiece(long header, long at, int length) {
    long piece = pieces + (long) pieceCount++ * PIECE_SIZE;
    Memory.i64(piece, at);
    Memory.i64(piece + 8, length);
    Memory.i64(header + IOV_COUNT, Memory.i64(header + IOV_COUNT) + 1);
  }

  /** Writes the control messages of the last message: nobody can join it any more. */
  private void finishLast() {
    if (count == 0) {
      return;
    }
    int i = count - 1;
    long control = controls + (long) i * CONTROL_SIZE;
    int used = 0;
    if (segments[i] > 1) {
      cmsg(control, Libc.SOL_UDP, Libc.UDP_SEGMENT, 2);
      Memory.u16(control + CMSG_HEADER, lastSegment);
      used = CMSG_SPACE;
    }
    if (lastTrafficClass != 0) {
      boolean ipv4 = run != null && run.isIpv4();
      cmsg(
          control + used,
          ipv4 ? Libc.IPPROTO_IP : Libc.IPPROTO_IPV6,
          ipv4 ? Libc.IP_TOS : Libc.IPV6_TCLASS,
          4);
      Memory.i32(control + used + CMSG_HEADER, lastTrafficClass);
      used += CMSG_SPACE;
    }
    long header = headers + (long) i * HEADER_SIZE;
    Memory.i64(header + CONTROL, used == 0 ? 0 : control);
    Memory.i64(header + CONTROL_LENGTH, used);
  }

  private static void cmsg(long at, int level, int type, int dataLength) {
    Memory.i64(at, CMSG_HEADER + dataLength);
    Memory.i32(at + 8, level);
    Memory.i32(at + 12, type);
  }

  /** Sends everything; afterwards no payload is referred to any more. */
  void flush() {
    LinuxUdpSocket socket = run;
    if (count > 0 && socket != null) {
      finishLast();
      send(socket);
    }
    count = 0;
    pieceCount = 0;
    channelCount = 0;
    copied = 0;
    run = null;
    lastTo = null;
  }

  private void send(LinuxUdpSocket socket) {
    int next = 0;
    boolean retried = false;
    while (next < count) {
      counters.add(Fact.SEND_CALLS, 1);
      int result = sendFrom(next, socket.fd);
      if (result > 0) {
        countSent(socket, next, next + result);
        next += result;
        retried = false;
      } else if (result == -Libc.EAGAIN || result == -Libc.ENOBUFS) {
        countDropped(Fact.SEND_BUFFER_FULL, next, count);
        return;
      } else if (segments[next] > 1 && isGsoRefusal(-result)) {
        socket.refusedCoalesced(-result);
        counters.add(Fact.GSO_REFUSED, 1);
        sendSingly(socket, next);
        next++;
      } else if (!retried && result != -Libc.EMSGSIZE) {
        // It may be the error of an earlier datagram, which the kernel reports once.
        retried = true;
      } else {
        countDropped(result == -Libc.EMSGSIZE ? Fact.TOO_LARGE : Fact.UNREACHABLE, next, next + 1);
        next++;
        retried = false;
      }
    }
  }

  /** Hands over the messages from {@code next} on; returns how many were taken, or -errno. */
  private int sendFrom(int next, int fd) {
    long header = headers + (long) next * HEADER_SIZE;
    boolean plain =
        next == count - 1
            && Memory.i64(header + IOV_COUNT) == 1
            && Memory.i64(header + CONTROL_LENGTH) == 0;
    if (!plain) {
      return Libc.sendmmsg(errno, fd, header, count - next);
    }
    // Relayed to peers, packets mostly go one by one, each by its own socket: the kernel has less
    // to read for this call than for a message header.
    long piece = Memory.i64(header + IOV);
    long result =
        Libc.sendto(
            errno,
            fd,
            Memory.i64(piece),
            Memory.i64(piece + 8),
            Memory.i64(header + NAME),
            Memory.i32(header + NAME_LENGTH));
    return result >= 0 ? 1 : (int) result;
  }

  private static boolean isGsoRefusal(int error) {
    return error == Libc.EIO || error == Libc.EINVAL || error == Libc.EMSGSIZE;
  }

  /** Sends the segments of one message as datagrams of their own: the system refused them joined. */
  private void sendSingly(LinuxUdpSocket socket, int message) {
    long header = headers + (long) message * HEADER_SIZE;
    int perSegment = framed[message] ? 2 : 1;
    int total = segments[message];
    long control = Memory.i64(header + CONTROL);
    long controlLength = Memory.i64(header + CONTROL_LENGTH) - CMSG_SPACE;
    for (int i = 0; i < total; i++) {
      long single = singles + (long) i * HEADER_SIZE;
      Memory.i64(single + NAME, Memory.i64(header + NAME));
      Memory.i32(single + NAME_LENGTH, Memory.i32(header + NAME_LENGTH));
      Memory.i64(single + IOV, Memory.i64(header + IOV) + (long) i * perSegment * PIECE_SIZE);
      Memory.i64(single + IOV_COUNT, perSegment);
      Memory.i64(single + CONTROL, controlLength == 0 ? 0 : control + CMSG_SPACE);
      Memory.i64(single + CONTROL_LENGTH, controlLength);
    }
    int next = 0;
    while (next < total) {
      counters.add(Fact.SEND_CALLS, 1);
      int result =
          Libc.sendmmsg(errno, socket.fd, singles + (long) next * HEADER_SIZE, total - next);
      if (result > 0) {
        counters.add(Fact.SENT, result);
        next += result;
      } else {
        counters.add(result == -Libc.EMSGSIZE ? Fact.TOO_LARGE : Fact.UNREACHABLE, 1);
        next++;
      }
    }
  }

  private void countSent(LinuxUdpSocket socket, int from, int to) {
    counters.add(Fact.SENT, to - from);
    int joined = 0;
    for (int i = from; i < to; i++) {
      if (segments[i] > 1) {
        joined += segments[i];
      }
    }
    if (joined > 0) {
      counters.add(Fact.SENT_SEGMENTS, joined);
      socket.sentCoalesced();
    }
  }

  private void countDropped(Fact why, int from, int to) {
    for (int i = from; i < to; i++) {
      counters.add(why, segments[i]);
    }
  }
}
