package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of RFC 8265 §4.3 and what is around them. */
class OpaqueStringTest {

  /** RFC 8265 §4.3, table 3: passwords that are allowed, and stay as they are. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "correct horse battery staple",
        "Correct Horse Battery Staple",
        "\u03c0\u00df\u00e5",
        "Jack of \u2666s"
      })
  void unchanged(String password) {
    assertEquals(password, OpaqueString.enforce(password));
  }

  /** RFC 8265 §4.2.2: other spaces become U+0020; the ogham space mark is the RFC's example. */
  @Test
  void spaces() {
    assertEquals("foo bar", OpaqueString.enforce("foo\u1680bar"));
    assertEquals("foo bar", OpaqueString.enforce("foo\u00a0bar"));
  }

  /** RFC 8265 §4.2.2: normal form C, neither case nor width folded. */
  @Test
  void normalForm() {
    assertEquals("caf\u00e9", OpaqueString.enforce("cafe\u0301"));
    assertEquals("\uff21\u2168", OpaqueString.enforce("\uff21\u2168"));
  }

  /** RFC 8265 §4.3, table 4, and RFC 8264 §4.3.2: what the FreeformClass forbids. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "my cat is a \u0009by",
        "a\u0000",
        "a\u007fb",
        "The\u00adM",
        "a\u200db",
        "\u1100",
        "a\ufe0f",
        "\ue000",
        "\ud800",
        "\uffff"
      })
  void forbidden(String password) {
    String why =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> OpaqueString.enforce(password))
                .getMessage());
    assertFalse(password.length() > 1 && why.contains(password));
  }
}
