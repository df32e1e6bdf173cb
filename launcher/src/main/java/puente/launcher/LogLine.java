package puente.launcher;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/** Writes one event as one line, as text or as a JSON object, with everything in it escaped. */
final class LogLine extends EncoderBase<ILoggingEvent> {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final byte[] NOTHING = new byte[0];

  /** Enough to find the place; a whole trace would not be a line that a person reads. */
  static final int TEXT_FRAMES_MAX = 6;

  private static final int JSON_FRAMES_MAX = 60;

  private final boolean json;

  LogLine(boolean json) {
    this.json = json;
  }

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    String line = json ? json(event) : text(event);
    return (line + "\n").getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }

  static String text(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(160);
    TIME.formatTo(Instant.ofEpochMilli(event.getTimeStamp()), line);
    line.append(String.format(" %-5s %s ", level(event.getLevel()), event.getLoggerName()));
    if (!event.getFormattedMessage().isEmpty()) {
      line.append(' ');
      SafeText.escape(event.getFormattedMessage(), line);
    }
    for (KeyValuePair pair : pairs(event)) {
      pair(pair.key, pair.value, line);
    }
    if (event.getThrowableProxy() != null) {
      pair("error", error(event.getThrowableProxy()), line);
      pair("at", stack(event.getThrowableProxy(), TEXT_FRAMES_MAX), line);
    }
    return line.toString();
  }

  static String json(ILoggingEvent event) {
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put("time", TIME.format(Instant.ofEpochMilli(event.getTimeStamp())));
    line.put("level", level(event.getLevel()).toLowerCase(Locale.ROOT));
    line.put("logger", event.getLoggerName());
    if (!event.getFormattedMessage().isEmpty()) {
      line.put("message", event.getFormattedMessage());
    }
    for (KeyValuePair pair : pairs(event)) {
      Object value = pair.value;
      boolean plain = value == null || value instanceof Number || value instanceof Boolean;
      // A field of the frame itself, such as the level, must not be overwritten by an event's.
      line.putIfAbsent(pair.key, plain ? value : value.toString());
    }
    if (event.getThrowableProxy() != null) {
      line.put("error", error(event.getThrowableProxy()));
      line.put("stack", stack(event.getThrowableProxy(), JSON_FRAMES_MAX));
    }
    return Json.line(line);
  }

  private static String level(Level level) {
    return level.toString();
  }

  static List<KeyValuePair> pairs(ILoggingEvent event) {
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    return pairs == null ? List.of() : pairs;
  }

  private static void pair(String key, @Nullable Object value, StringBuilder line) {
    line.append(' ');
    SafeText.escape(key, line);
    line.append('=');
    String text = String.valueOf(value);
    boolean plain = !text.isEmpty() && text.chars().noneMatch(LogLine::needsQuotes);
    if (plain) {
      line.append(text);
    } else {
      Json.quote(text, line);
    }
  }

  private static boolean needsQuotes(int c) {
    return c == ' ' || c == '"' || c == '=' || c == '\\' || SafeText.isUnsafe((char) c);
  }

  static String error(IThrowableProxy thrown) {
    String name = thrown.getClassName().substring(thrown.getClassName().lastIndexOf('.') + 1);
    return thrown.getMessage() == null ? name : name + ": " + thrown.getMessage();
  }

  static String stack(IThrowableProxy thrown, int framesMax) {
    StringBuilder stack = new StringBuilder();
    int frames = 0;
    for (StackTraceElementProxy frame : thrown.getStackTraceElementProxyArray()) {
      if (frames++ == framesMax) {
        break;
      }
      StackTraceElement at = frame.getStackTraceElement();
      stack.append(stack.isEmpty() ? "" : " < ");
      stack.append(at.getFileName()).append(':').append(at.getLineNumber());
    }
    return stack.toString();
  }
}
