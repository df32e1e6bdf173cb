package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import puente.admin.AuditTrail.Change;
import puente.admin.access.Account;
import puente.admin.access.ApiTokens.ApiToken;
import puente.admin.access.Role;

/** Accounts of people and tokens of machines. Used on one loop only. */
final class AccountRoutes {

  private static final String ROLES = "role: viewer, operator or admin.";
  private static final int NAME_MAX = 64;
  private static final int PASSWORD_MAX = 256;
  private static final int TOKEN_DAYS_MAX = 3650;

  private final AccessDesk desk;
  private final AuditTrail trail;

  AccountRoutes(AccessDesk desk, AuditTrail trail) {
    this.desk = desk;
    this.trail = trail;
  }

  void addTo(ApiTable table) {
    table.get("accounts", Role.ADMIN, this::accounts);
    table.post("accounts", Role.ADMIN, this::add);
    table.put("accounts/{account}", Role.ADMIN, this::change);
    table.delete("accounts/{account}", Role.ADMIN, this::remove);
    table.post("accounts/{account}/logout", Role.ADMIN, this::logOut);
    table.get("tokens", Role.ADMIN, this::tokens);
    table.post("tokens", Role.ADMIN, this::addToken);
    table.delete("tokens/{token}", Role.ADMIN, this::revokeToken);
  }

  // ---- accounts

  private Future<Answer> accounts(Call call) {
    call.allowParameters();
    JsonArray list = new JsonArray();
    desk.accounts.all().forEach(account -> list.add(json(account)));
    return Future.succeededFuture(Answer.json(200, new JsonObject().put("accounts", list)));
  }

  private Future<Answer> add(Call call) {
    JsonObject words = call.words("name", "password", "role", "reason");
    String name = Call.neededText(words, "name", 1, NAME_MAX);
    String password = Call.neededText(words, "password", 0, PASSWORD_MAX);
    Role role = role(words).orElseThrow(() -> new IllegalArgumentException(ROLES));
    String reason = Call.reason(words);
    return work(
        () -> {
          Account account = desk.accounts.add(name, password, role);
          desk.setup.forget();
          return account;
        },
        account -> {
          trail.note(call, Change.done("add-account", name, reason).from("", role.word()));
          return Answer.json(201, json(account));
        });
  }

  private Future<Answer> change(Call call) {
    String name = call.name("account");
    JsonObject words = call.words("password", "role", "reason");
    String password = Call.text(words, "password", 0, PASSWORD_MAX).orElse(null);
    Role role = role(words).orElse(null);
    String reason = Call.reason(words);
    if (password == null && role == null) {
      throw new IllegalArgumentException("The body needs password, role, or both.");
    }
    String before = desk.accounts.find(name).map(account -> account.role().word()).orElse("");
    return work(
        () -> desk.accounts.change(name, role, password),
        account -> {
          desk.sessions.closeAll(name, System.currentTimeMillis());
          String after = account.role().word() + (password == null ? "" : ", new password");
          trail.note(call, Change.done("change-account", name, reason).from(before, after));
          return Answer.json(200, json(account));
        });
  }

  private Future<Answer> remove(Call call) {
    String name = call.name("account");
    String before = desk.accounts.find(name).map(account -> account.role().word()).orElse("");
    return work(
        () -> {
          desk.accounts.remove(name);
          return name;
        },
        removed -> {
          desk.sessions.closeAll(name, System.currentTimeMillis());
          trail.note(call, Change.done("remove-account", name, "").from(before, ""));
          return Answer.done();
        });
  }

  private Future<Answer> logOut(Call call) {
    String name = call.name("account");
    if (desk.accounts.find(name).isEmpty()) {
      return Future.succeededFuture(Answer.problem(404, "There is no account of that name."));
    }
    desk.sessions.closeAll(name, System.currentTimeMillis());
    trail.note(call, Change.done("logout-account", name, ""));
    return Future.succeededFuture(Answer.done());
  }

  private JsonObject json(Account account) {
    JsonObject json =
        new JsonObject()
            .put("name", account.name())
            .put("role", account.role().word())
            .put("created", account.created().toString())
            .put("passwordChanged", account.passwordChanged().toString())
            .put("sessions", desk.sessions.count(account.name()));
    return put(json, "lastLogin", account.lastLogin());
  }

  // ---- tokens

  private Future<Answer> tokens(Call call) {
    call.allowParameters();
    JsonArray list = new JsonArray();
    desk.tokens.all().forEach(token -> list.add(json(token)));
    return Future.succeededFuture(Answer.json(200, new JsonObject().put("tokens", list)));
  }

  private Future<Answer> addToken(Call call) {
    JsonObject words = call.words("name", "role", "expiresDays", "reason");
    String name = Call.neededText(words, "name", 1, NAME_MAX);
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._@-]*")) {
      throw new IllegalArgumentException("name: letters, digits and . _ @ - only.");
    }
    Role role = role(words).orElseThrow(() -> new IllegalArgumentException(ROLES));
    Duration life =
        Call.number(words, "expiresDays", 1, TOKEN_DAYS_MAX).map(Duration::ofDays).orElse(null);
    String reason = Call.reason(words);
    return work(
        () -> desk.tokens.add(name, role, life, call.caller().who()),
        made -> {
          trail.note(call, Change.done("add-token", name, reason).from("", role.word()));
          return Answer.json(201, json(made.token()).put("token", made.text()));
        });
  }

  private Future<Answer> revokeToken(Call call) {
    String id = call.name("token");
    return work(
        () -> desk.tokens.revoke(id),
        token -> {
          trail.note(
              call, Change.done("revoke-token", token.name(), "").from(token.role().word(), ""));
          return Answer.done();
        });
  }

  private JsonObject json(ApiToken token) {
    JsonObject json =
        new JsonObject()
            .put("id", token.id())
            .put("name", token.name())
            .put("role", token.role().word())
            .put("created", token.created().toString())
            .put("createdBy", token.createdBy());
    put(json, "expires", token.expires());
    return put(json, "lastUsed", desk.tokens.lastUsed(token.id()).orElse(null));
  }

  // ---- both

  private <T> Future<Answer> work(Callable<T> work, Function<T, Answer> then) {
    if (desk.isBusy()) {
      return Future.succeededFuture(AccessDesk.busy());
    }
    return desk.work(work).map(then);
  }

  private static Optional<Role> role(JsonObject words) {
    return Call.text(words, "role", 1, 20)
        .map(word -> Role.ofWord(word).orElseThrow(() -> new IllegalArgumentException(ROLES)));
  }

  private static JsonObject put(JsonObject json, String key, @Nullable Instant time) {
    return time == null ? json : json.put(key, time.toString());
  }
}
