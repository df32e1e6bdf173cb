package puente.admin;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/** An OpenID Connect provider that lies as it is told. */
final class FakeProvider implements AutoCloseable {

  static final String CLIENT = "puente";
  static final String SECRET = "what only we know";

  /** How it signs. */
  enum Signs {
    RIGHTLY,
    BY_ANOTHER_KEY,
    NOT_AT_ALL,
    BY_THE_PUBLIC_KEY
  }

  /** What was asked for a code. */
  private record Asked(String nonce, String challenge, String redirect) {}

  private final HttpServer server;
  private final RSAKey key = key();
  private final RSAKey otherKey = key();
  private final Map<String, Asked> askedByCode = new ConcurrentHashMap<>();
  volatile Signs signs = Signs.RIGHTLY;
  volatile UnaryOperator<JWTClaimsSet.Builder> claims = UnaryOperator.identity();
  volatile JsonObject userInfo = new JsonObject().put("sub", "u-17");
  volatile String lastTokenError = "";

  FakeProvider() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
    server.createContext("/.well-known/openid-configuration", this::metadata);
    server.createContext(
        "/keys", exchange -> answer(exchange, 200, new JWKSet(key.toPublicJWK()).toString()));
    server.createContext("/token", this::token);
    server.createContext("/me", exchange -> answer(exchange, 200, userInfo.encode()));
    server.start();
  }

  String issuer() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** The person says yes: where the browser goes then. */
  URI allow(URI authorization) {
    Map<String, String> asked = parameters(authorization.getRawQuery());
    String code = "code-" + askedByCode.size();
    askedByCode.put(
        code,
        new Asked(
            asked.getOrDefault("nonce", ""),
            asked.getOrDefault("code_challenge", ""),
            asked.getOrDefault("redirect_uri", "")));
    return URI.create(
        asked.getOrDefault("redirect_uri", "") + "?code=" + code + "&state=" + asked.get("state"));
  }

  private void metadata(HttpExchange exchange) throws IOException {
    answer(
        exchange,
        200,
        new JsonObject()
            .put("issuer", issuer())
            .put("authorization_endpoint", issuer() + "/authorize")
            .put("token_endpoint", issuer() + "/token")
            .put("userinfo_endpoint", issuer() + "/me")
            .put("jwks_uri", issuer() + "/keys")
            .put("response_types_supported", new JsonArray().add("code"))
            .put("subject_types_supported", new JsonArray().add("public"))
            .put("id_token_signing_alg_values_supported", new JsonArray().add("RS256").add("HS256"))
            .encode());
  }

  private void token(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    Map<String, String> sent = parameters(body);
    Asked asked = askedByCode.remove(sent.getOrDefault("code", ""));
    String basic =
        Base64.getEncoder()
            .encodeToString(
                (CLIENT + ":" + SECRET.replace(' ', '+')).getBytes(StandardCharsets.UTF_8));
    boolean known =
        ("Basic " + basic).equals(exchange.getRequestHeaders().getFirst("Authorization"));
    if (asked == null
        || !known
        || !asked.redirect.equals(sent.get("redirect_uri"))
        || !asked.challenge.equals(digest(sent.getOrDefault("code_verifier", "")))) {
      lastTokenError = "known " + known + ", asked " + asked;
      answer(exchange, 400, "{\"error\":\"invalid_grant\"}");
      return;
    }
    answer(
        exchange,
        200,
        new JsonObject()
            .put("access_token", "open-sesame")
            .put("token_type", "Bearer")
            .put("id_token", idToken(asked.nonce))
            .encode());
  }

  private String idToken(String nonce) {
    JWTClaimsSet set =
        claims
            .apply(
                new JWTClaimsSet.Builder()
                    .issuer(issuer())
                    .audience(CLIENT)
                    .subject("u-17")
                    .issueTime(new Date())
                    .expirationTime(Date.from(Instant.now().plusSeconds(300)))
                    .claim("nonce", nonce)
                    .claim("preferred_username", "ana")
                    .claim("roles", List.of("viewer", "operator")))
            .build();
    try {
      return switch (signs) {
        case NOT_AT_ALL -> new PlainJWT(set).serialize();
        case RIGHTLY -> signed(set, key);
        case BY_ANOTHER_KEY -> signed(set, otherKey);
        case BY_THE_PUBLIC_KEY -> {
          SignedJWT jwt = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), set);
          jwt.sign(new MACSigner(key.toRSAPublicKey().getEncoded()));
          yield jwt.serialize();
        }
      };
    } catch (JOSEException failed) {
      throw new IllegalStateException(failed);
    }
  }

  private String signed(JWTClaimsSet set, RSAKey with) throws JOSEException {
    JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()).build();
    SignedJWT jwt = new SignedJWT(header, set);
    jwt.sign(new RSASSASigner(with));
    return jwt.serialize();
  }

  private static RSAKey key() {
    try {
      return new RSAKeyGenerator(2048).keyIDFromThumbprint(true).generate();
    } catch (JOSEException missing) {
      throw new IllegalStateException(missing);
    }
  }

  private static String digest(String verifier) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }

  static Map<String, String> parameters(String query) {
    Map<String, String> parameters = new HashMap<>();
    for (String pair : query.split("&")) {
      String[] parts = pair.split("=", 2);
      parameters.put(
          parts[0],
          java.net.URLDecoder.decode(parts.length < 2 ? "" : parts[1], StandardCharsets.UTF_8));
    }
    return parameters;
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    try (exchange) {
      exchange.getResponseBody().write(bytes);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
