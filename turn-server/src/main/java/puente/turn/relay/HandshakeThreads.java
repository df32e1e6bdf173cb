package puente.turn.relay;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Where the hard part of TLS handshakes is done. */
final class HandshakeThreads {

  private static final int WAITING_MAX = 1024;

  private HandshakeThreads() {}

  /** A flood of TLS handshakes fills this queue and is refused; relayed packets do not notice. */
  static ThreadPoolExecutor start() {
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING_MAX),
            Thread.ofPlatform().daemon().name("puente-tls-", 0).factory());
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }
}
