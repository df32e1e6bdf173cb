package puente.stun;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One datagram, or one frame of a stream, where it was received: bytes {@code offset} to {@code
 * offset + length} of {@code buffer}, which is big-endian and only read by absolute index. The
 * shell fills it in, the core reads it, and the shell uses it again for the next one: nothing may
 * keep it or its bytes past the call.
 */
public final class Packet {

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  public ByteBuffer buffer = NOTHING;

  /** Where the buffer's byte 0 lies in native memory, for the shell; 0 if it is on the heap. */
  public long address;

  public int offset;
  public int length;

  /** Who sent it: 128 address bits as in {@link TransportAddress}, and the port. */
  public long sourceHi;

  public long sourceLo;
  public int sourcePort;
  public Family sourceFamily = Family.IPV4;

  /** The local endpoint it came in by, as numbered by the shell; see {@link FiveTuple}. */
  public int listener;

  /** The traffic class byte it came with: DSCP and ECN. 0 on streams (RFC 8656 §15). */
  public int trafficClass;

  /** The proxy that has passed it on, for a source that it named; null if it came by itself. */
  public @Nullable TransportAddress via;

  /** The tuple of the connection; null on datagrams, where the source above tells. */
  public @Nullable FiveTuple connection;

  public int u8(int index) {
    return buffer.get(offset + index) & 0xff;
  }

  public int u16(int index) {
    return buffer.getShort(offset + index) & 0xffff;
  }

  public int i32(int index) {
    return buffer.getInt(offset + index);
  }

  /** Copies the first {@code count} bytes out. */
  public void copyTo(byte[] target, int count) {
    buffer.get(offset, target, 0, count);
  }

  public TransportAddress source() {
    return new TransportAddress(sourceFamily, sourceHi, sourceLo, sourcePort);
  }
}
