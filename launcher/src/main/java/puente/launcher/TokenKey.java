package puente.launcher;

import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import puente.turn.Tokens;

/**
 * A key that an authorization server shares with us (RFC 7635), as a row of coturn's {@code
 * oauth_key}: {@code kid:key:algorithm[:timestamp:lifetime]}, the key in base64.
 */
final class TokenKey {
  private static final int ID_MAX = 128;

  private final String id;
  private final Tokens.Key key;

  private TokenKey(String id, Tokens.Key key) {
    this.id = id;
    this.key = key;
  }

  static TokenKey parse(String text) {
    String[] parts = text.split(":", -1);
    if (parts.length != 3 && parts.length != 5
        || parts[0].isEmpty()
        || parts[0].length() > ID_MAX) {
      throw new IllegalArgumentException("not kid:key:algorithm[:timestamp:lifetime]");
    }
    int bytes =
        switch (parts[2]) {
          case "A256GCM" -> 32;
          case "A128GCM" -> 16;
          default -> throw new IllegalArgumentException("the algorithm is A256GCM or A128GCM");
        };
    long since = parts.length == 5 ? number(parts[3]) : 0;
    long lifetime = parts.length == 5 ? number(parts[4]) : 0;
    return new TokenKey(parts[0], new Tokens.Key(secret(parts[1], bytes), since, lifetime));
  }

  /** As coturn does, of a longer key the first bytes. */
  private static byte[] secret(String base64, int bytes) {
    byte[] all;
    try {
      all = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException notBase64) {
      // Its message would quote the key.
      throw new IllegalArgumentException("the key is not base64");
    }
    if (all.length < bytes) {
      throw new IllegalArgumentException("the key is shorter than " + bytes + " bytes");
    }
    return Arrays.copyOf(all, bytes);
  }

  private static long number(String digits) {
    if (!digits.matches("[0-9]{1,12}")) {
      throw new IllegalArgumentException("timestamp and lifetime are seconds");
    }
    return Long.parseLong(digits);
  }

  String id() {
    return id;
  }

  Tokens.Key key() {
    return key;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TokenKey that
        && id.equals(that.id)
        && Arrays.equals(key.secret(), that.key.secret())
        && key.sinceSeconds() == that.key.sinceSeconds()
        && key.lifetimeSeconds() == that.key.lifetimeSeconds();
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  /** The name only. */
  @Override
  public String toString() {
    return id + ":(secret)";
  }
}
