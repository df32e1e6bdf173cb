package puente.net;

import puente.stun.Packet;
import puente.stun.TransportAddress;

/** The UDP sockets of one event loop. For the loop's thread only. */
public interface Datagrams {

  /** Who gets what a socket receives. */
  interface Receiver {

    /** One datagram; the packet is used again afterwards, see {@link Packet}. */
    void onPacket(Packet packet);

    /** An ICMP or ICMPv6 error about a datagram sent to {@code peer}. */
    default void onIcmp(TransportAddress peer, int type, int code, int data) {}
  }

  /** What a socket is for, which decides its buffers and options. */
  enum Role {
    /** Faces clients; one of several on the same port, one for each loop. */
    LISTENER,
    /** Faces the peers of one allocation. */
    RELAY,
    /** Faces the peers of many allocations. */
    SHARED_RELAY,
    /** Faces nobody: shows that a port can be had, which another loop will open. */
    RESERVED
  }

  /** How the sends and receives went; read by other threads. */
  DatagramCounters counters();

  /**
   * Opens a socket.
   *
   * @param number what {@link Packet#listener} shall say
   * @throws BindFailure if the system refuses; nothing is left open
   */
  UdpSocket open(TransportAddress local, Role role, int number, Receiver receiver)
      throws BindFailure;

  /** Sends what waits. */
  void flush();

  /**
   * What is to be sent from now on waits for {@link #flush}, which the caller is bound to call in any
   * case before it gives up the loop. Without this, it is sent at the end of the loop's round, which
   * costs a task.
   */
  default void hold() {}

  /**
   * Sends what waits and reads no more, from any socket, while all stay open: another process goes
   * on with them. Nothing can be opened afterwards.
   */
  void leave();

  /**
   * Closes what is still open, for good. What somebody else holds stays held: a process that could
   * not start must not end what the next one may go on with.
   */
  void close();

  /** A number that changes with every flush: what has been worked out for a batch is old then. */
  int batch();

  /**
   * Whether at some socket that faces clients more waited, when it was last looked at, than is taken
   * at a time; false where that is not known.
   */
  default boolean isBehind() {
    return false;
  }

  /** One line for the log: what this uses and what it does without. */
  String description();
}
