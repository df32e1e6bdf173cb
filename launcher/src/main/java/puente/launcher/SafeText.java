package puente.launcher;

/**
 * Text of unknown origin made safe to print: one line stays one line, and nothing in it steers a
 * terminal or reorders what a reader sees.
 */
final class SafeText {
  private SafeText() {}

  static String escape(CharSequence text) {
    StringBuilder safe = new StringBuilder(text.length() + 8);
    escape(text, safe);
    return safe.toString();
  }

  static void escape(CharSequence text, StringBuilder into) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        into.append(c).append(text.charAt(++i));
      } else if (isUnsafe(c)) {
        unicode(c, into);
      } else {
        into.append(c);
      }
    }
  }

  /** At most {@code max} characters of the text, escaped, with a mark where it was cut. */
  static String excerpt(CharSequence text, int max) {
    return text.length() <= max ? escape(text) : escape(text.subSequence(0, max)) + "...";
  }

  static void unicode(char c, StringBuilder into) {
    into.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      into.append(Character.forDigit(c >> shift & 0xf, 16));
    }
  }

  /** Controls, line separators, bidirectional marks, invisible characters, lone surrogates. */
  static boolean isUnsafe(char c) {
    return c < 0x20
        || (c >= 0x7f && c <= 0x9f)
        || c == 0x061c
        || (c >= 0x200b && c <= 0x200f)
        || (c >= 0x2028 && c <= 0x202e)
        || (c >= 0x2060 && c <= 0x206f)
        || c == 0xfeff
        || Character.isSurrogate(c);
  }
}
