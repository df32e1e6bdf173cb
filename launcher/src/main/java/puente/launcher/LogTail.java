package puente.launcher;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.event.KeyValuePair;
import puente.admin.records.LogRing;

/** Keeps the last lines of the log for those who look at it in the console. */
final class LogTail extends AppenderBase<ILoggingEvent> {
  private final LogRing ring;

  LogTail(LogRing ring) {
    this.ring = ring;
  }

  @Override
  protected void append(ILoggingEvent event) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (KeyValuePair pair : LogLine.pairs(event)) {
      fields.put(pair.key, String.valueOf(pair.value));
    }
    var thrown = event.getThrowableProxy();
    ring.add(
        event.getTimeStamp(),
        level(event.getLevel()),
        event.getLoggerName(),
        event.getFormattedMessage(),
        fields,
        thrown == null
            ? null
            : LogLine.error(thrown) + " at " + LogLine.stack(thrown, LogLine.TEXT_FRAMES_MAX));
  }

  private static LogRing.Level level(Level level) {
    return switch (level.toInt()) {
      case Level.ERROR_INT -> LogRing.Level.ERROR;
      case Level.WARN_INT -> LogRing.Level.WARN;
      case Level.INFO_INT -> LogRing.Level.INFO;
      case Level.DEBUG_INT -> LogRing.Level.DEBUG;
      default -> LogRing.Level.TRACE;
    };
  }
}
