package puente.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import puente.stun.TransportAddress;

/** Reads ICMP errors from a socket's error queue (IP_RECVERR), for RFC 8656 §11.5. */
final class ErrorQueue {

  private static final int CONTROL_SIZE = 0x100;
  private static final int CMSG_DATA = 0x10;

  // struct sock_extended_err
  private static final int ORIGIN = 0x04;
  private static final int TYPE = 0x05;
  private static final int CODE = 0x06;
  private static final int INFO = 0x08;
  private static final int FROM_ICMP = 2;
  private static final int FROM_ICMP6 = 3;

  private final MemorySegment errno = Libc.state();
  private final long header;
  private final long name;
  private final long piece;
  private final long control;

  ErrorQueue(Arena arena) {
    header = Memory.allocate(arena, TransmitQueue.HEADER_SIZE).address();
    name = Memory.allocate(arena, Memory.SOCKADDR_SIZE).address();
    piece = Memory.allocate(arena, 16).address();
    control = Memory.allocate(arena, CONTROL_SIZE).address();
    long nothing = Memory.allocate(arena, 64).address();
    Memory.i64(header + TransmitQueue.NAME, name);
    Memory.i64(header + TransmitQueue.IOV, piece);
    Memory.i64(header + TransmitQueue.IOV_COUNT, 1);
    Memory.i64(header + TransmitQueue.CONTROL, control);
    Memory.i64(piece, nothing);
    Memory.i64(piece + 8, 64);
  }

  /** Reads one error and tells the socket's receiver; false when there is none left. */
  boolean read(LinuxUdpSocket socket) {
    Memory.i32(header + TransmitQueue.NAME_LENGTH, Memory.SOCKADDR_SIZE);
    Memory.i64(header + TransmitQueue.CONTROL_LENGTH, CONTROL_SIZE);
    if (Libc.recvmsg(errno, socket.fd, header, Libc.MSG_ERRQUEUE | Libc.MSG_DONTWAIT) < 0) {
      return false;
    }
    long at = control;
    long end = at + Memory.i64(header + TransmitQueue.CONTROL_LENGTH);
    while (end - at >= CMSG_DATA) {
      long size = Memory.i64(at);
      if (size < CMSG_DATA) {
        break;
      }
      int level = Memory.i32(at + 0x08);
      int type = Memory.i32(at + 0x0c);
      if (level == Libc.IPPROTO_IP && type == Libc.IP_RECVERR
          || level == Libc.IPPROTO_IPV6 && type == Libc.IPV6_RECVERR) {
        tell(socket, at + CMSG_DATA);
      }
      at += size + 7 & ~7L;
    }
    return true;
  }

  private void tell(LinuxUdpSocket socket, long error) {
    int origin = Memory.u8(error + ORIGIN);
    if (origin == FROM_ICMP || origin == FROM_ICMP6) {
      TransportAddress peer = Memory.sockaddr(name);
      socket.deliverIcmp(
          peer, Memory.u8(error + TYPE), Memory.u8(error + CODE), Memory.i32(error + INFO));
    }
  }
}
