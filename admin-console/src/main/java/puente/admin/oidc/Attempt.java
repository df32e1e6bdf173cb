package puente.admin.oidc;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A sign-in that has begun. All of it follows from a cookie of the browser that began it and a key of
 * this process: nothing is kept here, so strangers who begin very many fill nothing up, and an answer
 * that comes by another browser fits none (RFC 9700 §2.1, §4.7).
 *
 * @param cookie what only that browser shows
 * @param state comes back with the provider's answer
 * @param nonce comes back inside of the token
 * @param verifier of PKCE (RFC 7636): shows that who asked is who fetches
 */
public record Attempt(String cookie, String state, String nonce, String verifier) {

  /** Long enough to find a password and a second factor. */
  public static final int LIFE_SECONDS = 600;

  private static final int SECRET_BYTES = 32;
  private static final Pattern COOKIE = Pattern.compile("([0-9]{1,12})-[A-Za-z0-9_-]{43}");

  /** Makes them, and knows its own again. */
  public static final class Mint {
    private final SecureRandom random;
    private final byte[] key;

    public Mint(SecureRandom random) {
      this.random = random;
      key = new byte[SECRET_BYTES];
      random.nextBytes(key);
    }

    public Attempt begin(long nowSeconds) {
      byte[] secret = new byte[SECRET_BYTES];
      random.nextBytes(secret);
      return of(nowSeconds + "-" + text(secret));
    }

    /** What a browser goes on with: its cookie, and the state that came back; empty if unfit. */
    public Optional<Attempt> resume(String cookie, String state, long nowSeconds) {
      Matcher parts = COOKIE.matcher(cookie);
      if (!parts.matches()) {
        return Optional.empty();
      }
      long age = nowSeconds - Long.parseLong(parts.group(1));
      Attempt begun = of(cookie);
      boolean fits =
          MessageDigest.isEqual(
              begun.state.getBytes(StandardCharsets.UTF_8), state.getBytes(StandardCharsets.UTF_8));
      return fits && age >= 0 && age <= LIFE_SECONDS ? Optional.of(begun) : Optional.empty();
    }

    private Attempt of(String cookie) {
      return new Attempt(
          cookie, made("state", cookie), made("nonce", cookie), made("verifier", cookie));
    }

    private String made(String what, String cookie) {
      try {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return text(mac.doFinal((what + ":" + cookie).getBytes(StandardCharsets.UTF_8)));
      } catch (GeneralSecurityException missing) {
        throw new IllegalStateException(missing);
      }
    }

    private static String text(byte[] bytes) {
      return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
  }

  /** None of it. */
  @Override
  public String toString() {
    return "attempt";
  }
}
