package puente.net;

import puente.stun.Packet;
import puente.stun.TransportAddress;

/**
 * One UDP socket on one loop. What is sent waits in the loop's {@link Datagrams} until the end of
 * the batch; bytes of a packet must stay where they are until then. For the loop's thread only.
 */
public interface UdpSocket {

  TransportAddress local();

  /** Sends {@code length} bytes of the packet, from its byte {@code offset} on. */
  void send(TransportAddress to, int trafficClass, Packet packet, int offset, int length);

  /** Sends the same behind a ChannelData header (RFC 8656 §12.4), without padding. */
  void sendChannelData(
      TransportAddress to, int trafficClass, int channel, Packet packet, int offset, int length);

  /**
   * Sends with DF set and the packet's traffic class, alone (RFC 8656 §14); too large a packet is
   * dropped and counted.
   */
  void sendUnfragmented(TransportAddress to, Packet packet, int offset, int length);

  /** Sends a message, which is copied at once. */
  void send(TransportAddress to, int trafficClass, byte[] message, int length);

  /** From now on, asks for the way to whom it sends. */
  void detour(Detour newDetour);

  void close();

  /** Clients that are not sent to directly, as they are behind a proxy. */
  interface Detour {

    /** Where a datagram for this address goes: mostly there. */
    TransportAddress of(TransportAddress to);
  }
}
