package puente.net;

import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** A client's own way to us that opens and ends: TCP, TLS or DTLS. For its loop's thread only. */
public interface ClientConnection {

  /** The five-tuple, whose link is this connection; null until the connection is open. */
  @Nullable FiveTuple tuple();

  /** When it was opened, on the receiver's clock. */
  long openedAt();

  /** When bytes last came, on the receiver's clock. */
  long heardAt();

  /** Whether a whole message has come in so far. */
  boolean hasSpoken();

  /**
   * Writes a STUN message.
   *
   * @return false if it does not fit into a record, and was dropped
   */
  boolean write(byte[] message, int length);

  /**
   * Writes ChannelData, with its padding on streams (RFC 8656 §12.5).
   *
   * @return false if it was dropped: the client does not read fast enough
   */
  boolean writeChannelData(int number, Packet from, int offset, int length);

  /**
   * Whether it is a data connection, joined with a peer's, or was handed to a server of HTTP: no
   * messages come by it any more.
   */
  default boolean isJoined() {
    return false;
  }

  /** The name that the client called in its handshake (RFC 6066 §3); null if it called none. */
  default @Nullable String serverName() {
    return null;
  }

  /** Closes after what was written so far. */
  void close();

  /** Who gets what the connections of one loop receive; called on the loop. */
  interface Receiver {

    /** The clock, in milliseconds. */
    long now();

    /** Whether this address may say for whom it speaks, by the PROXY protocol. */
    default boolean trusts(TransportAddress proxy) {
      return false;
    }

    /** A new connection; false refuses it. */
    boolean onOpen(ClientConnection connection);

    /** A row of frames may follow, and {@link #onReadEnd} will in any case. */
    default void onReadBegin() {}

    /** One message or ChannelData, padding included; the packet is used again afterwards. */
    void onFrame(ClientConnection connection, Packet packet);

    /** After a row of frames, whether they could be read or not: their memory goes now. */
    void onReadEnd();

    /** It begins with a PROXY header, but its word does not count; it is closed. */
    default void onUntrustedProxy(ClientConnection connection) {
      onGarbage(connection);
    }

    /** The stream is not STUN; it is closed. */
    void onGarbage(ClientConnection connection);

    /** The connection failed: reset, a broken handshake, or a defect of ours. */
    void onFailure(ClientConnection connection, Throwable cause);

    void onClosed(ClientConnection connection);
  }
}
