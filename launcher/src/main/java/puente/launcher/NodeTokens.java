package puente.launcher;

import com.nimbusds.jose.jwk.JWKSet;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.net.URI;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import puente.signal.Jwks;
import puente.signal.Tokens;

/** The keys that tokens are signed with, as the configuration names them. */
final class NodeTokens {
  private static final int FILE_BYTES_MAX = 0x4_0000;

  private NodeTokens() {}

  /** Null when no tokens are accepted. */
  static @Nullable Tokens of(Config config, Context context) throws StartFailure {
    List<String> secrets = config.all(HttpSettings.JWT_SECRET);
    Optional<String> place = config.find(HttpSettings.JWT_JWKS);
    if (secrets.isEmpty() && place.isEmpty()) {
      return null;
    }
    String audience = config.find(HttpSettings.JWT_AUDIENCE).orElse(null);
    String issuer = config.find(HttpSettings.JWT_ISSUER).orElse(null);
    JWKSet shared = Tokens.shared(secrets);
    if (place.isPresent() && place.get().matches("https?://.*")) {
      return new Tokens(new Jwks(context, URI.create(place.get()), shared), audience, issuer);
    }
    JWKSet all = place.isPresent() ? Jwks.joined(file(config, place.get()), shared) : shared;
    Future<JWKSet> known = Future.succeededFuture(all);
    return new Tokens(() -> known, audience, issuer);
  }

  private static JWKSet file(Config config, String place) throws StartFailure {
    try {
      return JWKSet.parse(ConfigFile.text(Path.of(place), FILE_BYTES_MAX));
    } catch (ParseException malformed) {
      throw StartFailure.configuration(
          config.origin(HttpSettings.JWT_JWKS) + ": jwt-jwks: " + place + " is not a JWKS");
    }
  }
}
