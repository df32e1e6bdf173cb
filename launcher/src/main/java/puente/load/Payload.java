package puente.load;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.zip.CRC32;
import puente.stun.Packet;

/**
 * What is relayed, so that whoever gets it can tell whether it is whole, whose it is, and when it
 * was due:
 *
 * <pre>
 *  0x00 run (32) | flow (32)     which generator, which allocation; top bit: from the peer
 *  0x08 sequence (64)
 *  0x10 due (64)                 of System.nanoTime
 *  0x18 CRC-32 of all the rest | filling
 * </pre>
 */
final class Payload {

  static final int HEADER_LENGTH = 0x1c;

  /** A sequence number of packets that only show that the way is open. */
  static final long PROBE = -1;

  static final int FROM_PEER = 0x8000_0000;

  private static final int FLOW = 0x04;
  private static final int SEQUENCE = 0x08;
  private static final int DUE = 0x10;
  private static final int CHECKSUM = 0x18;

  private static final VarHandle I32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle I64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final int run;
  private final CRC32 crc = new CRC32();
  private final byte[] read = new byte[0x1_0000];
  private int length;

  Payload(int run) {
    this.run = run;
  }

  /** Bytes to fill payloads with: nothing on the way can guess or compress them. */
  static byte[] filling(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Stamps {@code length} bytes from {@code at} on; what is behind the header stays. */
  void write(byte[] into, int at, int length, int flow, long sequence, long due) {
    I32.set(into, at, run);
    I32.set(into, at + FLOW, flow);
    I64.set(into, at + SEQUENCE, sequence);
    I64.set(into, at + DUE, due);
    I32.set(into, at + CHECKSUM, checksum(into, at, length));
  }

  /** Reads a payload; false if it is damaged or nobody's. */
  boolean read(Packet packet, int from, int length) {
    if (length < HEADER_LENGTH || length > read.length) {
      return false;
    }
    packet.buffer.get(packet.offset + from, read, 0, length);
    this.length = length;
    return (int) I32.get(read, CHECKSUM) == checksum(read, 0, length);
  }

  /** Whether what was read is of this run; leftovers of another are nobody's fault. */
  boolean isOurs() {
    return (int) I32.get(read, 0) == run;
  }

  int flow() {
    return (int) I32.get(read, FLOW) & ~FROM_PEER;
  }

  boolean isFromPeer() {
    return (int) I32.get(read, FLOW) < 0;
  }

  long sequence() {
    return (long) I64.get(read, SEQUENCE);
  }

  long due() {
    return (long) I64.get(read, DUE);
  }

  int length() {
    return length;
  }

  private int checksum(byte[] bytes, int at, int length) {
    crc.reset();
    crc.update(bytes, at, CHECKSUM);
    crc.update(bytes, at + HEADER_LENGTH, length - HEADER_LENGTH);
    return (int) crc.getValue();
  }
}
