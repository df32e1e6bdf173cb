package puente.admin;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.admin.access.Caller;
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

  private static final String SCHEME = "Bearer ";

  /** Names that no foreign page can have: its own name must not lead a browser to us. */
  private static final Pattern LOCAL_HOST =
      Pattern.compile("(?i)(localhost|[0-9.]{7,15}|\\[[0-9a-f:.]{2,45}\\])(:[0-9]{1,5})?");

  private static final long WARN_EVERY_MS = 60_000;

  /** The token's digest, so that a comparison tells nothing of its length; null: there is none. */
  private final byte @Nullable [] token;

  /** Whether only this machine can reach the server. */
  private final boolean local;

  private final GuessThrottle throttle = new GuessThrottle();
  private long warnedAtMs = Long.MIN_VALUE;

  /**
   * @param token null when none is configured
   * @param local whether only this machine can reach the server: all may look then
   */
  AdminGate(@Nullable String token, boolean local) {
    this.token = token == null ? null : digest(token);
    this.local = local;
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
    if (local && !LOCAL_HOST.matcher(hosts.getFirst()).matches()) {
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
    if (caller.kind() == Caller.Kind.LOOPBACK && !request.headers().contains(CHANGE_HEADER)) {
      return Answer.problem(403, "Changes need the header " + CHANGE_HEADER + ": 1.");
    }
    return null;
  }

  /** Looks at what a visitor shows. */
  Visit visit(HttpServerRequest request, InetAddress source, long nowMs) {
    List<String> shown = request.headers().getAll(HttpHeaders.AUTHORIZATION);
    if (shown.isEmpty()) {
      return Visit.of(unnamed());
    }
    if (throttle.isLocked(source, nowMs)) {
      return Visit.refused(locked());
    }
    if (shown.size() == 1 && isToken(shown.getFirst())) {
      throttle.right(source);
      return Visit.of(Caller.WITH_ADMIN_TOKEN);
    }
    if (throttle.wrong(source, nowMs)) {
      warnOfGuessing(nowMs);
      return Visit.refused(locked());
    }
    return Visit.refused(needsToken());
  }

  /** Who is on this machine may look, and where there is no token also give orders. */
  private Caller unnamed() {
    if (!local) {
      return Caller.STRANGER;
    }
    return Caller.onLoopback(token == null ? Role.OPERATOR : Role.VIEWER);
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
    return Answer.problem(401, "Needs the admin-token: Authorization: Bearer <token>.")
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

  private boolean isToken(String credentials) {
    byte[] wanted = token;
    return wanted != null
        && credentials.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        && MessageDigest.isEqual(digest(credentials.substring(SCHEME.length())), wanted);
  }

  private static byte[] digest(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
