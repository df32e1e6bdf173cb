package puente.net;

import static puente.net.Linkage.broken;
import static puente.net.Linkage.errno;
import static puente.net.Linkage.handle;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The few calls of the C library that the data plane makes, and the constants of Linux that go with
 * them (the same on x86-64 and aarch64). Each returns what C returns, or the negated errno.
 */
final class Libc {

  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  static final int SOCK_DGRAM = 2;
  static final int SOCK_NONBLOCK = 0x800;
  static final int SOCK_CLOEXEC = 0x80000;

  static final int SOL_SOCKET = 1;
  static final int SO_SNDBUF = 7;
  static final int SO_RCVBUF = 8;
  static final int SO_REUSEPORT = 15;
  static final int SO_SNDBUFFORCE = 32;
  static final int SO_RCVBUFFORCE = 33;

  static final int IPPROTO_IP = 0;
  static final int IP_TOS = 1;
  static final int IP_MTU_DISCOVER = 10;
  static final int IP_RECVERR = 11;
  static final int IP_RECVTOS = 13;
  static final int IP_PMTUDISC_DONT = 0;
  static final int IP_PMTUDISC_DO = 2;

  static final int IPPROTO_IPV6 = 41;
  static final int IPV6_MTU_DISCOVER = 23;
  static final int IPV6_RECVERR = 25;
  static final int IPV6_V6ONLY = 26;
  static final int IPV6_DONTFRAG = 62;
  static final int IPV6_RECVTCLASS = 66;
  static final int IPV6_TCLASS = 67;

  static final int SOL_UDP = 17;
  static final int UDP_SEGMENT = 103;
  static final int UDP_GRO = 104;

  static final int MSG_TRUNC = 0x20;
  static final int MSG_DONTWAIT = 0x40;
  static final int MSG_ERRQUEUE = 0x2000;

  static final int EPERM = 1;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EINVAL = 22;
  static final int EMFILE = 24;
  static final int ENFILE = 23;
  static final int EMSGSIZE = 90;
  static final int EAFNOSUPPORT = 97;
  static final int EADDRINUSE = 98;
  static final int EADDRNOTAVAIL = 99;
  static final int ECONNRESET = 104;
  static final int ENOBUFS = 105;

  private static final MethodHandle SOCKET = handle("socket");
  private static final MethodHandle BIND = handle("bind");
  private static final MethodHandle CLOSE = handle("close");
  private static final MethodHandle GETSOCKNAME = handle("getsockname");
  private static final MethodHandle SETSOCKOPT = handle("setsockopt");
  private static final MethodHandle RECVMMSG = handle("recvmmsg");
  private static final MethodHandle SENDMMSG = handle("sendmmsg");
  private static final MethodHandle SENDTO = handle("sendto");
  private static final MethodHandle RECVMSG = handle("recvmsg");

  private Libc() {}

  /** Whether these calls can be made here: Linux with a C library that has them. */
  static boolean isUsable() {
    return System.getProperty("os.name").equals("Linux")
        && ValueLayout.ADDRESS.byteSize() == Long.BYTES
        && Linkage.has("recvmmsg")
        && Linkage.has("sendmmsg");
  }

  /** The memory that this thread's calls capture errno in; look it up once per loop. */
  static MemorySegment state() {
    return Linkage.state();
  }

  static int socket(int family) {
    MemorySegment state = state();
    try {
      int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
      int fd = (int) (long) SOCKET.invokeExact(state, (long) family, (long) type, 0L, 0L, 0L, 0L);
      return fd >= 0 ? fd : -errno(state);
    } catch (Throwable failure) {
      throw broken(failure);
    }
  }

  static int bind(int fd, long address, int length) {
    MemorySegment state = state();
    try {
      int result =
          (int) (long) BIND.invokeExact(state, (long) fd, address, (long) length, 0L, 0L, 0L);
      return result >= 0 ? result : -errno(state);
    } catch (Throwable failure) {
      throw broken(failure);
    }
  }

  static int getsockname(int fd, long address, long length) {
    MemorySegment state = state();
    try {
      int result =
          (int) (long) GETSOCKNAME.invokeExact(state, (long) fd, address, length, 0L, 0L, 0L);
      return result >= 0 ? result : -errno(state);
    } catch (Throwable failure) {
      throw broken(failure);
    }
  }

  static int close(int fd) {
    MemorySegment state = state();
    try {
      int result = (int) (long) CLOSE.invokeExact(state, (long) fd, 0L, 0L, 0L, 0L, 0L);
      return result >= 0 ? result : -errno(state);
    } catch (Throwable failure) {
      throw broken(failure);
    }
  }

  /** Sets an option whose value is an int, which stands at {@code value}. */
  static int setsockopt(int fd, int level, int option, long value) {
    MemorySegment state = state();
    try {
      int result =
          (int)
              (long)
                  SETSOCKOPT.invokeExact(
                      state,
                      (long) fd,
                      (long) level,
                      (long) option,
                      value,
                      (long) Integer.BYTES,
                      0L);
      return result >= 0 ? result : -errno(state);
    } catch (Throwable failure) {
      throw broken(failure);
    }
  }

  static int recvmmsg(MemorySegment state, int fd, long headers, int count) {
    try {
      int result =
          (int)
              (long)
                  RECVMMSG.invokeExact(
                      state, (long) fd, headers, (long) count, (long) MSG_DONTWAIT, 0L, 0L);
      return result >= 0 ? result : -errno(state);
    } catch (Throwable failure) {
      throw broken(failure);
    }
  }

  static int sendmmsg(MemorySegment state, int fd, long headers, int count) {
    try {
      int result =
          (int)
              (long)
                  SENDMMSG.invokeExact(
                      state, (long) fd, headers, (long) count, (long) MSG_DONTWAIT, 0L, 0L);
      return result >= 0 ? result : -errno(state);
    } catch (Throwable failure) {
      throw broken(failure);
    }
  }

  /** Sends the one piece of a message header, which must have no control messages. */
  static long sendto(
      MemorySegment state, int fd, long piece, long length, long name, int nameLength) {
    try {
      long result =
          (long)
              SENDTO.invokeExact(
                  state, (long) fd, piece, length, (long) MSG_DONTWAIT, name, (long) nameLength);
      return result >= 0 ? result : -errno(state);
    } catch (Throwable failure) {
      throw broken(failure);
    }
  }

  static long recvmsg(MemorySegment state, int fd, long header, int flags) {
    try {
      long result = (long) RECVMSG.invokeExact(state, (long) fd, header, (long) flags, 0L, 0L, 0L);
      return result >= 0 ? result : -errno(state);
    } catch (Throwable failure) {
      throw broken(failure);
    }
  }
}
