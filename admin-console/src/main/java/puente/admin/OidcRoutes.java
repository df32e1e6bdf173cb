package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.net.InetAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.admin.AuditTrail.Change;
import puente.admin.access.Caller;
import puente.admin.access.ConsoleSessions;
import puente.admin.oidc.Attempt;
import puente.admin.oidc.OidcOptions;
import puente.admin.oidc.OidcProblem;
import puente.admin.oidc.OidcProvider;
import puente.admin.oidc.Person;

/**
 * Signing in by another server: there, and back. Both ways go by links, so that what goes wrong is a
 * word in the console's address, and the sentence is the console's. Used on one loop only.
 */
final class OidcRoutes {

  private static final Logger LOG = LoggerFactory.getLogger("puente.admin");

  private static final String HOME = "/";
  private static final String BACK = ApiTable.PREFIX + "auth/oidc/callback";

  /** They wait for the other server, up to 15 s each time. */
  private static final int WORKERS = 4;

  private static final int WAITING_MAX = 32;
  private static final int PARAMETER_MAX = 2048;
  private static final long WARN_EVERY_MS = 60_000;

  /** Of one source: each makes us ask the other server. */
  private static final int TRIES_MAX = 20;

  private final @Nullable OidcOptions options;
  private final @Nullable OidcProvider provider;
  private final AccessDesk desk;
  private final AuditTrail trail;
  private final WorkerExecutor workers;
  private final Attempt.Mint mint = new Attempt.Mint(new SecureRandom());
  private final GuessThrottle bySource = new GuessThrottle(TRIES_MAX);
  private final Map<String, Long> warnedAtMsByWord = new HashMap<>();
  private int waiting;

  /**
   * @param options null: there is no such server
   */
  OidcRoutes(@Nullable OidcOptions options, AccessDesk desk, AuditTrail trail, Vertx vertx) {
    this.options = options;
    provider = options == null ? null : new OidcProvider(options);
    this.desk = desk;
    this.trail = trail;
    workers = vertx.createSharedWorkerExecutor("puente-oidc", WORKERS);
  }

  void addTo(ApiTable table) {
    table.add(
        "auth/oidc", new ApiTable.Route(HttpMethod.GET, null, 0, call -> with(call, this::begin)));
    table.add(
        "auth/oidc/callback",
        new ApiTable.Route(HttpMethod.GET, null, 0, call -> with(call, this::finish)));
  }

  Future<Void> close() {
    return workers.close();
  }

  /** One half of a sign-in. */
  private interface Step {
    Future<Answer> take(Call call, OidcProvider other, ConsoleCookie cookie);
  }

  private Future<Answer> with(Call call, Step step) {
    OidcProvider other = provider;
    if (other == null) {
      return Future.succeededFuture(none());
    }
    ConsoleCookie cookie = ConsoleCookie.of(call.request());
    Optional<Answer> refusal = refuse(call, cookie);
    if (refusal.isPresent()) {
      return Future.succeededFuture(refusal.get());
    }
    return step.take(call, other, cookie);
  }

  // ---- there

  private Future<Answer> begin(Call call, OidcProvider other, ConsoleCookie cookie) {
    Attempt attempt = mint.begin(nowSeconds());
    URI redirect = redirect(call, cookie);
    return work(() -> other.authorization(attempt, redirect))
        .map(
            there ->
                to(there.toString())
                    .with("Set-Cookie", cookie.setAttempt(attempt.cookie(), Attempt.LIFE_SECONDS)))
        .recover(failure -> refused(call, failure));
  }

  private static Answer none() {
    return Answer.problem(404, "Single sign-on is not set up: see admin-oidc-issuer.");
  }

  /** Until it turns out right, so that no stranger lets us ask the other server for ever. */
  private Optional<Answer> refuse(Call call, ConsoleCookie cookie) {
    if (cookie == ConsoleCookie.NONE) {
      return Optional.of(home("insecure"));
    }
    long nowMs = System.nanoTime() / 1_000_000;
    if (bySource.isLocked(source(call), nowMs) || waiting >= WAITING_MAX) {
      warn("busy", "too many sign-ins at once, or of one source");
      return Optional.of(home("busy"));
    }
    bySource.wrong(source(call), nowMs);
    return Optional.empty();
  }

  // ---- and back

  private Future<Answer> finish(Call call, OidcProvider other, ConsoleCookie cookie) {
    Optional<Attempt> begun =
        cookie
            .readAttempt(call.request())
            .flatMap(shown -> mint.resume(shown, parameter(call, "state"), nowSeconds()));
    if (begun.isEmpty()) {
      warn("state", "an answer to what this browser did not ask, or too late");
      return Future.succeededFuture(home("state"));
    }
    String code = parameter(call, "code");
    if (code.isEmpty()) {
      // RFC 6749 §4.1.2.1; the word is the other server's, or of whoever made the link.
      warn("refused", "the other server says no");
      return Future.succeededFuture(ended(cookie, home("refused")));
    }
    String issuer = parameter(call, "iss");
    URI redirect = redirect(call, cookie);
    return work(() -> other.person(code, issuer, begun.get(), redirect))
        .map(person -> signIn(call, cookie, person))
        .recover(failure -> refused(call, failure).map(answer -> ended(cookie, answer)));
  }

  private static String parameter(Call call, String name) {
    return call.parameter(name).filter(text -> text.length() <= PARAMETER_MAX).orElse("");
  }

  /** Always a new session: what a browser brought along ends. */
  private Answer signIn(Call call, ConsoleCookie cookie, Person person) {
    bySource.right(source(call));
    cookie.read(call.request()).ifPresent(desk.sessions::close);
    Caller guest = new Caller(Caller.Kind.SINGLE_SIGN_ON, person.name(), person.role());
    ConsoleSessions.Opened opened = desk.sessions.open(guest, System.currentTimeMillis());
    trail.note(
        call,
        guest.who(),
        Change.done("login", person.subject(), "").from("", person.role().word()));
    return to(HOME).with("Set-Cookie", cookie.set(opened.cookie()));
  }

  private static Answer ended(ConsoleCookie cookie, Answer answer) {
    return answer.with("Set-Cookie", cookie.setAttempt("", 0));
  }

  private Future<Answer> refused(Call call, Throwable failure) {
    if (!(failure instanceof OidcProblem problem)) {
      return Future.failedFuture(failure);
    }
    String word = problem.kind().word();
    warn(word, String.valueOf(problem.getMessage()));
    switch (problem.kind()) {
      case TOKEN, ROLE, REFUSED ->
          trail.note(
              call, "nobody", Change.of("login", "", String.valueOf(problem.getMessage()), word));
      case UNAVAILABLE, STATE -> {
        // Nobody was named.
      }
    }
    return Future.succeededFuture(home(word));
  }

  private void warn(String word, String cause) {
    long nowMs = System.nanoTime() / 1_000_000;
    Long before = warnedAtMsByWord.get(word);
    if (before == null || nowMs - before >= WARN_EVERY_MS) {
      warnedAtMsByWord.put(word, nowMs);
      LOG.atWarn()
          .addKeyValue("event", "oidc-refused")
          .addKeyValue("why", word)
          .addKeyValue("cause", cause)
          .log("");
    }
  }

  // ---- parts

  private URI redirect(Call call, ConsoleCookie cookie) {
    OidcOptions known = options;
    URI configured = known == null ? null : known.redirect();
    if (configured != null) {
      return configured;
    }
    String scheme = cookie == ConsoleCookie.SECURE ? "https://" : "http://";
    return URI.create(scheme + call.request().getHeader(HttpHeaders.HOST) + BACK);
  }

  private static Answer home(String word) {
    return to(HOME + "?sign-in=" + word);
  }

  private static Answer to(String location) {
    return new Answer(303, "text/plain", "").with("Location", location);
  }

  private <T> Future<T> work(Callable<T> work) {
    waiting++;
    return workers.executeBlocking(work, false).onComplete(done -> waiting--);
  }

  private static InetAddress source(Call call) {
    return InetAddress.ofLiteral(call.request().remoteAddress().hostAddress());
  }

  private static long nowSeconds() {
    return System.currentTimeMillis() / 1000;
  }
}
