package puente.signal;

import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import puente.signal.GatewayServer.Access;
import puente.signal.GatewayServer.Handling;
import puente.signal.GatewayServer.Route;

/**
 * Gives out ephemeral TURN credentials: our own way, and by the draft "A REST API For Access To
 * TURN Services" and the Matrix specification. {@link HostedShapes} speaks as hosted services do.
 */
public final class CredentialRoutes {
  private static final Set<String> TRANSPORTS = Set.of("udp", "tcp", "tls");

  private final IceServers iceServers;
  private final CredentialGate gate;
  private final Supplier<@Nullable Tokens> tokens;
  private final HostedShapes hosted;

  /**
   * @param keys asked for each request, as they may change
   */
  public CredentialRoutes(
      IceServers iceServers,
      Supplier<Keys> keys,
      Supplier<@Nullable Tokens> tokens,
      Revocations revocations) {
    this.iceServers = iceServers;
    this.tokens = tokens;
    gate = new CredentialGate(keys);
    hosted = new HostedShapes(iceServers, gate, revocations);
  }

  public List<Route> routes() {
    Set<HttpMethod> both = Set.of(HttpMethod.GET, HttpMethod.POST);
    Set<HttpMethod> post = Set.of(HttpMethod.POST);
    Set<HttpMethod> get = Set.of(HttpMethod.GET);
    return List.of(
        new Route(both, "/api/v1/ice-servers", false, Access.ORIGINS, this::own),
        new Route(both, "/turn", false, Access.ORIGINS, now(this::rest)),
        new Route(
            get, "/_matrix/client/v3/voip/turnServer", false, Access.ORIGINS, now(this::matrix)),
        new Route(post, HostedShapes.KEYS, true, Access.ORIGINS, now(hosted::cloudflare)),
        new Route(post, HostedShapes.ACCOUNTS, true, Access.ORIGINS, now(hosted::twilio)),
        new Route(get, "/api/v1/turn/credentials", false, Access.ORIGINS, now(hosted::metered)),
        new Route(post, "/api/v1/turn/credential", false, Access.ORIGINS, now(hosted::meteredNew)));
  }

  /** Answers at once. */
  private interface Now {
    Reply answer(Request request);
  }

  private static Handling now(Now answer) {
    return request -> Future.succeededFuture(answer.answer(request));
  }

  private Future<Reply> own(Request request) {
    String bearer = CredentialGate.bearer(request);
    Tokens verifier = tokens.get();
    if (bearer == null || verifier == null || gate.isKey(bearer)) {
      return Future.succeededFuture(
          own(request, gate.judge(bearer, request.query("key"), request)));
    }
    return verifier
        .verify(bearer, Instant.now(), request.nowMs())
        .map(
            verdict ->
                own(
                    request,
                    gate.judge(verdict instanceof Tokens.Valid valid ? valid : null, request)));
  }

  /** A: the answer names what was made and when to ask again. */
  private Reply own(Request request, CredentialGate.Judgement judgement) {
    return CredentialGate.answer(judgement, known -> own(request, known));
  }

  private Reply own(Request request, CredentialGate.Known caller) {
    Map<String, @Nullable Object> wish;
    try {
      wish = request.body().isBlank() ? Map.of() : Json.object(request.body());
    } catch (Json.Malformed malformed) {
      return Reply.problem(400, "The body is " + malformed.why() + ".");
    }
    Object ttl = wish.getOrDefault("ttl", iceServers.defaultTtl());
    if (!(ttl instanceof Long seconds) || seconds < 1 || seconds > iceServers.maxTtl()) {
      return Reply.problem(400, "ttl is seconds, 1 to " + iceServers.maxTtl() + ".");
    }
    Object user = wish.getOrDefault("user", caller.name());
    if (!(user instanceof String name) || name.isEmpty() || !IceServers.userOf(name).equals(name)) {
      return Reply.problem(
          400, "user is a name of at most " + IceServers.USER_LENGTH_MAX + " characters.");
    }
    Set<String> transports = transports(wish.get("transports"));
    if (transports == null) {
      return Reply.problem(400, "transports is a list of udp, tcp and tls.");
    }
    String whose = caller.mayName() ? name : caller.name();
    IceServers.Grant grant =
        iceServers.grant(whose, seconds, transports, request.family(), Instant.now());
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("iceServers", grant.iceServers());
    body.put("ttl", grant.ttlSeconds());
    body.put("expiresAt", grant.expires().toString());
    body.put("refreshAfter", grant.refreshAfter());
    return Reply.json(request.method().equals(HttpMethod.POST) ? 201 : 200, body);
  }

  /** Null if it is no such list; empty is all. */
  private static @Nullable Set<String> transports(@Nullable Object wish) {
    if (wish == null) {
      return Set.of();
    }
    if (!(wish instanceof List<?> list)) {
      return null;
    }
    Set<String> transports = new HashSet<>();
    for (Object one : list) {
      if (!(one instanceof String name) || !TRANSPORTS.contains(name)) {
        return null;
      }
      transports.add(name);
    }
    return transports;
  }

  /** B: draft-uberti-behave-turn-rest-00 §2. */
  private Reply rest(Request request) {
    if (!"turn".equals(parameter(request, "service"))) {
      return Reply.problem(400, "service=turn is the only service.");
    }
    String key = parameter(request, "key");
    return switch (gate.judge(key, key, request)) {
      case CredentialGate.Unknown unknown -> Reply.problem(401, "The key is not known.");
      case CredentialGate.TooFast tooFast ->
          Reply.problem(429, "Too many requests.").with("Retry-After", tooFast.seconds());
      case CredentialGate.Known known -> {
        String wish = parameter(request, "username");
        String user = wish == null || !known.mayName() ? known.name() : IceServers.userOf(wish);
        yield Reply.json(200, uris(iceServers.grant(user, request.family(), Instant.now())));
      }
    };
  }

  private static @Nullable String parameter(Request request, String name) {
    String query = request.query(name);
    return query == null ? request.form(name) : query;
  }

  /** C: the Matrix client-server API, GET /voip/turnServer. */
  private Reply matrix(Request request) {
    String bearer = CredentialGate.bearer(request);
    String token = bearer == null ? request.query("access_token") : bearer;
    if (token == null) {
      return matrix(401, "M_MISSING_TOKEN", "Missing access token");
    }
    return switch (gate.judge(token, null, request)) {
      case CredentialGate.Unknown unknown ->
          matrix(401, "M_UNKNOWN_TOKEN", "Unrecognised access token");
      case CredentialGate.TooFast tooFast -> {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("errcode", "M_LIMIT_EXCEEDED");
        body.put("error", "Too many requests");
        body.put("retry_after_ms", tooFast.waitMs());
        yield Reply.json(429, body).with("Retry-After", tooFast.seconds());
      }
      case CredentialGate.Known known ->
          Reply.json(200, uris(iceServers.grant(known.name(), request.family(), Instant.now())));
    };
  }

  private static Reply matrix(int status, String code, String error) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("errcode", code);
    body.put("error", error);
    return Reply.json(status, body);
  }

  private static Map<String, Object> uris(IceServers.Grant grant) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("username", grant.username());
    body.put("password", grant.credential());
    body.put("ttl", grant.ttlSeconds());
    body.put("uris", grant.turn());
    return body;
  }

  /** What Basic authentication (RFC 7617) carries; null if it is something else. */
  static String @Nullable [] basic(Request request) {
    String header = request.header("Authorization");
    if (header == null || !header.regionMatches(true, 0, "Basic ", 0, 6)) {
      return null;
    }
    try {
      String pair =
          new String(
              Base64.getDecoder().decode(header.substring(6).strip()), StandardCharsets.UTF_8);
      int colon = pair.indexOf(':');
      return colon < 0 ? null : new String[] {pair.substring(0, colon), pair.substring(colon + 1)};
    } catch (IllegalArgumentException undecodable) {
      return null;
    }
  }
}
