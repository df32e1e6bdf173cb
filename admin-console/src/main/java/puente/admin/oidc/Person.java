package puente.admin.oidc;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import puente.admin.access.Role;
import puente.admin.oidc.OidcProblem.Kind;

/**
 * Somebody whom the provider knows.
 *
 * @param name as people are called; others may have it later
 * @param subject stays the same, and is of one person only
 */
public record Person(String name, String subject, Role role) {

  /** Reads persons from claims. */
  record Reader(OidcOptions options) {

    /** Safe in every log, path and page. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}");

    private static final Pattern SUBJECT = Pattern.compile("[\\x21-\\x7e]{1,255}");

    boolean saysRole(Map<String, Object> claims) {
      return value(claims, options.claims().role()) != null;
    }

    /**
     * @param claims of the token
     * @param said where the role is
     */
    Person person(String subject, Map<String, Object> claims, Map<String, Object> said)
        throws OidcProblem {
      if (!SUBJECT.matcher(subject).matches()) {
        throw new OidcProblem(Kind.TOKEN, "a subject that is no name");
      }
      String path = options.claims().name();
      String name =
          named(claims, path)
              .or(() -> named(said, path))
              .or(() -> Optional.of(subject).filter(text -> NAME.matcher(text).matches()))
              .orElseThrow(() -> new OidcProblem(Kind.TOKEN, path + " is no name"));
      Role role = null;
      for (Object one : values(value(said, options.claims().role()))) {
        Role given = options.roleByValue().get(String.valueOf(one));
        role = given != null && (role == null || given.covers(role)) ? given : role;
      }
      if (role == null) {
        throw new OidcProblem(Kind.ROLE, name + " has no role here");
      }
      return new Person(name, subject, role);
    }

    private static Optional<String> named(Map<String, Object> claims, String path) {
      return value(claims, path) instanceof String text && NAME.matcher(text).matches()
          ? Optional.of(text)
          : Optional.empty();
    }

    /** By its name, dots and all, as some providers call theirs by a URL; else as a path. */
    private static @Nullable Object value(Map<String, Object> claims, String path) {
      if (claims.containsKey(path)) {
        return claims.get(path);
      }
      Object at = claims;
      for (String part : path.split("\\.")) {
        at = at instanceof Map<?, ?> map ? map.get(part) : null;
      }
      return at;
    }

    /** One text, a list of them, or an object whose keys they are. */
    private static Collection<?> values(@Nullable Object value) {
      return switch (value) {
        case null -> List.of();
        case Collection<?> many -> many;
        case Map<?, ?> map -> map.keySet();
        default -> List.of(value);
      };
    }
  }
}
