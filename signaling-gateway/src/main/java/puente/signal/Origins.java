package puente.signal;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whose pages may use this server. Browsers say in Origin which page asks (RFC 6454); whoever is no
 * browser says nothing and shows a key instead. Immutable.
 *
 * @param allowed origins as browsers write them; {@code *} is any
 */
public record Origins(Set<String> allowed) {

  public static final String ANY = "*";

  private static final Pattern FORM =
      Pattern.compile("https?://([a-z0-9.-]{1,253}|\\[[0-9a-f:.]{2,45}\\])(:[0-9]{1,5})?");

  public Origins {
    allowed = Set.copyOf(allowed);
  }

  /** Whether a text is an origin as a browser writes it, or {@link #ANY}. */
  public static boolean isOrigin(String text) {
    return text.equals(ANY) || FORM.matcher(text).matches();
  }

  public boolean allowsAny() {
    return allowed.contains(ANY);
  }

  /**
   * @param origin what the browser said; null if none did
   * @param host what the request was sent to
   */
  boolean allows(@Nullable String origin, @Nullable String host) {
    return origin == null || allowsAny() || allowed.contains(origin) || isOwn(origin, host);
  }

  /** A page of ours, by whatever name it reached us. */
  static boolean isOwn(String origin, @Nullable String host) {
    if (host == null || !FORM.matcher(origin).matches()) {
      return false;
    }
    return origin.substring(origin.indexOf("//") + 2).equals(host.toLowerCase(Locale.ROOT));
  }
}
