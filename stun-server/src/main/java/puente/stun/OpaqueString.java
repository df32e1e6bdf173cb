package puente.stun;

import java.text.Normalizer;

/**
 * The OpaqueString profile for usernames, realms and passwords (RFC 8265 §4.2): every space becomes
 * U+0020, then Unicode's normal form C; case and width stay. What the FreeformClass of RFC 8264
 * forbids is refused: control, format and unassigned characters, private use, lone surrogates, old
 * Hangul jamo, variation selectors and other invisible ones. Two things are left out: the rules for
 * joiners in context (RFC 5892 appendix A; joiners are refused), and which characters are assigned
 * is what this Java's Unicode version says.
 *
 * <p>For text of the configuration. Text off the wire is prepared by who sent it (RFC 8489 §9.2.2).
 */
public final class OpaqueString {

  private OpaqueString() {}

  /**
   * The prepared string.
   *
   * @throws IllegalArgumentException with one line that names no character of a secret
   */
  public static String enforce(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("is empty");
    }
    StringBuilder mapped = new StringBuilder(text.length());
    text.codePoints().forEach(c -> mapped.appendCodePoint(isSpace(c) ? ' ' : c));
    String prepared = Normalizer.normalize(mapped, Normalizer.Form.NFC);
    if (prepared.codePoints().anyMatch(OpaqueString::isForbidden)) {
      throw new IllegalArgumentException("has a character that RFC 8265 does not allow");
    }
    return prepared;
  }

  private static boolean isSpace(int c) {
    return Character.getType(c) == Character.SPACE_SEPARATOR;
  }

  private static boolean isForbidden(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.UNASSIGNED,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> isOldHangul(c) || isInvisible(c);
    };
  }

  /** RFC 8264 §9.9: conjoining jamo. */
  private static boolean isOldHangul(int c) {
    return c >= 0x1100 && c <= 0x11ff || c >= 0xa960 && c <= 0xa97c || c >= 0xd7b0 && c <= 0xd7fb;
  }

  /** RFC 8264 §9.13: Default_Ignorable_Code_Point, those that are not format characters. */
  private static boolean isInvisible(int c) {
    return c == 0x034f
        || c == 0x17b4
        || c == 0x17b5
        || c >= 0x180b && c <= 0x180f
        || c == 0x3164
        || c >= 0xfe00 && c <= 0xfe0f
        || c == 0xffa0
        || c >= 0xe0100 && c <= 0xe01ef;
  }
}
