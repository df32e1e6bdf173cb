package puente.signal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Who may ask for credentials and connect without a token. Secrets are found by their digest, so
 * that no comparison tells how much of a guess was right. Immutable.
 */
public final class Keys {
  /** A public key of this origin is for the server's own pages, by whatever name they were found. */
  public static final String SELF = "self";

  /** Guessing a shorter secret takes hours, not years. */
  private static final int SECRET_LENGTH_MIN = 16;

  private static final int NAME_LENGTH_MAX = 64;

  /** A secret of a backend, {@code name:secret}. */
  public record ApiKey(String name, String secret) {
    /** Reads {@code name:secret}; says what is wrong without quoting it. */
    public static ApiKey parse(String text) {
      int colon = text.indexOf(':');
      if (colon < 1
          || !text.substring(0, colon).matches("[A-Za-z0-9._-]{1," + NAME_LENGTH_MAX + "}")) {
        throw new IllegalArgumentException("not name:secret, the name of letters, digits and ._-");
      }
      String secret = text.substring(colon + 1);
      if (secret.length() < SECRET_LENGTH_MIN || !secret.matches("[\\x21-\\x7e]+")) {
        throw new IllegalArgumentException(
            "the secret needs " + SECRET_LENGTH_MIN + " visible ASCII characters or more");
      }
      return new ApiKey(text.substring(0, colon), secret);
    }

    /** The name only. */
    @Override
    public String toString() {
      return name + ":(secret)";
    }
  }

  /** A key that pages of one origin carry for all to see, {@code key@https://origin}. */
  public record PublicKey(String key, String origin) {
    public static PublicKey parse(String text) {
      int at = text.indexOf('@');
      if (at < 1 || !text.substring(0, at).matches("[A-Za-z0-9._-]{1," + NAME_LENGTH_MAX + "}")) {
        throw new IllegalArgumentException("not key@origin, the key of letters, digits and ._-");
      }
      String origin = text.substring(at + 1);
      if (!origin.equals(SELF) && (!Origins.isOrigin(origin) || origin.equals(Origins.ANY))) {
        throw new IllegalArgumentException("the origin is not https://host, nor self");
      }
      return new PublicKey(text.substring(0, at), origin);
    }

    @Override
    public String toString() {
      return key + "@" + origin;
    }
  }

  private final Map<ByteBuffer, String> nameByDigest = new HashMap<>();
  private final List<PublicKey> published;

  public Keys(List<ApiKey> secrets, List<PublicKey> published) {
    secrets.forEach(one -> nameByDigest.put(digest(one.secret), one.name));
    this.published = List.copyOf(published);
  }

  /** The name of the API key with this secret; null if there is none. */
  @Nullable String nameOf(@Nullable String secret) {
    return secret == null ? null : nameByDigest.get(digest(secret));
  }

  /** Whether a page may use a public key: it must be one of the key's origin. */
  boolean isPublished(String key, Request request) {
    return published.stream().anyMatch(one -> one.key.equals(key) && isFrom(one.origin, request));
  }

  /** A public key for the page that asks, when it is one of ours. */
  public @Nullable String forOwnPage(Request request) {
    String own = (request.isSecure() ? "https://" : "http://") + request.host();
    return published.stream()
        .filter(one -> one.origin.equals(SELF) || one.origin.equals(own))
        .map(PublicKey::key)
        .findFirst()
        .orElse(null);
  }

  /** The origins of all public keys: their pages may call. */
  public Set<String> origins() {
    Set<String> origins = new TreeSet<>();
    published.stream()
        .map(PublicKey::origin)
        .filter(origin -> !origin.equals(SELF))
        .forEach(origins::add);
    return origins;
  }

  private static boolean isFrom(String locked, Request request) {
    String origin = request.origin();
    if (origin != null) {
      return locked.equals(SELF) ? Origins.isOwn(origin, request.host()) : locked.equals(origin);
    }
    // A page's plain GET to its own server carries no Origin, but says so here (Fetch metadata).
    boolean isOwnPage = "same-origin".equals(request.header("Sec-Fetch-Site"));
    String scheme = request.isSecure() ? "https://" : "http://";
    return isOwnPage && (locked.equals(SELF) || locked.equals(scheme + request.host()));
  }

  private static ByteBuffer digest(String secret) {
    try {
      byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
