package puente.net;

import static puente.net.Linkage.broken;
import static puente.net.Linkage.errno;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The calls of the C library that pass descriptors between processes. Each returns what C returns,
 * or the negated errno.
 */
final class UnixCalls {

  static final int AF_UNIX = 1;
  static final int SOCK_DGRAM = 2;
  static final int SOCK_SEQPACKET = 5;
  static final int SCM_RIGHTS = 1;
  static final int SO_PEERCRED = 17;
  static final int SHUT_RDWR = 2;
  static final int MSG_CTRUNC = 0x08;
  static final int MSG_NOSIGNAL = 0x4000;
  static final int MSG_CMSG_CLOEXEC = 0x4000_0000;
  static final int ETOOMANYREFS = 109;

  private static final MethodHandle SOCKET = Linkage.handle("socket");
  private static final MethodHandle BIND = Linkage.handle("bind");
  private static final MethodHandle LISTEN = Linkage.handle("listen");
  private static final MethodHandle ACCEPT = Linkage.handle("accept4");
  private static final MethodHandle CONNECT = Linkage.handle("connect");
  private static final MethodHandle SEND = Linkage.handle("send");
  private static final MethodHandle SENDMSG = Linkage.handle("sendmsg");
  private static final MethodHandle RECVMSG = Linkage.handle("recvmsg");
  private static final MethodHandle GETSOCKOPT = Linkage.handle("getsockopt");
  private static final MethodHandle SHUTDOWN = Linkage.handle("shutdown");
  private static final MethodHandle CLOSE = Linkage.handle("close");
  private static final MethodHandle DUP = Linkage.handle("dup");

  private UnixCalls() {}

  /** Whether these calls can be made here: a 64-bit Linux. */
  static boolean isUsable() {
    return System.getProperty("os.name").equals("Linux")
        && ValueLayout.ADDRESS.byteSize() == Long.BYTES
        && Linkage.has("accept4");
  }

  static int socket() {
    return call(SOCKET, AF_UNIX, SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0, 0, 0);
  }

  static int datagramSocket() {
    return call(SOCKET, AF_UNIX, SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0, 0, 0);
  }

  static int bind(int fd, long address, int length) {
    return call(BIND, fd, address, length, 0, 0);
  }

  static int listen(int fd, int backlog) {
    return call(LISTEN, fd, backlog, 0, 0, 0);
  }

  static int accept(int fd) {
    return call(ACCEPT, fd, 0, 0, Libc.SOCK_CLOEXEC, 0);
  }

  static int connect(int fd, long address, int length) {
    return call(CONNECT, fd, address, length, 0, 0);
  }

  static int send(int fd, long bytes, int length) {
    return call(SEND, fd, bytes, length, MSG_NOSIGNAL, 0);
  }

  static int sendmsg(int fd, long header) {
    return call(SENDMSG, fd, header, MSG_NOSIGNAL, 0, 0);
  }

  static int recvmsg(int fd, long header) {
    return call(RECVMSG, fd, header, MSG_CMSG_CLOEXEC, 0, 0);
  }

  static int getsockopt(int fd, int option, long value, long length) {
    return call(GETSOCKOPT, fd, Libc.SOL_SOCKET, option, value, length);
  }

  static int shutdown(int fd) {
    return call(SHUTDOWN, fd, SHUT_RDWR, 0, 0, 0);
  }

  static int close(int fd) {
    return call(CLOSE, fd, 0, 0, 0, 0);
  }

  static int dup(int fd) {
    return call(DUP, fd, 0, 0, 0, 0);
  }

  /** Waits for as long as the call does; a signal of the virtual machine does not end it. */
  private static int call(MethodHandle function, long a, long b, long c, long d, long e) {
    MemorySegment state = Linkage.state();
    try {
      while (true) {
        int result = (int) (long) function.invokeExact(state, a, b, c, d, e, 0L);
        if (result >= 0) {
          return result;
        }
        int errno = errno(state);
        if (errno != Libc.EINTR || function == CLOSE) {
          return -errno;
        }
      }
    } catch (Throwable failure) {
      throw broken(failure);
    }
  }
}
