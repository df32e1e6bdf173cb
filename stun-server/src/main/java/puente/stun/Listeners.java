package puente.stun;

/** What the shell knows of its own ends. */
@FunctionalInterface
public interface Listeners {

  /** The five-tuple of a datagram: its source, and the listener that it came in by. */
  FiveTuple tupleOf(Packet packet);
}
