package puente.peer;

import java.util.concurrent.atomic.AtomicLong;

/** How much may still be sent by a relay, all peers together. */
final class RelayBudget {
  private final AtomicLong left;

  RelayBudget(long bytes) {
    left = new AtomicLong(bytes);
  }

  void spend(long bytes) {
    left.addAndGet(-bytes);
  }

  boolean isSpent() {
    return left.get() <= 0;
  }
}
