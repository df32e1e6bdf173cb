package puente.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** Words for the service manager, by the datagram socket that it has named (sd_notify(3)). */
public final class NotifySocket {
  // struct sockaddr_un
  private static final int PATH = 2;
  private static final int PATH_MAX = 108;

  private NotifySocket() {}

  /**
   * Sends one datagram.
   *
   * @param address a path, or an abstract name with an at sign before it
   * @return whether it was taken
   */
  public static boolean send(String address, String words) {
    byte[] path = address.getBytes(StandardCharsets.UTF_8);
    boolean hasForm = path.length > 1 && (path[0] == '/' || path[0] == '@');
    if (!hasForm || path.length >= PATH_MAX || !UnixCalls.isUsable()) {
      return false;
    }
    int fd = UnixCalls.datagramSocket();
    if (fd < 0) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(PATH + PATH_MAX, Short.BYTES);
      name.set(ValueLayout.JAVA_SHORT, 0, (short) UnixCalls.AF_UNIX);
      MemorySegment.copy(path, 0, name, ValueLayout.JAVA_BYTE, PATH, path.length);
      if (path[0] == '@') {
        name.set(ValueLayout.JAVA_BYTE, PATH, (byte) 0);
      }
      byte[] text = words.getBytes(StandardCharsets.UTF_8);
      MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, text);
      return UnixCalls.connect(fd, name.address(), PATH + path.length) >= 0
          && UnixCalls.send(fd, bytes.address(), text.length) == text.length;
    } finally {
      UnixCalls.close(fd);
    }
  }
}
