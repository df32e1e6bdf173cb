package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which tokens are believed (RFC 7519, RFC 8725). */
class TokensTest {
  private static final String SECRET = "0123456789abcdef0123456789abcdef";
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

  private final RSAKey rsa = new RSAKeyGenerator(2048).keyID("r").generate();
  private final ECKey ec = new ECKeyGenerator(Curve.P_256).keyID("e").generate();
  private final KeyPair ed = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
  private final OctetKeyPair edPublic = edKey();
  private final Tokens tokens =
      new Tokens(
          () -> {
            JWKSet published = new JWKSet(List.of(rsa.toPublicJWK(), ec.toPublicJWK(), edPublic));
            return Future.succeededFuture(Jwks.joined(published, Tokens.shared(List.of(SECRET))));
          },
          "puente",
          null);

  TokensTest() throws JOSEException, GeneralSecurityException {}

  private OctetKeyPair edKey() {
    byte[] info = ed.getPublic().getEncoded();
    byte[] x = java.util.Arrays.copyOfRange(info, info.length - 32, info.length);
    return new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(x)).keyID("d").build();
  }

  private Tokens.Verdict verdict(String token) {
    return tokens.verify(token, NOW, 1000).toCompletionStage().toCompletableFuture().join();
  }

  private static JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .subject("ana")
        .audience("puente")
        .expirationTime(Date.from(NOW.plusSeconds(600)));
  }

  private static String signed(
      JWSAlgorithm algorithm, String keyId, JWSSigner signer, JWTClaimsSet claims)
      throws JOSEException {
    SignedJWT jwt = new SignedJWT(new JWSHeader.Builder(algorithm).keyID(keyId).build(), claims);
    jwt.sign(signer);
    return jwt.serialize();
  }

  private static String shared(JWTClaimsSet claims) throws JOSEException {
    JWSHeader header = new JWSHeader(JWSAlgorithm.HS256);
    SignedJWT jwt = new SignedJWT(header, claims);
    jwt.sign(new MACSigner(SECRET));
    return jwt.serialize();
  }

  @Test
  void fourAlgorithmsAreBelieved() throws Exception {
    valid(shared(claims().build()));
    valid(signed(JWSAlgorithm.RS256, "r", new RSASSASigner(rsa), claims().build()));
    valid(signed(JWSAlgorithm.ES256, "e", new ECDSASigner(ec), claims().build()));
    valid(byEd25519(claims().build()));
  }

  private String byEd25519(JWTClaimsSet claims) throws GeneralSecurityException {
    String input =
        Base64URL.encode("{\"alg\":\"EdDSA\",\"kid\":\"d\"}")
            + "."
            + Base64URL.encode(claims.toString());
    Signature signer = Signature.getInstance("Ed25519");
    signer.initSign(ed.getPrivate());
    signer.update(input.getBytes(StandardCharsets.US_ASCII));
    return input + "." + Base64URL.encode(signer.sign());
  }

  private Grant valid(String token) {
    return assertInstanceOf(Tokens.Valid.class, verdict(token)).grant();
  }

  private void invalid(String token) {
    assertInstanceOf(Tokens.Invalid.class, verdict(token));
  }

  @Test
  void othersAreNot() throws Exception {
    String claims = Base64URL.encode(claims().build().toString()).toString();
    invalid(Base64URL.encode("{\"alg\":\"none\"}") + "." + claims + ".");
    invalid(Base64URL.encode("{\"alg\":\"NONE\"}") + "." + claims + ".");
    invalid(Base64URL.encode("{\"alg\":\"HS256\"}") + "." + claims + ".");
    invalid(signed(JWSAlgorithm.RS512, "r", new RSASSASigner(rsa), claims().build()));
    invalid(signed(JWSAlgorithm.PS256, "r", new RSASSASigner(rsa), claims().build()));
    RSAKey stranger = new RSAKeyGenerator(2048).keyID("r").generate();
    invalid(signed(JWSAlgorithm.RS256, "r", new RSASSASigner(stranger), claims().build()));
    invalid(signed(JWSAlgorithm.RS256, "../../etc", new RSASSASigner(rsa), claims().build()));
    for (String text : List.of("", "a", "a.b", "a.b.c", "....", shared(claims().build()) + "x")) {
      invalid(text);
    }
  }

  /** The public key as the secret of an HMAC: the confusion of algorithms. */
  @Test
  void keysServeTheirOwnKindOnly() throws Exception {
    byte[] publicKey = rsa.toRSAPublicKey().getEncoded();
    invalid(signed(JWSAlgorithm.HS256, "r", new MACSigner(publicKey), claims().build()));
  }

  @Test
  void claimsCount() throws Exception {
    assertInstanceOf(
        Tokens.Expired.class,
        verdict(shared(claims().expirationTime(Date.from(NOW.minusSeconds(60))).build())));
    invalid(shared(claims().expirationTime(null).build()));
    invalid(shared(claims().audience("others").build()));
    invalid(shared(claims().notBeforeTime(Date.from(NOW.plusSeconds(60))).build()));
    invalid(shared(claims().subject("a b").build()));
    invalid(shared(claims().claim("rooms", 7).build()));
    Grant grant =
        valid(
            shared(
                claims()
                    .claim("rooms", List.of("team-*"))
                    .claim("can", List.of("join", "fly"))
                    .build()));
    assertEquals("ana", grant.subject());
    assertEquals(Set.of(Grant.Can.JOIN), grant.can());
    assertEquals(true, grant.allows(Grant.Can.JOIN, "team-a"));
    assertEquals(false, grant.allows(Grant.Can.JOIN, "other"));
    assertEquals(false, grant.allows(Grant.Can.PUBLISH, "team-a"));
    Grant none = valid(shared(claims().claim("rooms", List.of()).build()));
    assertEquals(false, none.allows(Grant.Can.JOIN, "demo"));
    assertEquals(1000 + 630 * 1000, none.expiresMs());
  }
}
