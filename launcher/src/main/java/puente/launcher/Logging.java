package puente.launcher;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.LoggerFactory;
import puente.admin.records.LogRing;

/**
 * Where the log goes. The standard output is for data: the log goes to the standard error, unless
 * {@code log-file} says otherwise.
 */
final class Logging {
  /** The last lines, for the console. */
  static final LogRing RING = new LogRing();

  private Logging() {}

  static void first(LoggerContext context) {
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(console(context, "System.err", false));
  }

  /**
   * Puts the configuration into effect; a second call reopens the files. No line is lost between the
   * old places and the new.
   */
  static void apply(Config config) {
    if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      return;
    }
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    List<Appender<ILoggingEvent>> before = new ArrayList<>();
    root.iteratorForAppenders().forEachRemaining(before::add);
    for (Appender<ILoggingEvent> appender : appenders(context, config)) {
      root.addAppender(appender);
    }
    for (Appender<ILoggingEvent> old : before) {
      root.detachAppender(old);
      old.stop();
    }
    // A host without a network card is no event of ours.
    context.getLogger("io.netty.util.internal.MacAddressUtil").setLevel(Level.ERROR);
    // Each lost link in ten lines; the cluster says in one what it means.
    context.getLogger("com.hazelcast").setLevel(Level.ERROR);
    Level level = level(config.value(Settings.LOG_MIN_LEVEL));
    context.getLogger("puente").setLevel(level);
    // Libraries speak of themselves; they are asked only when somebody looks very closely.
    root.setLevel(level == Level.TRACE ? Level.INFO : level == Level.ERROR ? level : Level.WARN);
  }

  private static List<Appender<ILoggingEvent>> appenders(LoggerContext context, Config config) {
    boolean json = config.value(Settings.LOG_FORMAT).equals("json");
    String file = config.find(Settings.LOG_FILE).orElse("");
    List<Appender<ILoggingEvent>> appenders = new ArrayList<>();
    LogTail tail = new LogTail(RING);
    tail.setContext(context);
    tail.start();
    appenders.add(tail);
    switch (file) {
      case "", "syslog" -> appenders.add(console(context, "System.err", json));
      case "stdout", "-" -> appenders.add(console(context, "System.out", json));
      default -> {
        Optional<Appender<ILoggingEvent>> opened = file(context, file, json);
        opened.ifPresent(appenders::add);
        // A log that cannot be written must not keep the server from starting, nor be lost.
        if (opened.isEmpty() || !config.value(Settings.NO_STDOUT_LOG)) {
          appenders.add(console(context, "System.err", json));
        }
      }
    }
    return appenders;
  }

  private static Appender<ILoggingEvent> console(
      LoggerContext context, String target, boolean json) {
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setTarget(target);
    prepared(appender, context, json).start();
    return appender;
  }

  private static Optional<Appender<ILoggingEvent>> file(
      LoggerContext context, String name, boolean json) {
    try {
      var appender = prepared(new OutputStreamAppender<>(), context, json);
      appender.setOutputStream(new FileOutputStream(name, true));
      appender.start();
      return Optional.of(appender);
    } catch (IOException e) {
      Events.warn("log-file", "file", name, "warning", "cannot be written; see standard error");
      return Optional.empty();
    }
  }

  private static OutputStreamAppender<ILoggingEvent> prepared(
      OutputStreamAppender<ILoggingEvent> appender, LoggerContext context, boolean json) {
    LogLine line = new LogLine(json);
    line.setContext(context);
    line.start();
    appender.setContext(context);
    appender.setEncoder(line);
    return appender;
  }

  /** The level of each component of ours that has one of its own. */
  static Map<String, String> levels() {
    Map<String, String> levels = new TreeMap<>();
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      for (Logger logger : context.getLoggerList()) {
        Level level = logger.getLevel();
        if (level != null && logger.getName().startsWith("puente")) {
          levels.put(logger.getName(), level.toString().toLowerCase(Locale.ROOT));
        }
      }
    }
    return levels;
  }

  /**
   * Sets a component's level, until the next {@link #apply}.
   *
   * @param level {@code error} to {@code trace}; empty: as its parent
   */
  static void level(String component, String level) {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      context.getLogger(component).setLevel(level.isEmpty() ? null : Level.toLevel(level));
    }
  }

  private static Level level(String name) {
    return switch (name) {
      case "trace" -> Level.TRACE;
      case "debug" -> Level.DEBUG;
      case "warning" -> Level.WARN;
      case "error" -> Level.ERROR;
      default -> Level.INFO;
    };
  }
}
