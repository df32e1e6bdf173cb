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

/** Says who may see what. Used on one loop only. */
final class AdminGate {

  /** What a visitor is. */
  enum Visitor {
    /** On this machine when only this machine can reach us, or has the token. */
    TRUSTED,
    /** Showed no token. */
    STRANGER,
    /** Showed a wrong token. */
    WRONG,
    /** Showed wrong tokens too often; what is shown now is not looked at. */
    LOCKED
  }

  /** Browsers ask us before another site's script may send it, and we never agree. */
  static final String CHANGE_HEADER = "Puente-Request";

  private static final String SCHEME = "Bearer ";

  /** Names that no foreign page can have: its own name must not lead a browser to us. */
  private static final Pattern LOCAL_HOST =
      Pattern.compile("(?i)(localhost|[0-9.]{7,15}|\\[[0-9a-f:.]{2,45}\\])(:[0-9]{1,5})?");

  /** The token's digest, so that a comparison tells nothing of its length; null: not guarded. */
  private final byte @Nullable [] token;

  /** What changes need: the token wherever one is configured. */
  private final byte @Nullable [] tokenForChanges;

  private final GuessThrottle throttle = new GuessThrottle();

  /**
   * @param token null when none is configured
   * @param local whether only this machine can reach the server: all may look then
   */
  AdminGate(@Nullable String token, boolean local) {
    tokenForChanges = token == null ? null : digest(token);
    this.token = local ? null : tokenForChanges;
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
    if (token == null && !LOCAL_HOST.matcher(hosts.getFirst()).matches()) {
      return Answer.problem(421, "Use this server's IP address or localhost as its name.");
    }
    return null;
  }

  /**
   * Without a token, a page of another site must not change anything through the operator's
   * browser: a header that only scripts of our own may send proves that it does not.
   *
   * @return null if the change may go on
   */
  @Nullable Answer refuseChange(HttpServerRequest request) {
    String site = request.getHeader("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin") && !site.equals("none")) {
      return Answer.problem(403, "Other sites may change nothing here.");
    }
    if (tokenForChanges == null && !request.headers().contains(CHANGE_HEADER)) {
      return Answer.problem(403, "Changes need the header " + CHANGE_HEADER + ": 1.");
    }
    return null;
  }

  /**
   * @param change whether it wants to change something
   */
  Visitor judge(HttpServerRequest request, InetAddress source, boolean change, long nowMs) {
    byte[] wanted = change ? tokenForChanges : token;
    if (wanted == null) {
      return Visitor.TRUSTED;
    }
    List<String> shown = request.headers().getAll(HttpHeaders.AUTHORIZATION);
    if (shown.isEmpty()) {
      return Visitor.STRANGER;
    }
    if (throttle.isLocked(source, nowMs)) {
      return Visitor.LOCKED;
    }
    if (shown.size() == 1 && isToken(shown.getFirst(), wanted)) {
      throttle.right(source);
      return Visitor.TRUSTED;
    }
    return throttle.wrong(source, nowMs) ? Visitor.LOCKED : Visitor.WRONG;
  }

  private static boolean isToken(String credentials, byte[] token) {
    return credentials.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        && MessageDigest.isEqual(digest(credentials.substring(SCHEME.length())), token);
  }

  private static byte[] digest(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
