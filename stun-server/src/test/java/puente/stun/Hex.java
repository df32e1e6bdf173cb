package puente.stun;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Bytes written as hexadecimal text with free white space. */
final class Hex {

  private Hex() {}

  static byte[] of(String text) {
    return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
  }

  /** A file of src/test/resources/puente/stun. */
  static byte[] resource(String name) {
    return of(text(name));
  }

  static String text(String name) {
    try (InputStream in = Hex.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalArgumentException("no resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
