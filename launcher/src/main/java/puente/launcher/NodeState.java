package puente.launcher;

import java.util.List;
import java.util.Optional;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * What one node tells the others about itself, once a second and whenever its phase changes.
 *
 * @param id its stable name
 * @param alive whether it is a member now; a dead node is listed for some minutes with its last
 *     words
 * @param doors where clients can be sent to, as they see it
 * @param forward where the other nodes send packets that belong to this one
 * @param more what nodes of the version before do not tell
 */
record NodeState(
    String id,
    boolean alive,
    Phase phase,
    List<Door> doors,
    Load load,
    Optional<TransportAddress> forward,
    More more) {

  /** How far a node is on its way out. */
  enum Phase {
    SERVING,
    DRAINING,
    DRAINED,
    STOPPING
  }

  /** An address for clients of one transport. */
  record Door(Transport transport, TransportAddress address) {}

  /**
   * @param allocations alive now
   * @param allocationsMax relay ports or quota, whichever is less; 0 is unknown
   * @param bytesPerSecond relayed, both ways
   * @param processor share of the machine's processors in use, 0 to 1
   */
  record Load(int allocations, int allocationsMax, long bytesPerSecond, double processor) {
    static final Load NONE = new Load(0, 0, 0, 0);

    /** How full the node is, 0 to 1 and beyond: by whatever it is shortest of. */
    double share() {
      return Math.max(places(), processor);
    }

    /** The same of its places alone; 0 if it has not said how many it has. */
    double places() {
      return allocationsMax == 0 ? 0 : (double) allocations / allocationsMax;
    }
  }

  /**
   * @param plan of the drain under way or done
   * @param corners where it answers for another node that discovers NATs with it, at most one of
   *     each family
   * @param domain the name in its certificate
   * @param signaling URL under which clients of signaling reach this node and no other
   */
  record More(
      Optional<Drain.Plan> plan,
      List<Corner> corners,
      Optional<String> domain,
      Optional<String> signaling) {
    static final More NONE = new More(Optional.empty(), List.of(), Optional.empty());

    More(Optional<Drain.Plan> plan, List<Corner> corners, Optional<String> domain) {
      this(plan, corners, domain, Optional.empty());
    }

    More {
      corners = List.copyOf(corners);
    }
  }

  /**
   * An address that it listens on with two ports (RFC 5780 §6).
   *
   * @param local as it is bound there, with the first port
   * @param seen as clients see it
   * @param otherPort the second port
   */
  record Corner(TransportAddress local, TransportAddress seen, int otherPort) {}

  NodeState {
    doors = List.copyOf(doors);
  }

  NodeState(
      String id,
      boolean alive,
      Phase phase,
      List<Door> doors,
      Load load,
      Optional<TransportAddress> forward) {
    this(id, alive, phase, doors, load, forward, More.NONE);
  }

  /** A node that serves and has told nothing yet. */
  static NodeState serving(String id) {
    return new NodeState(id, true, Phase.SERVING, List.of(), Load.NONE, Optional.empty());
  }

  /** Whether new clients may be sent there. */
  boolean takesClients() {
    return alive && phase == Phase.SERVING;
  }

  NodeState withAlive(boolean newAlive) {
    return new NodeState(id, newAlive, phase, doors, load, forward, more);
  }

  NodeState withPhase(Phase newPhase) {
    return new NodeState(id, alive, newPhase, doors, load, forward, more);
  }

  NodeState withLoad(Load newLoad) {
    return new NodeState(id, alive, phase, doors, newLoad, forward, more);
  }

  NodeState withMore(More newMore) {
    return new NodeState(id, alive, phase, doors, load, forward, newMore);
  }
}
