package puente.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import puente.stun.Family;
import puente.stun.TransportAddress;

/**
 * Native memory by plain address, in native byte order: the structures that the kernel reads. All of
 * it is allocated once and lives as long as the process. Addresses come from {@link #allocate}
 * only, never from the network.
 */
final class Memory {

  static final int SOCKADDR_SIZE = 32;

  private static final int SOCKADDR_IN_LENGTH = 16;
  private static final int SOCKADDR_IN6_LENGTH = 28;
  private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

  @SuppressWarnings("restricted")
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private Memory() {}

  static MemorySegment allocate(Arena arena, long size) {
    return arena.allocate(size, 64);
  }

  static int i32(long at) {
    return ALL.get(JAVA_INT_UNALIGNED, at);
  }

  static void i32(long at, int value) {
    ALL.set(JAVA_INT_UNALIGNED, at, value);
  }

  static long i64(long at) {
    return ALL.get(JAVA_LONG_UNALIGNED, at);
  }

  static void i64(long at, long value) {
    ALL.set(JAVA_LONG_UNALIGNED, at, value);
  }

  static int u8(long at) {
    return ALL.get(JAVA_BYTE, at) & 0xff;
  }

  static int u16(long at) {
    return ALL.get(JAVA_SHORT_UNALIGNED, at) & 0xffff;
  }

  static void u16(long at, int value) {
    ALL.set(JAVA_SHORT_UNALIGNED, at, (short) value);
  }

  static int netU16(long at) {
    short raw = ALL.get(JAVA_SHORT_UNALIGNED, at);
    return (LITTLE ? Short.reverseBytes(raw) : raw) & 0xffff;
  }

  static void netU16(long at, int value) {
    ALL.set(JAVA_SHORT_UNALIGNED, at, LITTLE ? Short.reverseBytes((short) value) : (short) value);
  }

  static int netI32(long at) {
    int raw = ALL.get(JAVA_INT_UNALIGNED, at);
    return LITTLE ? Integer.reverseBytes(raw) : raw;
  }

  static void netI32(long at, int value) {
    ALL.set(JAVA_INT_UNALIGNED, at, LITTLE ? Integer.reverseBytes(value) : value);
  }

  static long netI64(long at) {
    long raw = ALL.get(JAVA_LONG_UNALIGNED, at);
    return LITTLE ? Long.reverseBytes(raw) : raw;
  }

  static void netI64(long at, long value) {
    ALL.set(JAVA_LONG_UNALIGNED, at, LITTLE ? Long.reverseBytes(value) : value);
  }

  static void copy(byte[] source, long to, int length) {
    MemorySegment.copy(source, 0, ALL, JAVA_BYTE, to, length);
  }

  /** Writes a sockaddr_in or sockaddr_in6 and returns its length. */
  static int sockaddr(long at, TransportAddress address) {
    if (address.family() == Family.IPV4) {
      u16(at, Libc.AF_INET);
      netU16(at + 2, address.port());
      netI32(at + 4, address.ipv4Address());
      i64(at + 8, 0);
      return SOCKADDR_IN_LENGTH;
    }
    u16(at, Libc.AF_INET6);
    netU16(at + 2, address.port());
    i32(at + 4, 0);
    netI64(at + 8, address.hi());
    netI64(at + 16, address.lo());
    i32(at + 24, 0);
    return SOCKADDR_IN6_LENGTH;
  }

  /** Reads a sockaddr_in or sockaddr_in6. */
  static TransportAddress sockaddr(long at) {
    int port = netU16(at + 2);
    return u16(at) == Libc.AF_INET
        ? TransportAddress.ipv4(netI32(at + 4), port)
        : TransportAddress.ipv6(netI64(at + 8), netI64(at + 16), port);
  }
}
