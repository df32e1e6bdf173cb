package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.admin.AdminServer.Identity;
import puente.admin.AuditTrail.Change;
import puente.admin.access.Account;
import puente.admin.access.Caller;
import puente.admin.access.ConsoleSessions;
import puente.admin.access.ConsoleSessions.Session;
import puente.admin.access.Role;
import puente.admin.oidc.OidcOptions;

/** Setting up, signing in and out. Used on one loop only. */
final class AuthRoutes {

  private static final Logger LOG = LoggerFactory.getLogger("puente.admin");

  static final int PASSWORD_LENGTH_MIN = 10;
  private static final int NAME_MAX = 64;
  private static final int PASSWORD_MAX = 256;
  private static final int TOKEN_MAX = 200;

  /** Of one account, from wherever; more than of one source, so that no stranger locks people out. */
  private static final int GUESSES_PER_ACCOUNT_MAX = 20;

  private static final long WARN_EVERY_MS = 60_000;

  private final AccessDesk desk;
  private final AdminGate gate;
  private final AuditTrail trail;
  private final Identity identity;
  private final @Nullable OidcOptions singleSignOn;
  private final GuessThrottle bySource = new GuessThrottle();
  private final GuessThrottle byAccount = new GuessThrottle(GUESSES_PER_ACCOUNT_MAX);
  private long warnedAtMs = Long.MIN_VALUE;

  AuthRoutes(AccessDesk desk, AdminGate gate, AuditTrail trail, AdminServer.Options options) {
    this.desk = desk;
    this.gate = gate;
    this.trail = trail;
    identity = options.identity();
    singleSignOn = options.singleSignOn();
  }

  void addTo(ApiTable table) {
    table.add("auth", new ApiTable.Route(HttpMethod.GET, null, 0, this::whoAmI));
    table.add("auth/setup", open(this::setUp));
    table.add("auth/login", open(this::logIn));
    table.post("auth/logout", Role.VIEWER, this::logOut);
    table.post("auth/logout-everywhere", Role.VIEWER, this::logOutEverywhere);
    table.post("auth/password", Role.VIEWER, this::changePassword);
  }

  private static ApiTable.Route open(ApiTable.Work work) {
    return new ApiTable.Route(HttpMethod.POST, null, ApiTable.BODY_MAX, work);
  }

  // ---- who

  private Future<Answer> whoAmI(Call call) {
    Caller caller = call.caller();
    Session session = gate.session(call.request(), System.currentTimeMillis()).orElse(null);
    if (caller.isPerson() && session != null) {
      String csrfToken = gate.csrfToken(call.request()).orElse("");
      return Future.succeededFuture(Answer.json(200, visitor(caller, session, csrfToken)));
    }
    JsonObject json = stranger();
    if (caller.kind() != Caller.Kind.STRANGER) {
      boolean loopback = caller.kind() == Caller.Kind.LOOPBACK;
      json.put("method", loopback ? "loopback" : "token").put("role", caller.role().word());
      json = loopback ? json : json.put("state", "signed-in").put("name", caller.name());
      known(json);
    }
    return Future.succeededFuture(Answer.json(200, json));
  }

  private JsonObject stranger() {
    JsonObject json =
        new JsonObject()
            .put("state", desk.accounts.isEmpty() ? "setup" : "signed-out")
            .put("passwordLengthMin", PASSWORD_LENGTH_MIN);
    OidcOptions elsewhere = singleSignOn;
    return elsewhere == null ? json : json.put("singleSignOn", elsewhere.issuer().getHost());
  }

  /** What strangers need not know. */
  private JsonObject known(JsonObject json) {
    return json.put("node", identity.node())
        .put("cluster", identity.cluster())
        .put("version", identity.version());
  }

  private JsonObject visitor(Caller caller, Session session, String csrfToken) {
    return known(
        stranger()
            .put("state", "signed-in")
            .put("method", caller.kind() == Caller.Kind.ACCOUNT ? "cookie" : "oidc")
            .put("name", caller.name())
            .put("role", caller.role().word())
            .put("csrfToken", csrfToken)
            .put("idleSeconds", ConsoleSessions.IDLE_MS / 1000)
            .put("expires", Instant.ofEpochMilli(session.endsMs()).toString()));
  }

  // ---- in

  private Future<Answer> setUp(Call call) {
    JsonObject words = call.words("token", "name", "password");
    String token = Call.neededText(words, "token", 1, TOKEN_MAX);
    String name = Call.neededText(words, "name", 1, NAME_MAX);
    String password = Call.neededText(words, "password", 0, PASSWORD_MAX);
    Optional<Answer> refusal = refuse(call, "");
    if (refusal.isPresent()) {
      return Future.succeededFuture(refusal.get());
    }
    if (!desk.accounts.isEmpty()) {
      return Future.succeededFuture(
          Answer.problem(409, "There are accounts already: sign in with one."));
    }
    if (!desk.setup.matches(token)) {
      return Future.succeededFuture(
          Answer.problem(
              401, "That is not the set-up token: see the file setup-token in state-dir."));
    }
    bySource.right(source(call));
    return desk.work(
            () -> {
              Account first = desk.accounts.addFirst(name, password);
              desk.setup.forget();
              return first;
            })
        .map(
            account -> {
              trail.note(
                  call,
                  "account:" + name,
                  Change.done("add-account", name, "").from("", account.role().word()));
              return signIn(call, account);
            });
  }

  private Future<Answer> logIn(Call call) {
    JsonObject words = call.words("name", "password");
    String name = Call.neededText(words, "name", 1, NAME_MAX);
    String password = Call.neededText(words, "password", 0, PASSWORD_MAX);
    Optional<Answer> refusal = refuse(call, name);
    if (refusal.isPresent()) {
      return Future.succeededFuture(refusal.get());
    }
    return desk.work(
            () -> {
              Optional<Account> account = desk.accounts.check(name, password);
              account.ifPresent(known -> desk.accounts.noteLogin(known.name()));
              return account;
            })
        .map(
            account -> {
              if (account.isEmpty()) {
                return Answer.problem(401, "The name or the password is wrong.");
              }
              bySource.right(source(call));
              byAccount.right(name);
              trail.note(call, "account:" + name, Change.done("login", "", ""));
              return signIn(call, account.get());
            });
  }

  /**
   * Every try counts as wrong until it turns out right, so that many at once are no way around the
   * bound.
   */
  private Optional<Answer> refuse(Call call, String account) {
    if (ConsoleCookie.of(call.request()) == ConsoleCookie.NONE) {
      return Optional.of(
          Answer.problem(
              403,
              "Over plain HTTP others would read the password: come by an SSH tunnel to localhost,"
                  + " or by an HTTPS proxy that sets X-Forwarded-Proto."));
    }
    long nowMs = System.nanoTime() / 1_000_000;
    boolean locked = bySource.isLocked(source(call), nowMs);
    boolean targeted = !account.isEmpty() && byAccount.isLocked(account, nowMs);
    if (locked || targeted) {
      warnOfGuessing(nowMs);
      return Optional.of(
          Answer.problem(429, "Too many wrong passwords; wait half a minute.")
              .with("Retry-After", Long.toString(GuessThrottle.LOCKOUT_MS / 1000)));
    }
    if (desk.isBusy()) {
      return Optional.of(AccessDesk.busy());
    }
    bySource.wrong(source(call), nowMs);
    if (!account.isEmpty()) {
      byAccount.wrong(account, nowMs);
    }
    return Optional.empty();
  }

  private void warnOfGuessing(long nowMs) {
    if (warnedAtMs == Long.MIN_VALUE || nowMs - warnedAtMs >= WARN_EVERY_MS) {
      warnedAtMs = nowMs;
      LOG.warn("event=login-guessing then=\"the source waits\"");
    }
  }

  private static InetAddress source(Call call) {
    return InetAddress.ofLiteral(call.request().remoteAddress().hostAddress());
  }

  /** Always a new session: what a browser brought along ends. */
  private Answer signIn(Call call, Account account) {
    ConsoleCookie cookie = ConsoleCookie.of(call.request());
    cookie.read(call.request()).ifPresent(desk.sessions::close);
    ConsoleSessions.Opened opened = desk.sessions.open(account.name(), System.currentTimeMillis());
    Caller caller = new Caller(Caller.Kind.ACCOUNT, account.name(), account.role());
    return Answer.json(200, visitor(caller, opened.session(), opened.csrfToken()))
        .with("Set-Cookie", cookie.set(opened.cookie()));
  }

  // ---- out

  private Future<Answer> logOut(Call call) {
    ConsoleCookie cookie = ConsoleCookie.of(call.request());
    cookie.read(call.request()).ifPresent(desk.sessions::close);
    trail.note(call, Change.done("logout", "", ""));
    return Future.succeededFuture(Answer.done().with("Set-Cookie", cookie.clear()));
  }

  private Future<Answer> logOutEverywhere(Call call) {
    Caller caller = call.caller();
    if (!caller.isPerson()) {
      return Future.succeededFuture(noAccount());
    }
    boolean own = caller.kind() == Caller.Kind.ACCOUNT;
    desk.sessions.closeAll(own ? caller.name() : caller.who(), System.currentTimeMillis());
    trail.note(call, Change.done("logout-everywhere", call.caller().name(), ""));
    ConsoleCookie cookie = ConsoleCookie.of(call.request());
    return Future.succeededFuture(Answer.done().with("Set-Cookie", cookie.clear()));
  }

  private Future<Answer> changePassword(Call call) {
    JsonObject words = call.words("password", "newPassword");
    String password = Call.neededText(words, "password", 0, PASSWORD_MAX);
    String next = Call.neededText(words, "newPassword", 0, PASSWORD_MAX);
    if (call.caller().kind() != Caller.Kind.ACCOUNT) {
      return Future.succeededFuture(noAccount());
    }
    String name = call.caller().name();
    Optional<Answer> refusal = refuse(call, name);
    if (refusal.isPresent()) {
      return Future.succeededFuture(refusal.get());
    }
    return desk.work(
            () ->
                desk.accounts
                    .check(name, password)
                    .map(right -> desk.accounts.change(name, null, next)))
        .map(
            changed -> {
              if (changed.isEmpty()) {
                return Answer.problem(403, "The present password is wrong.");
              }
              bySource.right(source(call));
              byAccount.right(name);
              desk.sessions.closeAll(name, System.currentTimeMillis());
              trail.note(call, Change.done("change-password", name, ""));
              return signIn(call, changed.get());
            });
  }

  private static Answer noAccount() {
    return Answer.problem(409, "Only who signed in with a name and a password has that.");
  }
}
