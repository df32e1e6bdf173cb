package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.Packet;
import puente.stun.TransportAddress;
import puente.turn.store.Reservations;

/**
 * One relayed transport address: bound, or about to be. {@code local} is what the socket is bound
 * to; {@code advertised} is what the client is told, which differs behind a 1:1 NAT (external-ip).
 */
public sealed class Relay permits SharedPort, SharedRelay, SpareRelay {

  /** What became of its socket. */
  enum State {
    BINDING,
    BOUND,
    /** Given up: its port is back in the pool. */
    CLOSED
  }

  private final TransportAddress local;
  private final TransportAddress advertised;

  /** The shell's socket, set by the shell when it is bound; the core never looks. */
  public @Nullable Object socket;

  /** Whose it is; null when it is given up. */
  public @Nullable Allocation allocation;

  /** For TCP with peers (RFC 6062), not for datagrams. */
  boolean tcp;

  /** Held for who will claim it (EVEN-PORT with R): its socket only shows that the port is free. */
  boolean reserved;

  State state = State.BINDING;

  /** Where its port goes back to; null if the port is on loan, and in tests of the shell. */
  @Nullable PortPool pool;

  /** The claimed reservation that its port is from. */
  Reservations.@Nullable Held loan;

  /** The time-to-expiry of this relayed address (RFC 8656 §6), in epoch milliseconds. */
  long expiresMs;

  public Relay(TransportAddress local, TransportAddress advertised) {
    this.local = local;
    this.advertised = advertised;
  }

  public TransportAddress local() {
    return local;
  }

  public TransportAddress advertised() {
    return advertised;
  }

  public boolean isTcp() {
    return tcp;
  }

  public boolean isReserved() {
    return reserved;
  }

  public Family family() {
    return local.family();
  }

  /** Whose socket it has: its own, unless others are on the same port. */
  public Relay carrier() {
    return this;
  }

  /** Whether others have its socket, too. */
  public boolean isShared() {
    return carrier() != this;
  }

  /** On what relay a peer's packet has come that came in here; null is nobody's, and counted. */
  @Nullable Relay whose(Packet packet, long now) {
    return whose(packet.sourceHi, packet.sourceLo, packet.sourcePort, now);
  }

  /** The same, as far as the peer's address tells. */
  @Nullable Relay whose(long hi, long lo, int port, long now) {
    return this;
  }

  /** By what its data leaves whatever the peer; null if that depends on it. */
  @Nullable Relay direct() {
    return this;
  }

  /** The private port beside a shared one, if that is open or being opened. */
  @Nullable SpareRelay openSpare() {
    return null;
  }

  /** A permission of its allocation is new. */
  void hold(Permission permission) {}

  /** A permission of its allocation has ended. */
  void end(Permission permission) {}
}
