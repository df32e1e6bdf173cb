package puente.admin.oidc;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWT;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.GeneralException;
import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientAuthenticationMethod;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.ClientSecretPost;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.io.IOException;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import puente.admin.oidc.OidcProblem.Kind;

/**
 * The other side of single sign-on, found by OpenID Connect Discovery 1.0: the authorization code flow
 * of OpenID Connect Core 1.0 §3.1 with PKCE. It blocks, so it belongs on a worker.
 */
public final class OidcProvider {

  private static final int CONNECT_MS = 5_000;
  private static final int READ_MS = 10_000;
  private static final int KEYS_BYTES_MAX = 256 * 1024;

  /** Providers move their endpoints seldom. */
  private static final long KNOWN_NANOS = 3_600_000_000_000L;

  /** None that a public key could be taken for the secret of, and not "none": RFC 8725 §3.1. */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  private record Known(OIDCProviderMetadata metadata, IDTokenValidator validator, long atNanos) {}

  private final OidcOptions options;
  private @Nullable Known known;

  public OidcProvider(OidcOptions options) {
    this.options = options;
  }

  /** Where a browser goes to sign in. OpenID Connect Core 1.0 §3.1.2.1. */
  public URI authorization(Attempt attempt, URI redirect) throws OidcProblem {
    return new AuthenticationRequest.Builder(
            ResponseType.CODE,
            new Scope(options.scopes().toArray(String[]::new)),
            new ClientID(options.clientId()),
            redirect)
        .endpointURI(known().metadata.getAuthorizationEndpointURI())
        .state(new State(attempt.state()))
        .nonce(new Nonce(attempt.nonce()))
        .codeChallenge(new CodeVerifier(attempt.verifier()), CodeChallengeMethod.S256)
        .build()
        .toURI();
  }

  /**
   * Fetches the token for a code, and says whose it is.
   *
   * @param issuer as the answer names it, against mix-ups (RFC 9207 §2.4); empty if it does not
   */
  public Person person(String code, String issuer, Attempt attempt, URI redirect)
      throws OidcProblem {
    Known provider = known();
    boolean named = !issuer.isEmpty();
    if (named ? !issuer.equals(options.issuer().toString()) : mustNameItself(provider)) {
      throw new OidcProblem(Kind.TOKEN, "the answer is of another issuer");
    }
    OIDCTokenResponse tokens = tokens(code, attempt, redirect, provider.metadata);
    JWT idToken = tokens.getOIDCTokens().getIDToken();
    if (idToken == null) {
      throw new OidcProblem(Kind.TOKEN, "the answer has no ID token");
    }
    IDTokenClaimsSet claims;
    try {
      claims = provider.validator.validate(idToken, new Nonce(attempt.nonce()));
    } catch (BadJOSEException | JOSEException wrong) {
      throw new OidcProblem(Kind.TOKEN, String.valueOf(wrong.getMessage()), wrong);
    }
    Person.Reader reader = new Person.Reader(options);
    String subject = claims.getSubject().getValue();
    Map<String, Object> said = claims.toJSONObject();
    if (!reader.saysRole(said)) {
      said = userInfo(provider.metadata, tokens, subject);
    }
    return reader.person(subject, claims.toJSONObject(), said);
  }

  private static boolean mustNameItself(Known provider) {
    return provider.metadata.supportsAuthorizationResponseIssuerParam();
  }

  /** OpenID Connect Core 1.0 §3.1.3. */
  private OIDCTokenResponse tokens(
      String code, Attempt attempt, URI redirect, OIDCProviderMetadata metadata)
      throws OidcProblem {
    AuthorizationCodeGrant grant =
        new AuthorizationCodeGrant(
            new AuthorizationCode(code), redirect, new CodeVerifier(attempt.verifier()));
    ClientID client = new ClientID(options.clientId());
    String secret = options.clientSecret();
    URI endpoint = metadata.getTokenEndpointURI();
    TokenRequest request =
        (secret == null
                ? new TokenRequest.Builder(endpoint, client, grant)
                : new TokenRequest.Builder(
                    endpoint, authentication(client, new Secret(secret), metadata), grant))
            .build();
    try {
      TokenResponse response = OIDCTokenResponseParser.parse(sent(request.toHTTPRequest()));
      if (response instanceof OIDCTokenResponse tokens) {
        return tokens;
      }
      throw new OidcProblem(
          Kind.REFUSED,
          "the code is not taken: " + response.toErrorResponse().getErrorObject().getCode());
    } catch (ParseException wrong) {
      throw new OidcProblem(Kind.UNAVAILABLE, "no token: " + wrong.getMessage(), wrong);
    }
  }

  /** As the provider takes it; without a word of it, OpenID Connect Discovery 1.0 §3: basic. */
  private static ClientAuthentication authentication(
      ClientID client, Secret secret, OIDCProviderMetadata metadata) {
    List<ClientAuthenticationMethod> methods = metadata.getTokenEndpointAuthMethods();
    boolean byPost =
        methods != null
            && !methods.contains(ClientAuthenticationMethod.CLIENT_SECRET_BASIC)
            && methods.contains(ClientAuthenticationMethod.CLIENT_SECRET_POST);
    return byPost ? new ClientSecretPost(client, secret) : new ClientSecretBasic(client, secret);
  }

  /** OpenID Connect Core 1.0 §5.3.2: of the same subject, else it is not used. */
  private static Map<String, Object> userInfo(
      OIDCProviderMetadata metadata, OIDCTokenResponse tokens, String subject) throws OidcProblem {
    URI endpoint = metadata.getUserInfoEndpointURI();
    if (endpoint == null || !OidcOptions.isSafe(endpoint)) {
      return Map.of();
    }
    try {
      UserInfoResponse response =
          UserInfoResponse.parse(
              sent(
                  new UserInfoRequest(endpoint, tokens.getOIDCTokens().getAccessToken())
                      .toHTTPRequest()));
      if (!response.indicatesSuccess() || response.toSuccessResponse().getUserInfo() == null) {
        return Map.of();
      }
      Map<String, Object> info = response.toSuccessResponse().getUserInfo().toJSONObject();
      if (!subject.equals(info.get("sub"))) {
        throw new OidcProblem(Kind.TOKEN, "the user info is of somebody else");
      }
      return info;
    } catch (ParseException wrong) {
      throw new OidcProblem(Kind.UNAVAILABLE, "no user info: " + wrong.getMessage(), wrong);
    }
  }

  private static HTTPResponse sent(HTTPRequest request) throws OidcProblem {
    request.setConnectTimeout(CONNECT_MS);
    request.setReadTimeout(READ_MS);
    request.setFollowRedirects(false);
    try {
      return request.send();
    } catch (IOException away) {
      throw new OidcProblem(Kind.UNAVAILABLE, String.valueOf(away.getMessage()), away);
    }
  }

  // ---- what the provider says of itself

  private synchronized Known known() throws OidcProblem {
    Known had = known;
    if (had != null && System.nanoTime() - had.atNanos < KNOWN_NANOS) {
      return had;
    }
    try {
      known = discovered();
      return known;
    } catch (IOException | GeneralException | RuntimeException away) {
      if (had != null) {
        return had;
      }
      throw new OidcProblem(Kind.UNAVAILABLE, "discovery: " + away.getMessage(), away);
    }
  }

  private Known discovered() throws IOException, GeneralException {
    Issuer issuer = new Issuer(options.issuer());
    OIDCProviderMetadata metadata = OIDCProviderMetadata.resolve(issuer, CONNECT_MS, READ_MS);
    URI[] needed = {
      metadata.getAuthorizationEndpointURI(),
      metadata.getTokenEndpointURI(),
      metadata.getJWKSetURI()
    };
    for (URI endpoint : needed) {
      if (endpoint == null || !OidcOptions.isSafe(endpoint)) {
        throw new GeneralException("an endpoint is missing, or not https");
      }
    }
    Set<JWSAlgorithm> algorithms = new HashSet<>(ALGORITHMS);
    List<JWSAlgorithm> offered = metadata.getIDTokenJWSAlgs();
    if (offered != null) {
      algorithms.retainAll(offered);
    }
    if (algorithms.isEmpty()) {
      throw new GeneralException("it signs by no algorithm that is known here");
    }
    JWKSource<SecurityContext> keys =
        JWKSourceBuilder.create(
                metadata.getJWKSetURI().toURL(),
                new DefaultResourceRetriever(CONNECT_MS, READ_MS, KEYS_BYTES_MAX))
            .refreshAheadCache(false)
            .build();
    IDTokenValidator validator =
        new IDTokenValidator(
            issuer,
            new ClientID(options.clientId()),
            new JWSVerificationKeySelector<>(algorithms, keys),
            null);
    return new Known(metadata, validator, System.nanoTime());
  }
}
