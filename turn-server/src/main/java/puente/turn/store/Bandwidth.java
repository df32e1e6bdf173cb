package puente.turn.store;

/** What all allocations of one user may relay in a second, each way for itself. */
public record Bandwidth(Capacity up, Capacity down) {

  /** Of all nodes, and what this node may use of it at first. */
  static Bandwidth of(long bytesPerSecond, long part) {
    return new Bandwidth(new Capacity(bytesPerSecond, part), new Capacity(bytesPerSecond, part));
  }

  void limit(long bytesPerSecond) {
    up.limit(bytesPerSecond, Long.MAX_VALUE);
    down.limit(bytesPerSecond, Long.MAX_VALUE);
  }
}
