package puente.load;

import java.util.concurrent.CompletableFuture;
import puente.net.BindFailure;

/** One kind of load on one loop, phase by phase. Everything runs on the loop. */
interface Drive extends Client.Drive {

  /**
   * When what is counted begins and ends, of System.nanoTime.
   *
   * @param begin of sending
   * @param from of counting
   * @param end of both
   */
  record Window(long begin, long from, long end) {
    boolean holds(long due) {
      return due - from >= 0 && due - end < 0;
    }
  }

  /** Opens what it needs besides its clients. */
  void open() throws BindFailure;

  /** Brings the clients to where they can carry load; done when all are, or have failed. */
  CompletableFuture<Void> setUp();

  /** Puts the load on; done when nothing more is sent and answers had their time. */
  CompletableFuture<Void> run(Window window);

  /** Gives back what the clients have on the server. */
  CompletableFuture<Void> tearDown();

  /** No more load: the phase that runs ends soon. */
  void stop();
}
