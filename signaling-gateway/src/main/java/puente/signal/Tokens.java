package puente.signal;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.vertx.core.Future;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.text.ParseException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks at JWTs (RFC 7519). The algorithms are few and fixed, a key serves only the algorithms of
 * its kind, and nothing in a token's header says where a key comes from (RFC 8725).
 */
public final class Tokens {
  /** {@code none} is not among them, and will not be. */
  static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(JWSAlgorithm.HS256, JWSAlgorithm.RS256, JWSAlgorithm.ES256, JWSAlgorithm.EdDSA);

  /** Clocks of two machines may differ by so much. */
  private static final long SKEW_SECONDS = 30;

  private static final int KEYS_TRIED_MAX = 8;
  private static final int ROOMS_MAX = 64;
  private static final int META_ENTRIES_MAX = 32;

  /** SubjectPublicKeyInfo of Ed25519 up to the key itself (RFC 8410 §4). */
  private static final byte[] ED25519_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  /** Where keys come from. */
  @FunctionalInterface
  public interface Keyring {
    /** Asked for each token; answers from memory where it can. */
    Future<JWKSet> get();

    /** The same for a token whose key is not among those: there may be newer ones by now. */
    default Future<JWKSet> newer() {
      return get();
    }
  }

  /** What a token is worth. */
  sealed interface Verdict {}

  record Valid(Grant grant) implements Verdict {}

  record Expired() implements Verdict {}

  record Invalid(String why) implements Verdict {}

  private final Keyring keys;
  private final @Nullable String audience;
  private final @Nullable String issuer;

  /**
   * @param audience that tokens must name; null is any
   * @param issuer the same
   */
  public Tokens(Keyring keys, @Nullable String audience, @Nullable String issuer) {
    this.keys = keys;
    this.audience = audience;
    this.issuer = issuer;
  }

  /** A key set of shared secrets for HS256. */
  public static JWKSet shared(List<String> secrets) {
    return new JWKSet(
        secrets.stream()
            .<JWK>map(
                secret ->
                    new OctetSequenceKey.Builder(
                            secret.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                        .build())
            .toList());
  }

  /**
   * @param nowMs monotonic, for the end of the grant
   */
  Future<Verdict> verify(String token, Instant now, long nowMs) {
    SignedJWT jwt;
    try {
      jwt = SignedJWT.parse(token);
    } catch (ParseException | IllegalArgumentException malformed) {
      return Future.succeededFuture(new Invalid("not a signed JWT"));
    }
    if (!ALGORITHMS.contains(jwt.getHeader().getAlgorithm())) {
      return Future.succeededFuture(new Invalid("algorithm"));
    }
    return keys.get()
        .compose(set -> isUnknown(jwt, set) ? keys.newer() : Future.succeededFuture(set))
        .map(set -> verdict(jwt, set, now, nowMs));
  }

  /** Providers change their keys under new names. */
  private static boolean isUnknown(SignedJWT jwt, JWKSet set) {
    String name = jwt.getHeader().getKeyID();
    return name != null && set.getKeyByKeyId(name) == null;
  }

  private Verdict verdict(SignedJWT jwt, JWKSet set, Instant now, long nowMs) {
    try {
      if (!isSigned(jwt, set)) {
        return new Invalid("signature");
      }
      return claims(jwt.getJWTClaimsSet(), now, nowMs);
    } catch (ParseException | JOSEException | GeneralSecurityException malformed) {
      return new Invalid("malformed");
    }
  }

  private static boolean isSigned(SignedJWT jwt, JWKSet set)
      throws JOSEException, GeneralSecurityException {
    JWSHeader header = jwt.getHeader();
    JWKMatcher matcher = JWKMatcher.forJWSHeader(header);
    if (matcher == null || header.getCriticalParams() != null) {
      return false;
    }
    List<JWK> candidates = new JWKSelector(matcher).select(set);
    if (candidates.isEmpty() && header.getKeyID() != null) {
      // A shared secret has no name, and its user may give it any.
      candidates = set.getKeys().stream().filter(key -> key.getKeyID() == null).toList();
    }
    for (JWK key : candidates.stream().limit(KEYS_TRIED_MAX).toList()) {
      if (!KeyUse.ENCRYPTION.equals(key.getKeyUse()) && isSignedBy(key, jwt)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isSignedBy(JWK key, SignedJWT jwt)
      throws JOSEException, GeneralSecurityException {
    JWSAlgorithm algorithm = jwt.getHeader().getAlgorithm();
    if (algorithm.equals(JWSAlgorithm.HS256)) {
      return key instanceof OctetSequenceKey secret && jwt.verify(new MACVerifier(secret));
    }
    if (algorithm.equals(JWSAlgorithm.RS256)) {
      return key instanceof RSAKey rsa && jwt.verify(new RSASSAVerifier(rsa));
    }
    if (algorithm.equals(JWSAlgorithm.ES256)) {
      return key instanceof ECKey ec
          && Curve.P_256.equals(ec.getCurve())
          && jwt.verify(new ECDSAVerifier(ec));
    }
    return key instanceof OctetKeyPair ed
        && Curve.Ed25519.equals(ed.getCurve())
        && isSignedBy(ed, jwt);
  }

  /** RFC 8037 §3.1, with the JDK's own Ed25519. */
  private static boolean isSignedBy(OctetKeyPair key, SignedJWT jwt)
      throws GeneralSecurityException {
    ByteArrayOutputStream info = new ByteArrayOutputStream();
    try {
      info.write(ED25519_PREFIX);
      info.write(key.getX().decode());
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    Signature verifier = Signature.getInstance("Ed25519");
    verifier.initVerify(
        KeyFactory.getInstance("Ed25519")
            .generatePublic(new X509EncodedKeySpec(info.toByteArray())));
    verifier.update(jwt.getSigningInput());
    return verifier.verify(jwt.getSignature().decode());
  }

  private Verdict claims(JWTClaimsSet claims, Instant now, long nowMs) throws ParseException {
    java.util.Date expires = claims.getExpirationTime();
    if (expires == null) {
      return new Invalid("exp is missing");
    }
    long left = expires.toInstant().getEpochSecond() - now.getEpochSecond();
    if (left + SKEW_SECONDS <= 0) {
      return new Expired();
    }
    java.util.Date notBefore = claims.getNotBeforeTime();
    if (notBefore != null
        && notBefore.toInstant().getEpochSecond() > now.getEpochSecond() + SKEW_SECONDS) {
      return new Invalid("nbf");
    }
    if (audience != null && !claims.getAudience().contains(audience)) {
      return new Invalid("aud");
    }
    if (issuer != null && !issuer.equals(claims.getIssuer())) {
      return new Invalid("iss");
    }
    String subject = claims.getSubject();
    if (subject != null && !subject.matches("[\\x21-\\x7e]{1,64}")) {
      return new Invalid("sub");
    }
    long expiresMs = nowMs + Math.min(left + SKEW_SECONDS, Integer.MAX_VALUE) * 1000;
    return new Valid(
        new Grant(subject, false, rooms(claims), can(claims), meta(claims), expiresMs));
  }

  private static Set<String> rooms(JWTClaimsSet claims) throws ParseException {
    Set<String> rooms = new HashSet<>();
    String room = claims.getStringClaim("room");
    if (room != null) {
      rooms.add(room);
    }
    List<String> more = claims.getStringListClaim("rooms");
    if (more != null) {
      more.stream().limit(ROOMS_MAX).forEach(rooms::add);
      if (more.isEmpty() && room == null) {
        // An empty list allows nothing; only no list at all allows everything.
        rooms.add("");
      }
    }
    return rooms;
  }

  private static Set<Grant.Can> can(JWTClaimsSet claims) throws ParseException {
    List<String> words = claims.getStringListClaim("can");
    if (words == null) {
      return Grant.MEMBER;
    }
    Set<Grant.Can> can = EnumSet.noneOf(Grant.Can.class);
    for (Grant.Can one : Grant.Can.values()) {
      if (words.contains(one.name().toLowerCase(Locale.ROOT))) {
        can.add(one);
      }
    }
    return can;
  }

  private static Map<String, @Nullable Object> meta(JWTClaimsSet claims) throws ParseException {
    Map<String, Object> claimed = claims.getJSONObjectClaim("meta");
    Map<String, @Nullable Object> meta = new LinkedHashMap<>();
    if (claimed != null && claimed.size() <= META_ENTRIES_MAX) {
      meta.putAll(claimed);
    }
    return meta;
  }
}
