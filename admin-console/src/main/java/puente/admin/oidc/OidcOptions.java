package puente.admin.oidc;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import puente.admin.access.Role;

/**
 * Whom to trust, and with what.
 *
 * @param clientSecret null for a public client, which PKCE alone protects
 * @param roleByValue what a value of the role claim lets somebody do; of several the most
 * @param redirect where the provider sends browsers back to; null: where they came from
 */
public record OidcOptions(
    URI issuer,
    String clientId,
    @Nullable String clientSecret,
    List<String> scopes,
    Claims claims,
    Map<String, Role> roleByValue,
    @Nullable URI redirect) {

  /** Which claims say who somebody is: by name, or as a path such as {@code realm_access.roles}. */
  public record Claims(String name, String role) {}

  private static final Pattern THIS_MACHINE =
      Pattern.compile("localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\]");

  public OidcOptions {
    if (!isSafe(issuer)) {
      throw new IllegalArgumentException(
          "needs an https URL, as " + issuer + " would show tokens to everybody on the way");
    }
    if (redirect != null && !isSafe(redirect)) {
      throw new IllegalArgumentException("needs an https redirect URL, not " + redirect);
    }
    scopes = List.copyOf(scopes);
    roleByValue = Map.copyOf(roleByValue);
  }

  /** Whether nobody on the way can read or change what goes there: RFC 8414 §2, RFC 8252 §8.3. */
  static boolean isSafe(URI uri) {
    String host = uri.getHost();
    return host != null
        && ("https".equalsIgnoreCase(uri.getScheme())
            || "http".equalsIgnoreCase(uri.getScheme()) && THIS_MACHINE.matcher(host).matches());
  }

  /** Not the secret. */
  @Override
  public String toString() {
    return clientId + " at " + issuer;
  }
}
