package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.TransportAddress;

/** Leave for one peer IP address, of any port, to exchange data (RFC 8656 §9). */
final class Permission {

  /** The peer's address as packets carry it; see {@link Channel}. */
  final long hi;

  final long lo;

  /** The relay that it belongs to: the one of its family. */
  final Relay relay;

  long expiresMs;

  /** Channels that stand on it. */
  int channels;

  /** The ICMP error last told to the client, so that a storm of one kind is told seldom. */
  int lastIcmp;

  long lastIcmpMs = Long.MIN_VALUE;

  /** Application data to and from the peer. */
  long bytesUp;

  long bytesDown;
  long packets;

  /** Of those, what was told already; see {@link Census}. */
  long bytesTold;

  long packetsTold;

  /** On a shared port: the peers of this address that are its allocation's. */
  @Nullable Flow flows;

  /** On a shared port: others for the same address, of other allocations. */
  @Nullable Permission nextHolder;

  @Nullable Permission previousHolder;

  Permission(long hi, long lo, Relay relay) {
    this.hi = hi;
    this.lo = lo;
    this.relay = relay;
  }

  TransportAddress ip() {
    return new TransportAddress(relay.family(), hi, lo, 0);
  }
}
