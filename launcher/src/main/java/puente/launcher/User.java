package puente.launcher;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import puente.stun.OpaqueString;

/**
 * A static long-term user: {@code name:password}, or {@code name:0x} and the 16 bytes of MD5(name
 * ":" realm ":" password) in hex (RFC 8489 §18.5.1.1). Exactly one of password and key is present.
 */
final class User {
  /** RFC 8489 §14.3: USERNAME is at most 508 bytes. */
  private static final int NAME_BYTES_MAX = 508;

  private static final int KEY_BYTES = 16;

  private final String name;
  private final Optional<String> password;
  private final Optional<byte[]> key;

  private User(String name, Optional<String> password, Optional<byte[]> key) {
    this.name = name;
    this.password = password;
    this.key = key;
  }

  static User parse(String text) {
    int colon = text.indexOf(':');
    if (colon <= 0 || colon == text.length() - 1) {
      throw new IllegalArgumentException("not name:password");
    }
    String name = text.substring(0, colon);
    String proof = text.substring(colon + 1);
    if (name.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES_MAX) {
      throw new IllegalArgumentException("the name is longer than 508 bytes");
    }
    checked("name", name);
    if (!proof.startsWith("0x")) {
      checked("password", proof);
      return new User(name, Optional.of(proof), Optional.empty());
    }
    try {
      byte[] key = HexFormat.of().parseHex(proof, 2, proof.length());
      if (key.length == KEY_BYTES) {
        return new User(name, Optional.empty(), Optional.of(key));
      }
    } catch (IllegalArgumentException e) {
      // Its message would quote the key.
    }
    throw new IllegalArgumentException("a key is 0x and 32 hexadecimal digits");
  }

  /** What could not be prepared as RFC 8489 §9.2.2 says could never be logged in with. */
  private static void checked(String what, String text) {
    try {
      OpaqueString.enforce(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the " + what + " " + e.getMessage());
    }
  }

  String name() {
    return name;
  }

  Optional<String> password() {
    return password;
  }

  Optional<byte[]> key() {
    return key.map(byte[]::clone);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof User user
        && name.equals(user.name)
        && password.equals(user.password)
        && Arrays.equals(key.orElse(null), user.key.orElse(null));
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  /** The name only. */
  @Override
  public String toString() {
    return name + ":(secret)";
  }
}
