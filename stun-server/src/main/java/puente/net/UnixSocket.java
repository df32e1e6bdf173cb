package puente.net;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A Unix-domain socket of Linux that carries short texts and file descriptors (SOCK_SEQPACKET: each
 * text arrives whole). Its name is abstract: no file is left behind, and whoever connects is known
 * by the kernel's word. One thread may send while another receives.
 */
public final class UnixSocket implements AutoCloseable {

  /** The kernel takes 253 (SCM_MAX_FD). */
  public static final int DESCRIPTORS_MAX = 250;

  /** Room for so many keys, and far less than the kernel's buffer. */
  public static final int TEXT_MAX = 0x8000;

  /** Who is at the other end. */
  public record Peer(int pid, int uid) {}

  /** What was received; the descriptors are the receiver's to close. */
  public record Delivery(String text, int[] descriptors) {}

  private static final int BACKLOG = 16;
  private static final int NAME_MAX = 100;

  // struct msghdr and struct cmsghdr
  private static final int PIECE = 0x40;
  private static final int CONTROL = 0x50;
  private static final int FLAGS = 0x30;
  private static final int CMSG_DATA = 0x10;
  private static final int CONTROL_SIZE = CMSG_DATA + (DESCRIPTORS_MAX + 4) * Integer.BYTES;

  private static final int REFS_RETRIES_MAX = 1000;
  private static final long REFS_PAUSE_NANOS = 1_000_000;

  private final int fd;
  private final Frame outgoing = new Frame();
  private final Frame incoming = new Frame();
  private volatile boolean closed;

  private UnixSocket(int fd) {
    this.fd = fd;
  }

  /** Whether there are such sockets here. */
  public static boolean isUsable() {
    return UnixCalls.isUsable();
  }

  /** Listens under a name. */
  public static UnixSocket listen(String name) throws IOException {
    UnixSocket socket = open();
    int length = socket.outgoing.name(name);
    int result = UnixCalls.bind(socket.fd, socket.outgoing.text, length);
    if (result >= 0) {
      result = UnixCalls.listen(socket.fd, BACKLOG);
    }
    return socket.unless(result, "listen");
  }

  public static UnixSocket connect(String name) throws IOException {
    UnixSocket socket = open();
    int length = socket.outgoing.name(name);
    return socket.unless(UnixCalls.connect(socket.fd, socket.outgoing.text, length), "connect");
  }

  /** Waits for somebody to connect. */
  public UnixSocket accept() throws IOException {
    return new UnixSocket(checked(UnixCalls.accept(fd), "accept"));
  }

  public Peer peer() throws IOException {
    long at = outgoing.text;
    Memory.i32(at + 16, 12);
    checked(UnixCalls.getsockopt(fd, UnixCalls.SO_PEERCRED, at, at + 16), "getsockopt");
    return new Peer(Memory.i32(at), Memory.i32(at + 4));
  }

  /** Sends a text with descriptors, which stay open here; waits while the other end is busy. */
  public void send(String text, int... descriptors) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length == 0 || bytes.length > TEXT_MAX || descriptors.length > DESCRIPTORS_MAX) {
      throw new IllegalArgumentException("too much for one message");
    }
    if (closed) {
      throw new IOException("a Unix-domain socket is closed");
    }
    outgoing.fill(bytes, descriptors);
    int result = UnixCalls.sendmsg(fd, outgoing.header);
    for (int i = 0; result == -UnixCalls.ETOOMANYREFS && i < REFS_RETRIES_MAX; i++) {
      // As many descriptors are under way as a process may have; the other end is taking them.
      LockSupport.parkNanos(REFS_PAUSE_NANOS);
      result = UnixCalls.sendmsg(fd, outgoing.header);
    }
    checked(result, "sendmsg");
  }

  /** Waits for a message; null at the end. */
  public @Nullable Delivery receive() throws IOException {
    incoming.clear();
    int length = UnixCalls.recvmsg(fd, incoming.header);
    if (length == 0 || length == -Libc.ECONNRESET) {
      return null;
    }
    checked(length, "recvmsg");
    Delivery delivery = new Delivery(incoming.text(length), incoming.descriptors());
    if ((Memory.i32(incoming.header + FLAGS) & (UnixCalls.MSG_CTRUNC | Libc.MSG_TRUNC)) != 0) {
      closeAll(delivery.descriptors());
      throw new IOException("a message was cut; descriptors may be at their limit (ulimit -n)");
    }
    return delivery;
  }

  /** Ends the connection; who waits to receive sees the end, and closes. */
  public void shutdown() {
    if (!closed) {
      UnixCalls.shutdown(fd);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      UnixCalls.close(fd);
    }
  }

  /** Another descriptor of the same socket; negative if there is none left. */
  static int duplicate(int descriptor) {
    return UnixCalls.dup(descriptor);
  }

  public static void closeAll(int... descriptors) {
    for (int descriptor : descriptors) {
      UnixCalls.close(descriptor);
    }
  }

  private static UnixSocket open() throws IOException {
    return new UnixSocket(checked(UnixCalls.socket(), "socket"));
  }

  private UnixSocket unless(int result, String call) throws IOException {
    if (result < 0) {
      close();
    }
    checked(result, call);
    return this;
  }

  private static int checked(int result, String call) throws IOException {
    if (result < 0) {
      throw new IOException(call + " on a Unix-domain socket: errno " + -result);
    }
    return result;
  }

  /** The memory of one direction, laid out as the kernel reads it. */
  private static final class Frame {
    private final MemorySegment memory =
        Memory.allocate(Arena.ofAuto(), CONTROL + CONTROL_SIZE + TEXT_MAX);
    private final long header = memory.address();
    private final long piece = header + PIECE;
    private final long control = header + CONTROL;
    private final long text = control + CONTROL_SIZE;

    Frame() {
      Memory.i64(header + TransmitQueue.IOV, piece);
      Memory.i64(header + TransmitQueue.IOV_COUNT, 1);
      Memory.i64(header + TransmitQueue.CONTROL, control);
      Memory.i64(piece, text);
    }

    /** Writes a sockaddr_un whose name begins with a zero byte; returns its length. */
    int name(String name) {
      byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
      if (bytes.length == 0 || bytes.length > NAME_MAX) {
        throw new IllegalArgumentException("not a name for a socket");
      }
      Memory.u16(text, UnixCalls.AF_UNIX);
      Memory.copy(new byte[1], text + 2, 1);
      Memory.copy(bytes, text + 3, bytes.length);
      return 3 + bytes.length;
    }

    void fill(byte[] bytes, int[] descriptors) {
      Memory.copy(bytes, text, bytes.length);
      Memory.i64(piece + 8, bytes.length);
      long size = CMSG_DATA + (long) descriptors.length * Integer.BYTES;
      Memory.i64(control, size);
      Memory.i32(control + 8, Libc.SOL_SOCKET);
      Memory.i32(control + 12, UnixCalls.SCM_RIGHTS);
      for (int i = 0; i < descriptors.length; i++) {
        Memory.i32(control + CMSG_DATA + (long) i * Integer.BYTES, descriptors[i]);
      }
      Memory.i64(
          header + TransmitQueue.CONTROL_LENGTH, descriptors.length == 0 ? 0 : size + 7 & ~7L);
    }

    void clear() {
      Memory.i64(piece + 8, TEXT_MAX);
      Memory.i64(header + TransmitQueue.CONTROL_LENGTH, CONTROL_SIZE);
    }

    String text(int length) {
      byte[] bytes = memory.asSlice(text - header, length).toArray(ValueLayout.JAVA_BYTE);
      return new String(bytes, StandardCharsets.UTF_8);
    }

    int[] descriptors() {
      long length = Memory.i64(header + TransmitQueue.CONTROL_LENGTH);
      if (length < CMSG_DATA || Memory.i32(control + 12) != UnixCalls.SCM_RIGHTS) {
        return new int[0];
      }
      int[] found = new int[(int) (Memory.i64(control) - CMSG_DATA) / Integer.BYTES];
      Arrays.setAll(found, i -> Memory.i32(control + CMSG_DATA + (long) i * Integer.BYTES));
      return found;
    }
  }
}
