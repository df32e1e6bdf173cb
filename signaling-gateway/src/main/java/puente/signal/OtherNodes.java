package puente.signal;

import java.util.Set;

/** The gateways of the other nodes, as whoever wires this one can reach them. Nothing here waits. */
public interface OtherNodes {
  /** Hears what another node says; on any thread. */
  interface Listener {
    void on(String from, byte[] body);
  }

  /** The stable name of this node. */
  String own();

  /** The names of the nodes that live, this one included or not. */
  Set<String> living();

  /**
   * Sends at most a mebibyte to the gateway of another node; it may get lost.
   *
   * @return false if it certainly was
   */
  boolean tell(String node, byte[] body);

  /** Who hears what the other gateways tell. */
  void listen(Listener listener);

  /** Runs, on any thread, whenever {@link #living} may have changed. */
  void onChange(Runnable listener);

  /** Of a node that is alone. */
  static OtherNodes none(String own) {
    return new OtherNodes() {
      @Override
      public String own() {
        return own;
      }

      @Override
      public Set<String> living() {
        return Set.of();
      }

      @Override
      public boolean tell(String node, byte[] body) {
        return false;
      }

      @Override
      public void listen(Listener listener) {}

      @Override
      public void onChange(Runnable listener) {}
    };
  }
}
