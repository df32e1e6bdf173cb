package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.TransportAddress;

/**
 * A TCP connection between a relayed address and a peer (RFC 6062 §3): being made, waiting for its
 * client's ConnectionBind, or joined with the client's data connection.
 */
public final class PeerConnection extends Deadline {

  enum Stage {
    /** We call the peer; the Connect request is answered when it is known how that ends. */
    CONNECTING,
    /** CONNECTION-ID is told; the client has not come for it yet. */
    PENDING,
    BOUND,
    GONE
  }

  final Relay relay;
  final Permission permission;
  final int id;
  private final TransportAddress peer;

  /** The Connect request, which is answered once; null for one that the peer has made. */
  final @Nullable Request request;

  Stage stage;

  /** The shell's socket, set by the shell; the core never looks. */
  public @Nullable Object socket;

  PeerConnection(
      Relay relay,
      Permission permission,
      TransportAddress peer,
      int id,
      @Nullable Request request) {
    this.relay = relay;
    this.permission = permission;
    this.peer = peer;
    this.id = id;
    this.request = request;
    stage = request == null ? Stage.PENDING : Stage.CONNECTING;
  }

  public TransportAddress peer() {
    return peer;
  }

  /** The relayed address that it leaves from. */
  public TransportAddress local() {
    return relay.local();
  }

  /** The shell's own, of the relayed address. */
  public @Nullable Object relaySocket() {
    return relay.socket;
  }

  public boolean isGone() {
    return stage == Stage.GONE;
  }
}
