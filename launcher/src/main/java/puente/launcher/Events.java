package puente.launcher;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/** Logs an event as one line, {@code event=name key=value ...}. */
final class Events {
  private static final Logger LOG = LoggerFactory.getLogger("puente");
  private static final LogBudget BUDGET = new LogBudget(10, TimeUnit.MINUTES.toMillis(1));

  private Events() {}

  /** Logs an event with keys and values in turn. */
  static void log(Level level, String event, Object... pairs) {
    builder(level, event, pairs).log("");
  }

  static void info(String event, Object... pairs) {
    log(Level.INFO, event, pairs);
  }

  static void warn(String event, Object... pairs) {
    log(Level.WARN, event, pairs);
  }

  /** As {@link #log}, but at most ten times a minute for one key, and then with what was left out. */
  static void limited(String key, Level level, String event, Object... pairs) {
    int keptBack = BUDGET.spend(key, TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));
    if (keptBack > 0) {
      builder(level, event, pairs).addKeyValue("suppressed", keptBack).log("");
    } else if (keptBack == 0) {
      log(level, event, pairs);
    }
  }

  private static LoggingEventBuilder builder(Level level, String event, Object... pairs) {
    LoggingEventBuilder builder = LOG.atLevel(level).addKeyValue("event", event);
    for (int i = 0; i + 1 < pairs.length; i += 2) {
      builder = builder.addKeyValue(String.valueOf(pairs[i]), pairs[i + 1]);
    }
    return builder;
  }
}
