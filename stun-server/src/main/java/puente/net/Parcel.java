package puente.net;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** A copy of a datagram or frame, for another loop than the one that received it. Immutable. */
public final class Parcel {

  private final byte[] bytes;
  private final long sourceHi;
  private final long sourceLo;
  private final int sourcePort;
  private final Family sourceFamily;
  private final int listener;
  private final int trafficClass;
  private final @Nullable TransportAddress via;
  private final @Nullable FiveTuple connection;

  /** Of a datagram. */
  public Parcel(Packet packet) {
    this(packet, null);
  }

  /**
   * @param connection the way back to a client in a connection; null of a datagram
   */
  public Parcel(Packet packet, @Nullable FiveTuple connection) {
    bytes = new byte[packet.length];
    packet.copyTo(bytes, packet.length);
    sourceHi = packet.sourceHi;
    sourceLo = packet.sourceLo;
    sourcePort = packet.sourcePort;
    sourceFamily = packet.sourceFamily;
    listener = packet.listener;
    trafficClass = packet.trafficClass;
    via = packet.via;
    this.connection = connection;
  }

  /** Where one loop unpacks parcels, in memory that it can send from. For the loop's thread. */
  public static final class Table {

    /** Two of the largest datagrams; many of the usual ones. */
    private static final int SIZE = 0x2_0000;

    private final Datagrams datagrams;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(SIZE);
    private final Packet packet = new Packet();
    private int used;

    public Table(Datagrams datagrams) {
      this.datagrams = datagrams;
      packet.buffer = buffer;
      packet.address = MemorySegment.ofBuffer(buffer).address();
    }

    /** The parcel as a packet, which is used again for the next one. */
    public Packet unpack(Parcel parcel) {
      int length = parcel.bytes.length;
      if (used + length > SIZE) {
        // Nothing lies here any more that waits to be sent.
        datagrams.flush();
        used = 0;
      }
      buffer.put(used, parcel.bytes);
      packet.offset = used;
      packet.length = length;
      packet.sourceHi = parcel.sourceHi;
      packet.sourceLo = parcel.sourceLo;
      packet.sourcePort = parcel.sourcePort;
      packet.sourceFamily = parcel.sourceFamily;
      packet.listener = parcel.listener;
      packet.trafficClass = parcel.trafficClass;
      packet.via = parcel.via;
      packet.connection = parcel.connection;
      used += length;
      return packet;
    }
  }
}
