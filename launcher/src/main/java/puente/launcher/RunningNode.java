package puente.launcher;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import puente.net.DescriptorHolder;

/** A server that runs: what the command line does with it. */
interface RunningNode extends ServingPart {
  /** How a node is started. */
  @FunctionalInterface
  interface Starter {
    /**
     * @param holder who keeps the sockets open when this process ends
     */
    RunningNode start(Config config, StateDirectory state, DescriptorHolder holder)
        throws StartFailure;

    /** Does beforehand what can be done while another process serves. */
    default Prepared prepare(Config config, StateDirectory state, DescriptorHolder holder)
        throws StartFailure {
      return () -> start(config, state, holder);
    }

    /** The same with sockets that end with this process. */
    default ServingPart alone(Config config, StateDirectory state) throws StartFailure {
      return start(config, state, DescriptorHolder.none());
    }

    /** What can be rehearsed beside a server that serves, if anything can: it tells nobody. */
    default Optional<Rehearsal.Stage> understudy() {
      return Optional.empty();
    }
  }

  /** A server that has all but its sockets and the lock of its state. */
  @FunctionalInterface
  interface Prepared {
    RunningNode start() throws StartFailure;

    /**
     * Does what can be done just before the turn, when the other process is about to stop.
     *
     * @throws StartFailure if it cannot; the start may still succeed
     */
    default void lookAhead() throws StartFailure {}

    /** Lets go, instead of a start. */
    default void discard() {}
  }

  /** Datagrams that have come so far. */
  long received();

  /**
   * Takes what can change from a new configuration. A listener that cannot be opened is said, and
   * all of them stay as they are then; the rest is taken.
   *
   * @throws StartFailure when it cannot, and then nothing has changed
   */
  void reload(Config config) throws StartFailure;

  /**
   * Takes no new allocations from now on, where a drain was configured.
   *
   * @return done when it may stop: at once where nothing is to be waited for
   */
  CompletionStage<Void> drain();

  /**
   * Serves no more, so that another process can go on at once: what is known of the clients is
   * written down, and the sockets that are held stay open.
   */
  CompletionStage<Void> leave();
}
