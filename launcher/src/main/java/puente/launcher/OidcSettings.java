package puente.launcher;

import static puente.launcher.Setting.row;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import puente.admin.access.Role;
import puente.admin.oidc.OidcOptions;
import puente.launcher.Setting.Group;

/** The rows of the table of {@link Settings} that are about signing in by another server. */
final class OidcSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  static final Setting<String> ISSUER =
      row(
              Group.ADMIN,
              "admin-oidc-issuer",
              Type.TEXT,
              "URL of an OpenID Connect provider that people sign in to the console with.")
          .in(ROWS);
  static final Setting<String> CLIENT_ID =
      row(Group.ADMIN, "admin-oidc-client-id", Type.TEXT, "What the provider knows us as.")
          .in(ROWS);
  static final Setting<String> CLIENT_SECRET =
      row(
              Group.ADMIN,
              "admin-oidc-client-secret",
              Type.SECRET,
              "What we show the provider; a public client has none.")
          .in(ROWS);
  static final Setting<String> ROLE_CLAIM =
      row(
              Group.ADMIN,
              "admin-oidc-role-claim",
              Type.TEXT,
              "Claim that says what somebody may do, of the ID token or else of the user info; a "
                  + "path such as realm_access.roles, too.")
          .fallback("roles")
          .in(ROWS);
  static final Setting<String> ROLE =
      row(
              Group.ADMIN,
              "admin-oidc-role",
              Type.TEXT,
              "Which value of that claim makes what: viewer:VALUE, operator:VALUE or admin:VALUE; "
                  + "several times. Without it the three words themselves. Nobody else comes in.")
          .replaces()
          .in(ROWS);
  static final Setting<String> NAME_CLAIM =
      row(
              Group.ADMIN,
              "admin-oidc-name-claim",
              Type.TEXT,
              "Claim with the name that the console and the audit log show.")
          .fallback("preferred_username")
          .in(ROWS);
  static final Setting<String> SCOPE =
      row(Group.ADMIN, "admin-oidc-scope", Type.TEXT, "What is asked of the provider.")
          .fallback("openid profile email")
          .in(ROWS);
  static final Setting<String> REDIRECT =
      row(
              Group.ADMIN,
              "admin-oidc-redirect-uri",
              Type.TEXT,
              "Where the provider sends people back to, ending in /api/v1/auth/oidc/callback. "
                  + "Without it: the name that the browser came by.")
          .in(ROWS);

  private OidcSettings() {}

  static void addTo(List<Setting<?>> all) {
    all.addAll(ROWS);
  }

  /** What to let people in by; null if there is no provider. */
  static @Nullable OidcOptions options(Config config) throws StartFailure {
    Optional<String> issuer = config.find(ISSUER);
    if (issuer.isEmpty()) {
      return null;
    }
    String client =
        config
            .find(CLIENT_ID)
            .orElseThrow(
                () -> StartFailure.configuration("admin-oidc-issuer: needs admin-oidc-client-id"));
    List<String> scopes = List.of(config.value(SCOPE).strip().split("\\s+"));
    if (!scopes.contains("openid")) {
      throw StartFailure.configuration("admin-oidc-scope: needs openid");
    }
    try {
      return new OidcOptions(
          URI.create(issuer.get()),
          client,
          config.find(CLIENT_SECRET).orElse(null),
          scopes,
          new OidcOptions.Claims(config.value(NAME_CLAIM), config.value(ROLE_CLAIM)),
          roles(config.all(ROLE)),
          config.find(REDIRECT).map(URI::create).orElse(null));
    } catch (IllegalArgumentException wrong) {
      throw StartFailure.configuration("admin-oidc-issuer: " + wrong.getMessage());
    }
  }

  private static Map<String, Role> roles(List<String> texts) throws StartFailure {
    Map<String, Role> roleByValue = new LinkedHashMap<>();
    for (String text : texts) {
      String[] parts = text.split(":", 2);
      Optional<Role> role = Role.ofWord(parts[0]);
      if (parts.length < 2 || parts[1].isBlank() || role.isEmpty()) {
        throw StartFailure.configuration(
            "admin-oidc-role: needs viewer:VALUE, operator:VALUE or admin:VALUE");
      }
      // Of two roles for one value, the lesser: nobody gets more by a slip of the pen.
      roleByValue.merge(
          parts[1].strip(), role.get(), (one, other) -> one.covers(other) ? other : one);
    }
    if (roleByValue.isEmpty()) {
      for (Role role : Role.values()) {
        roleByValue.put(role.word(), role);
      }
    }
    return roleByValue;
  }
}
