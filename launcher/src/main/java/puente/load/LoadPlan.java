package puente.load;

import puente.stun.TransportAddress;

/**
 * What to put on a server, and for how long.
 *
 * @param target the server's UDP address
 * @param local the address that clients send from, port 0
 * @param peer the address that peers send from, port 0
 * @param sources so many neighbouring local addresses are used; more than one on IPv4 loopback only
 * @param threads event loops of the generator
 * @param clients sockets, each a five-tuple of its own
 * @param perSecond Binding requests or allocations; without meaning for relaying
 * @param setupPerSecond allocations made and freed before and after relaying
 * @param holdMs how long an allocation of the churn lives
 * @param total of the churn's allocations; 0 is as many as the time takes
 * @param joined whether neighbours to one address may travel joined (UDP_SEGMENT, UDP_GRO)
 */
public record LoadPlan(
    Kind kind,
    TransportAddress target,
    TransportAddress local,
    TransportAddress peer,
    int sources,
    int threads,
    int clients,
    double perSecond,
    double setupPerSecond,
    int warmupSeconds,
    int seconds,
    int holdMs,
    long total,
    Profile profile,
    Direction direction,
    Login login,
    boolean joined) {

  /** What is measured. */
  public enum Kind {
    /** Binding requests. */
    STUN,
    /** Allocations made and freed. */
    ALLOC,
    /** Packets relayed by allocations that stay. */
    TURN
  }

  /** Which way packets go. */
  public enum Direction {
    /** Client to peer, which sends it back: the time there and back is measured. */
    ECHO,
    /** Client to peer. */
    UP,
    /** Peer to client. */
    DOWN,
    /** Either way by itself. */
    BOTH,
    /** Allocations in pairs, each the other's peer: through the server twice. */
    RELAY
  }

  /** Those of one loop, the {@code index}-th of {@link #threads}. Pairs stay together. */
  int firstClient(int index) {
    return (int) ((long) clients * index / threads) & ~1;
  }

  int clientsOf(int index) {
    int end = index == threads - 1 ? clients : firstClient(index + 1);
    return end - firstClient(index);
  }

  /** The same with another size: a step of a series. */
  public LoadPlan scaledTo(int load) {
    boolean relays = kind == Kind.TURN;
    return new LoadPlan(
        kind,
        target,
        local,
        peer,
        sources,
        threads,
        relays ? load : clients,
        relays ? perSecond : load,
        setupPerSecond,
        warmupSeconds,
        seconds,
        holdMs,
        total,
        profile,
        direction,
        login,
        joined);
  }
}
