package puente.turn.relay;

import puente.stun.TransportAddress;

/** Another protocol on the sockets of STUN and TURN, told apart by the first byte. */
public interface Guests {
  /** The way back, by the socket that the datagram came in on; from any thread. */
  interface Way {
    void send(TransportAddress to, byte[] datagram);
  }

  /** The first byte of its datagrams: none of RFC 7983 §7. */
  int firstByte();

  /** Longer ones are none of its own. */
  int lengthMax();

  /** On a shard's loop: takes the bytes over and returns at once. */
  void onDatagram(byte[] datagram, TransportAddress from, Way way);
}
