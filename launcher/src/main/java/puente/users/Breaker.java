package puente.users;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.turn.store.Accounts;

/**
 * One who knows users and may be down: while it is, nobody waits for it, and one question a second
 * tries whether that is over. Said once in the log when it begins, and once when it ends.
 */
public final class Breaker implements Lookup {
  private static final Logger LOG = LoggerFactory.getLogger("puente.users");
  private static final long PROBE_MS = 1000;

  private final Lookup behind;
  private final LongSupplier clock;
  private final AtomicLong probeMs = new AtomicLong();
  private volatile @Nullable String failure;

  /**
   * @param clock milliseconds that never go back
   */
  public Breaker(Lookup behind, LongSupplier clock) {
    this.behind = behind;
    this.clock = clock;
  }

  @Override
  public String place() {
    return behind.place();
  }

  /** Why it does not answer; null while it does. */
  public @Nullable String failure() {
    return failure;
  }

  @Override
  public Found find(Accounts.Question question) throws DatabaseFailure {
    String down = failure;
    if (down != null && !isProbe()) {
      throw new DatabaseFailure(down);
    }
    try {
      Found found = behind.find(question);
      answered();
      return found;
    } catch (DatabaseFailure silent) {
      failed(silent.line());
      throw silent;
    }
  }

  private boolean isProbe() {
    long now = clock.getAsLong();
    long due = probeMs.get();
    return now >= due && probeMs.compareAndSet(due, now + PROBE_MS);
  }

  /** It has been seen to be down, by whoever asked it something. */
  public void failed(String line) {
    synchronized (this) {
      probeMs.set(clock.getAsLong() + PROBE_MS);
      if (failure != null) {
        return;
      }
      failure = line;
    }
    LOG.error(
        "event=users-unreachable place=\"{}\" reason=\"{}\" meaning=\"who is new cannot come in;"
            + " what exists goes on\"",
        safe(place()),
        safe(line));
  }

  /** It has been seen to answer. */
  public void answered() {
    if (failure == null) {
      return;
    }
    synchronized (this) {
      if (failure == null) {
        return;
      }
      failure = null;
    }
    LOG.info("event=users-reachable place=\"{}\"", safe(place()));
  }

  private static String safe(String text) {
    return text.replaceAll("\\p{Cntrl}", " ").replace('"', '\'');
  }
}
