package puente.admin;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The cookie of a console session. Over HTTPS (our own, or a proxy's that says so with {@code
 * X-Forwarded-Proto: https}) it is {@code __Host-puente} and Secure. Over plain HTTP browsers take no
 * such cookie; then it is {@code puente}, and only if the browser names us by a loopback address:
 * nothing of it leaves the machine. Whoever lies about either weakens only the own session.
 */
enum ConsoleCookie {
  SECURE("__Host-puente", "; Secure"),
  LOOPBACK("puente", ""),
  /** Plain HTTP from elsewhere: there is no cookie that nobody else could read. */
  NONE("", "");

  private static final Pattern LOOPBACK_NAME =
      Pattern.compile("(?i)(localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\])(:[0-9]{1,5})?");

  private static final Pattern VALUE = Pattern.compile("[A-Za-z0-9_-]{20,100}");

  private final String name;
  private final String more;

  ConsoleCookie(String name, String more) {
    this.name = name;
    this.more = more;
  }

  static ConsoleCookie of(HttpServerRequest request) {
    if (request.isSSL() || "https".equalsIgnoreCase(request.getHeader("X-Forwarded-Proto"))) {
      return SECURE;
    }
    String host = request.getHeader(HttpHeaders.HOST);
    return host != null && LOOPBACK_NAME.matcher(host).matches() ? LOOPBACK : NONE;
  }

  /** The cookie of a sign-in that goes by another server, for whose answer it waits. */
  private static final String ATTEMPT = "-oidc";

  /** What the request shows; of two of one name, neither (RFC 6265 §5.4 leaves their order open). */
  Optional<String> read(HttpServerRequest request) {
    return read(request, name);
  }

  Optional<String> readAttempt(HttpServerRequest request) {
    return read(request, name + ATTEMPT);
  }

  private Optional<String> read(HttpServerRequest request, String wanted) {
    String value = null;
    for (String header : request.headers().getAll(HttpHeaders.COOKIE)) {
      for (String pair : header.split(";")) {
        String[] parts = pair.strip().split("=", 2);
        if (this != NONE && parts.length == 2 && parts[0].equals(wanted)) {
          if (value != null) {
            return Optional.empty();
          }
          value = parts[1];
        }
      }
    }
    return Optional.ofNullable(value).filter(text -> VALUE.matcher(text).matches());
  }

  /** The header that lets a browser keep it, until it is closed. */
  String set(String value) {
    return name + "=" + value + "; Path=/; HttpOnly; SameSite=Strict" + more;
  }

  /** Lax: the answer comes by a link of the other server's. */
  String setAttempt(String value, int seconds) {
    return name
        + ATTEMPT
        + "="
        + value
        + "; Path=/; HttpOnly; SameSite=Lax; Max-Age="
        + seconds
        + more;
  }

  /** The header that lets a browser forget it. */
  String clear() {
    return set("") + "; Max-Age=0";
  }
}
