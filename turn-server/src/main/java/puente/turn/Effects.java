package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.TransportAddress;
import puente.turn.store.Accounts;
import puente.turn.store.AllocationStore;

/**
 * What a {@link TurnServer} asks of the world. Every call returns at once and never calls back into
 * the server: answers come as later inputs. Bytes handed over are read before the call returns, or,
 * where a {@link Packet} is named, before that packet's memory is used again.
 */
public interface Effects {

  /** A STUN message to a client. */
  void toClient(FiveTuple client, byte[] message, int length);

  /** ChannelData to a client: the shell writes the header, and the padding on streams. */
  void toClient(FiveTuple client, int channel, Packet packet, int offset, int length);

  /**
   * A STUN answer sent from another of our addresses than the one asked: RFC 5780 §3. {@code from}
   * is one of the addresses that the BindingServer was told of.
   */
  void toClientFrom(
      TransportAddress from, FiveTuple client, TransportAddress to, byte[] message, int length);

  /**
   * Application data to a peer, {@code length} bytes from {@code offset} of the packet on.
   *
   * @param dontFragment set DF on it (RFC 8656 §11.2, DONT-FRAGMENT)
   */
  void toPeer(
      Relay relay,
      TransportAddress peer,
      Packet packet,
      int offset,
      int length,
      boolean dontFragment);

  /** Who has the allocation of a datagram's client, for whom there is none here. */
  enum Whereabouts {
    /** Nobody that is known. */
    NOWHERE,
    /** Another shard, or another node: it has been handed over, and there is nothing left to do. */
    GIVEN,
    /**
     * The other nodes are being asked; it is handed over when one of them has it, and there is
     * nothing left to do with the packet.
     */
    ASKED
  }

  /**
   * Hands this datagram over to whom it is for, if its client has an allocation elsewhere.
   *
   * @param byTicket whether it says by a ticket of ours which allocation it is about (RFC 8016): its
   *     client is where nobody has seen it yet
   */
  Whereabouts elsewhere(Packet packet, boolean byTicket);

  /** Hands this packet over to the shard that has its client's allocation; whether it could. */
  default boolean handOver(Packet packet, int shard) {
    return false;
  }

  /** What was granted and kept for {@code from} is {@code to}'s: its client has moved there. */
  default void moved(FiveTuple from, FiveTuple to) {}

  /** Opens the relay's socket; answered by {@code onBound} or {@code onBindFailed}. */
  void bind(Relay relay);

  /** Closes the relay's socket, if it has one. No answer. */
  void unbind(Relay relay);

  /** Asks the store; answered by {@code onAnswer}. */
  void ask(AllocationStore.Question question);

  /** Asks who knows users; answered by {@link TurnServer#onAccount}. */
  default void ask(Accounts.Question question) {
    throw new IllegalStateException("nobody else knows users here");
  }

  /** The name that this client called us by, if its connection began with one (RFC 6066 §3). */
  default @Nullable String serverNameOf(FiveTuple client) {
    return null;
  }

  /**
   * Something about this allocation has changed that another process would need to go on with it:
   * whoever keeps snapshots gets its newest one soon (see {@link TurnServer#snapshotOf}). No
   * answer.
   */
  void keep(Allocation allocation);

  /** Gives back what the store granted this client, and what was kept of it. No answer. */
  void forget(FiveTuple client);

  /** Somebody may want to know later. No answer. */
  default void note(Note note) {}

  /** TCP with peers (RFC 6062). */
  default Connections.World tcp() {
    throw new IllegalStateException("no TCP relays here");
  }

  /** Closes a client's connection after what was written so far: it broke the protocol. */
  void closeClient(FiveTuple client);

  /** A datagram of none of our protocols; whether another one on this socket takes it. */
  default boolean other(Packet packet) {
    return false;
  }
}
