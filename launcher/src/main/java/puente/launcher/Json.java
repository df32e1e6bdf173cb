package puente.launcher;

import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes maps, collections, texts, numbers and booleans as JSON (RFC 8259). */
final class Json {
  private Json() {}

  /** On one line. */
  static String line(@Nullable Object value) {
    StringBuilder text = new StringBuilder();
    write(value, text, -1);
    return text.toString();
  }

  /** Indented by two spaces, for people. */
  static String pretty(@Nullable Object value) {
    StringBuilder text = new StringBuilder();
    write(value, text, 0);
    return text.toString();
  }

  static void quote(CharSequence value, StringBuilder text) {
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> character(value, i, text);
      }
    }
    text.append('"');
  }

  private static void character(CharSequence value, int at, StringBuilder text) {
    char c = value.charAt(at);
    boolean paired =
        Character.isHighSurrogate(c)
            ? at + 1 < value.length() && Character.isLowSurrogate(value.charAt(at + 1))
            : Character.isLowSurrogate(c)
                && at > 0
                && Character.isHighSurrogate(value.charAt(at - 1));
    if (SafeText.isUnsafe(c) && !paired) {
      SafeText.unicode(c, text);
    } else {
      text.append(c);
    }
  }

  private static void write(@Nullable Object value, StringBuilder text, int depth) {
    switch (value) {
      case null -> text.append("null");
      case Number number -> text.append(number);
      case Boolean bool -> text.append(bool);
      case Map<?, ?> map -> object(map, text, depth);
      case Collection<?> list -> array(list, text, depth);
      default -> quote(value.toString(), text);
    }
  }

  private static void object(Map<?, ?> map, StringBuilder text, int depth) {
    text.append('{');
    boolean first = true;
    for (var entry : map.entrySet()) {
      separate(text, first, depth);
      first = false;
      quote(String.valueOf(entry.getKey()), text);
      text.append(depth < 0 ? ":" : ": ");
      write(entry.getValue(), text, depth < 0 ? depth : depth + 1);
    }
    close(text, first, depth, '}');
  }

  private static void array(Collection<?> list, StringBuilder text, int depth) {
    text.append('[');
    boolean first = true;
    for (Object value : list) {
      separate(text, first, depth);
      first = false;
      write(value, text, depth < 0 ? depth : depth + 1);
    }
    close(text, first, depth, ']');
  }

  private static void separate(StringBuilder text, boolean first, int depth) {
    if (!first) {
      text.append(',');
    }
    if (depth >= 0) {
      text.append('\n').repeat("  ", depth + 1);
    }
  }

  private static void close(StringBuilder text, boolean empty, int depth, char bracket) {
    if (!empty && depth >= 0) {
      text.append('\n').repeat("  ", depth);
    }
    text.append(bracket);
  }
}
