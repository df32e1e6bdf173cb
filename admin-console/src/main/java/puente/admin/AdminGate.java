package puente.admin;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.admin.access.Accounts;
import puente.admin.access.ApiTokens;
import puente.admin.access.Caller;
import puente.admin.access.ConsoleSessions;
import puente.admin.access.ConsoleSessions.Session;
import puente.admin.access.Role;

/** Says who may see what. Used on one loop only. */
final class AdminGate {

  private static final Logger LOG = LoggerFactory.getLogger("puente.admin");

  /**
   * Who came.
   *
   * @param refusal null unless something wrong was shown
   */
  record Visit(Caller caller, @Nullable Answer refusal) {
    static Visit of(Caller caller) {
      return new Visit(caller, null);
    }

    static Visit refused(Answer refusal) {
      return new Visit(Caller.STRANGER, refusal);
    }
  }

  /** Browsers ask us before another site's script may send it, and we never agree. */
  static final String CHANGE_HEADER = "Puente-Request";

  /** With the cookie of a console session. */
  static final String CSRF_HEADER = "Puente-CSRF";

  private static final String SCHEME = "Bearer ";

  /** Names that no foreign page can have: its own name must not lead a browser to us. */
  private static final Pattern LOCAL_HOST =
      Pattern.compile("(?i)(localhost|[0-9.]{7,15}|\\[[0-9a-f:.]{2,45}\\])(:[0-9]{1,5})?");

  private static final long WARN_EVERY_MS = 60_000;

  /** The token's digest, so that a comparison tells nothing of its length; null: there is none. */
  private final byte @Nullable [] token;

  /** Whether only this machine can reach the server. */
  private final boolean local;

  private final boolean hasSingleSignOn;
  private final Accounts accounts;
  private final ApiTokens tokens;
  private final ConsoleSessions sessions;
  private final GuessThrottle throttle = new GuessThrottle();
  private long warnedAtMs = Long.MIN_VALUE;

  /**
   * @param token null when none is configured
   * @param local whether only this machine can reach the server: all may look then
   * @param hasSingleSignOn whether people can sign in without an account here
   */
  AdminGate(@Nullable String token, boolean local, boolean hasSingleSignOn, AccessDesk desk) {
    this.token = token == null ? null : digest(token);
    this.local = local;
    this.hasSingleSignOn = hasSingleSignOn;
    accounts = desk.accounts;
    tokens = desk.tokens;
    sessions = desk.sessions;
  }

  /**
   * Whether nobody but this machine can ask, and by no foreign name: then health and metrics are
   * open as well.
   */
  boolean isLocal(HttpServerRequest request) {
    return local && isLocalName(request);
  }

  private static boolean isLocalName(HttpServerRequest request) {
    String host = request.getHeader(HttpHeaders.HOST);
    return host == null || LOCAL_HOST.matcher(host).matches();
  }

  /**
   * RFC 9112 §3.2; and when nothing else guards us, no page of another site may come through the
   * operator's browser by letting its name point to this machine (DNS rebinding).
   *
   * @return null if the request may go on
   */
  @Nullable Answer refuseHost(HttpServerRequest request) {
    List<String> hosts = request.headers().getAll(HttpHeaders.HOST);
    if (hosts.isEmpty() && request.version() == HttpVersion.HTTP_1_0) {
      return null;
    }
    if (hosts.size() != 1) {
      return Answer.problem(400, "A request has one Host header.");
    }
    if (local && !isPeopled() && !isLocalName(request)) {
      return Answer.problem(421, "Use this server's IP address or localhost as its name.");
    }
    return null;
  }

  /**
   * A page of another site must not change anything through the operator's browser: what only
   * scripts of our own may send proves that it does not.
   *
   * @return null if the change may go on
   */
  @Nullable Answer refuseChange(HttpServerRequest request, Caller caller) {
    String site = request.getHeader("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin") && !site.equals("none")) {
      return Answer.problem(403, "Other sites may change nothing here.");
    }
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    if (origin != null && !isOurs(origin, request)) {
      return Answer.problem(403, "Other origins may change nothing here.");
    }
    return switch (caller.kind()) {
      case LOOPBACK ->
          request.headers().contains(CHANGE_HEADER)
              ? null
              : Answer.problem(403, "Changes need the header " + CHANGE_HEADER + ": 1.");
      case ACCOUNT, SINGLE_SIGN_ON -> refuseWithoutCsrf(request, origin != null || site != null);
      case ADMIN_TOKEN, API_TOKEN, STRANGER -> null;
    };
  }

  private @Nullable Answer refuseWithoutCsrf(HttpServerRequest request, boolean saysFromWhere) {
    String shown = request.getHeader(CSRF_HEADER);
    String wanted = csrfToken(request).orElse(null);
    if (saysFromWhere
        && shown != null
        && wanted != null
        && MessageDigest.isEqual(digest(shown), digest(wanted))) {
      return null;
    }
    return Answer.problem(
        403, "Changes need an Origin and the header " + CSRF_HEADER + " of GET /api/v1/auth.");
  }

  /** RFC 6454 §7: the name and port that the request itself came to. */
  private static boolean isOurs(String origin, HttpServerRequest request) {
    String host = request.getHeader(HttpHeaders.HOST);
    return host != null
        && (origin.equalsIgnoreCase("http://" + host)
            || origin.equalsIgnoreCase("https://" + host));
  }

  /** What a change by this visitor must show. */
  Optional<String> csrfToken(HttpServerRequest request) {
    return ConsoleCookie.of(request)
        .read(request)
        .filter(cookie -> sessions.use(cookie, System.currentTimeMillis()).isPresent())
        .map(ConsoleSessions::csrfTokenOf);
  }

  /** The console session that the request's cookie is of. */
  Optional<Session> session(HttpServerRequest request, long nowMs) {
    return ConsoleCookie.of(request).read(request).flatMap(cookie -> sessions.use(cookie, nowMs));
  }

  /** Looks at what a visitor shows. */
  Visit visit(HttpServerRequest request, InetAddress source, long nowMs) {
    List<String> shown = request.headers().getAll(HttpHeaders.AUTHORIZATION);
    if (shown.isEmpty()) {
      return Visit.of(account(request).orElseGet(this::unnamed));
    }
    if (throttle.isLocked(source, nowMs)) {
      return Visit.refused(locked());
    }
    Caller bearer = shown.size() == 1 ? bearer(shown.getFirst()) : null;
    if (bearer != null) {
      throttle.right(source);
      return Visit.of(bearer);
    }
    if (throttle.wrong(source, nowMs)) {
      warnOfGuessing(nowMs);
      return Visit.refused(locked());
    }
    return Visit.refused(needsToken());
  }

  /** Whether who began to read a stream may still read it; it does not keep a session alive. */
  boolean isStillIn(Call call, Role needed) {
    Caller caller = call.caller();
    return switch (caller.kind()) {
      case ADMIN_TOKEN -> true;
      case API_TOKEN -> bearer(bearerHeader(call.request())) != null;
      case ACCOUNT ->
          hasOpenSession(call)
              && accounts
                  .find(caller.name())
                  .filter(account -> account.role().covers(needed))
                  .isPresent();
      case SINGLE_SIGN_ON -> hasOpenSession(call);
      case LOOPBACK -> !isPeopled();
      case STRANGER -> false;
    };
  }

  private boolean hasOpenSession(Call call) {
    return ConsoleCookie.of(call.request())
        .read(call.request())
        .filter(cookie -> sessions.isOpen(cookie, System.currentTimeMillis()))
        .isPresent();
  }

  private static String bearerHeader(HttpServerRequest request) {
    return String.valueOf(request.getHeader(HttpHeaders.AUTHORIZATION));
  }

  private Optional<Caller> account(HttpServerRequest request) {
    return session(request, System.currentTimeMillis())
        .flatMap(session -> session.guest().or(() -> account(session.account())));
  }

  private Optional<Caller> account(String name) {
    return accounts
        .find(name)
        .map(account -> new Caller(Caller.Kind.ACCOUNT, account.name(), account.role()));
  }

  /**
   * As long as nobody has an account, who is on this machine may look, and where there is no token
   * also give orders; but not say who else may.
   */
  private Caller unnamed() {
    if (!local || isPeopled()) {
      return Caller.STRANGER;
    }
    return Caller.onLoopback(token == null ? Role.OPERATOR : Role.VIEWER);
  }

  /** Whether there is anybody who can sign in. */
  private boolean isPeopled() {
    return hasSingleSignOn || !accounts.isEmpty();
  }

  /** Says which role is missing; whoever could show more is asked for it. */
  Answer refuseRole(Caller caller, Role needed) {
    if (caller.kind() == Caller.Kind.LOOPBACK) {
      return needsToken();
    }
    return Answer.problem(
        403, "Needs the role " + needed.word() + "; yours is " + caller.role().word() + ".");
  }

  /** What a stranger hears. */
  static Answer needsToken() {
    return Answer.problem(401, "Sign in at /, or show a token: Authorization: Bearer <token>.")
        .with("WWW-Authenticate", "Bearer realm=\"puente\"");
  }

  private static Answer locked() {
    return Answer.problem(429, "Too many wrong tokens.")
        .with("Retry-After", Long.toString(GuessThrottle.LOCKOUT_MS / 1000));
  }

  private void warnOfGuessing(long nowMs) {
    if (warnedAtMs == Long.MIN_VALUE || nowMs - warnedAtMs >= WARN_EVERY_MS) {
      warnedAtMs = nowMs;
      LOG.warn("event=token-guessing setting=admin-token then=\"the source waits\"");
    }
  }

  private @Nullable Caller bearer(String credentials) {
    if (!credentials.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return null;
    }
    String shown = credentials.substring(SCHEME.length());
    byte[] wanted = token;
    if (wanted != null && MessageDigest.isEqual(digest(shown), wanted)) {
      return Caller.WITH_ADMIN_TOKEN;
    }
    return tokens
        .use(shown)
        .map(known -> new Caller(Caller.Kind.API_TOKEN, known.name(), known.role()))
        .orElse(null);
  }

  private static byte[] digest(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
