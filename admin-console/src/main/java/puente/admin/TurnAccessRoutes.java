package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import puente.admin.AuditTrail.Change;
import puente.admin.TurnAccess.Quota;
import puente.admin.TurnAccess.User;
import puente.admin.access.AccessProblem;
import puente.admin.access.Role;

/** Realms, users, secrets, keys and credentials of TURN. Used on one loop only. */
final class TurnAccessRoutes {

  private static final int NAME_MAX = 508;
  private static final int PASSWORD_MAX = 256;
  private static final int SECRET_MIN = 16;
  private static final int SECONDS_MAX = 30 * 24 * 3600;
  private static final int OVERLAP_SECONDS = 24 * 3600;
  private static final int LIFE_SECONDS = 3600;
  private static final int QUOTA_MAX = 1_000_000_000;
  private static final int WAITING_MAX = 16;

  private final TurnAccess access;
  private final AuditTrail trail;
  private final WorkerExecutor worker;
  private int waiting;

  TurnAccessRoutes(TurnAccess access, AuditTrail trail, Vertx vertx) {
    this.access = access;
    this.trail = trail;
    worker = vertx.createSharedWorkerExecutor("puente-turn-access", 1);
  }

  void addTo(ApiTable table) {
    table.get("realms", this::realms);
    table.get("realms/{realm}/quota", this::quota);
    table.put("realms/{realm}/quota", Role.ADMIN, this::setQuota);
    table.get("users", this::users);
    table.post("users", Role.ADMIN, this::addUser);
    table.put("users/{user}", Role.ADMIN, this::changeUser);
    table.delete("users/{user}", Role.ADMIN, this::removeUser);
    table.get("secrets", this::secrets);
    table.post("secrets", Role.ADMIN, this::addSecret);
    table.post("secrets/{realm}/rotate", Role.ADMIN, this::rotate);
    table.delete("secrets/{secret}", Role.ADMIN, this::removeSecret);
    table.get("keys", this::keys);
    table.post("credentials", Role.OPERATOR, this::makeCredential);
    table.post("credentials/revoke", Role.OPERATOR, this::revoke);
  }

  Future<Void> close() {
    return worker.close();
  }

  private <T> Future<Answer> work(Callable<T> work, Function<T, Answer> then) {
    if (waiting >= WAITING_MAX) {
      return Future.succeededFuture(
          Answer.problem(503, "Other changes are under way; try again.").with("Retry-After", "1"));
    }
    waiting++;
    return worker.executeBlocking(work, false).onComplete(done -> waiting--).map(then);
  }

  // ---- realm and quota

  private Future<Answer> realms(Call call) {
    call.allowParameters();
    return work(
        access::realm,
        realm -> {
          JsonObject json =
              new JsonObject()
                  .put("name", realm.name())
                  .put("authentication", realm.authentication())
                  .put("users", realm.users())
                  .put("secrets", realm.secrets())
                  .put("quota", json(realm.quota()));
          return Answer.json(200, new JsonObject().put("realms", new JsonArray().add(json)));
        });
  }

  private Future<Answer> quota(Call call) {
    call.allowParameters();
    String name = call.name("realm");
    return work(() -> known(name).quota(), TurnAccessRoutes::answer);
  }

  private Future<Answer> setQuota(Call call) {
    String name = call.name("realm");
    JsonObject words = call.words("perUser", "perRealm", "perSource", "total", "reason");
    TurnAccess.QuotaChange change =
        new TurnAccess.QuotaChange(
            Call.number(words, "perUser", 0, QUOTA_MAX),
            Call.number(words, "perRealm", 0, QUOTA_MAX),
            Call.number(words, "perSource", 0, QUOTA_MAX),
            Call.number(words, "total", 0, QUOTA_MAX));
    String reason = Call.reason(words);
    String seen = call.request().getHeader("If-Match");
    record BeforeAndAfter(Quota before, Optional<Quota> after) {}
    return work(
        () -> {
          Quota before = known(name).quota();
          boolean stale = seen != null && !seen.equals("*") && !seen.equals(tag(before));
          return new BeforeAndAfter(
              before, stale ? Optional.empty() : Optional.of(access.setQuota(change)));
        },
        done -> {
          if (done.after.isEmpty()) {
            return Answer.problem(412, "The quota changed meanwhile: read it again.");
          }
          Change noted = Change.done("set-quota", name, reason);
          trail.note(call, noted.from(words(done.before), words(done.after.get())));
          return answer(done.after.get());
        });
  }

  private TurnAccess.Realm known(String name) {
    TurnAccess.Realm realm = access.realm();
    if (!realm.name().equals(name)) {
      throw new AccessProblem(AccessProblem.Kind.UNKNOWN, "There is no such realm.");
    }
    return realm;
  }

  private static Answer answer(Quota quota) {
    return Answer.json(200, json(quota)).with("ETag", tag(quota));
  }

  private static String tag(Quota quota) {
    return "\"%d-%d-%d-%d\""
        .formatted(quota.perUser(), quota.perRealm(), quota.perSource(), quota.total());
  }

  private static String words(Quota quota) {
    return "user %d, realm %d, source %d, total %d"
        .formatted(quota.perUser(), quota.perRealm(), quota.perSource(), quota.total());
  }

  private static JsonObject json(Quota quota) {
    return new JsonObject()
        .put("perUser", quota.perUser())
        .put("perRealm", quota.perRealm())
        .put("perSource", quota.perSource())
        .put("total", quota.total())
        .put("origin", quota.origin());
  }

  // ---- users

  private Future<Answer> users(Call call) {
    call.allowParameters("cursor", "limit");
    int limit = call.limit();
    String after = call.parameter("cursor").orElse("");
    return work(
        access::users,
        all -> {
          List<User> page =
              all.stream().filter(user -> user.name().compareTo(after) > 0).limit(limit).toList();
          JsonArray list = new JsonArray();
          page.forEach(user -> list.add(json(user)));
          JsonObject body = new JsonObject().put("users", list).put("total", all.size());
          boolean more = !page.isEmpty() && !page.getLast().name().equals(all.getLast().name());
          return Answer.json(200, more ? body.put("next", page.getLast().name()) : body);
        });
  }

  private Future<Answer> addUser(Call call) {
    JsonObject words = call.words("name", "password", "reason");
    String name = Call.neededText(words, "name", 1, NAME_MAX);
    Optional<String> password = Call.text(words, "password", 1, PASSWORD_MAX);
    String reason = Call.reason(words);
    return work(
        () -> access.addUser(name, password),
        made -> {
          trail.note(call, Change.done("add-user", name, reason));
          return Answer.json(201, json(made));
        });
  }

  private Future<Answer> changeUser(Call call) {
    String name = call.name("user");
    JsonObject words = call.words("password", "reason");
    Optional<String> password = Call.text(words, "password", 1, PASSWORD_MAX);
    String reason = Call.reason(words);
    return work(
        () -> access.changeUser(name, password),
        made -> {
          trail.note(call, Change.done("change-user", name, reason).from("", "new password"));
          return Answer.json(200, json(made));
        });
  }

  private Future<Answer> removeUser(Call call) {
    String name = call.name("user");
    return work(
        () -> {
          access.removeUser(name);
          return name;
        },
        removed -> {
          trail.note(call, Change.done("remove-user", name, ""));
          return Answer.done();
        });
  }

  private static JsonObject json(TurnAccess.UserMade made) {
    JsonObject json = json(made.user());
    made.password().ifPresent(password -> json.put("password", password));
    return json;
  }

  private static JsonObject json(User user) {
    JsonObject json =
        new JsonObject()
            .put("name", user.name())
            .put("origin", user.origin())
            .put("removable", user.isRemovable());
    user.created().ifPresent(time -> json.put("created", time.toString()));
    return json;
  }

  // ---- secrets

  private Future<Answer> secrets(Call call) {
    call.allowParameters();
    return work(
        access::secrets,
        all -> {
          JsonArray list = new JsonArray();
          all.forEach(secret -> list.add(json(secret)));
          return Answer.json(200, new JsonObject().put("secrets", list));
        });
  }

  private Future<Answer> addSecret(Call call) {
    JsonObject words = call.words("secret", "reason");
    Optional<String> text = Call.text(words, "secret", SECRET_MIN, PASSWORD_MAX);
    String reason = Call.reason(words);
    return work(
        () -> access.addSecret(text),
        made -> {
          trail.note(call, Change.done("add-secret", made.secret().id(), reason));
          JsonObject json = json(made.secret());
          return Answer.json(201, text.isPresent() ? json : json.put("secret", made.text()));
        });
  }

  private Future<Answer> rotate(Call call) {
    String name = call.name("realm");
    JsonObject words = call.words("overlapSeconds", "reason");
    Duration overlap =
        Duration.ofSeconds(
            Call.number(words, "overlapSeconds", 0, SECONDS_MAX).orElse(OVERLAP_SECONDS));
    String reason = Call.reason(words);
    return work(
        () -> {
          known(name);
          return access.rotateSecret(overlap);
        },
        made -> {
          Change change = Change.done("rotate-secret", made.secret().id(), reason);
          trail.note(call, change.from("", "overlap " + overlap.toSeconds() + " s"));
          return Answer.json(201, json(made.secret()).put("secret", made.text()));
        });
  }

  private Future<Answer> removeSecret(Call call) {
    String id = call.name("secret");
    return work(
        () -> {
          access.removeSecret(id);
          return id;
        },
        removed -> {
          trail.note(call, Change.done("remove-secret", id, ""));
          return Answer.done();
        });
  }

  private static JsonObject json(TurnAccess.Secret secret) {
    JsonObject json =
        new JsonObject()
            .put("id", secret.id())
            .put("origin", secret.origin())
            .put("removable", secret.isRemovable())
            .put("signing", secret.isSigning());
    secret.created().ifPresent(time -> json.put("created", time.toString()));
    secret.ends().ifPresent(time -> json.put("ends", time.toString()));
    return json;
  }

  // ---- keys and credentials

  private Future<Answer> keys(Call call) {
    call.allowParameters();
    return work(
        access::keys,
        all -> {
          JsonArray list = new JsonArray();
          for (TurnAccess.Key key : all) {
            JsonObject json =
                new JsonObject()
                    .put("kind", key.kind())
                    .put("name", key.name())
                    .put("origin", key.origin());
            list.add(
                key.webOrigins().isEmpty()
                    ? json
                    : json.put("origins", new JsonArray(key.webOrigins())));
          }
          return Answer.json(200, new JsonObject().put("keys", list));
        });
  }

  private Future<Answer> makeCredential(Call call) {
    JsonObject words = call.words("user", "ttlSeconds", "reason");
    String user = Call.neededText(words, "user", 1, PASSWORD_MAX);
    Duration life =
        Duration.ofSeconds(Call.number(words, "ttlSeconds", 1, SECONDS_MAX).orElse(LIFE_SECONDS));
    String reason = Call.reason(words);
    return work(
        () -> access.makeCredential(user, life),
        made -> {
          Change change = Change.done("make-credential", made.username(), reason);
          trail.note(call, change.from("", "until " + made.expires()));
          return Answer.json(201, json(made));
        });
  }

  private static JsonObject json(TurnAccess.Credential credential) {
    List<JsonObject> servers = new ArrayList<>();
    for (TurnAccess.IceServer server : credential.iceServers()) {
      JsonObject json = new JsonObject().put("urls", new JsonArray(server.urls()));
      server.username().ifPresent(name -> json.put("username", name));
      server.credential().ifPresent(password -> json.put("credential", password));
      servers.add(json);
    }
    return new JsonObject()
        .put("username", credential.username())
        .put("password", credential.password())
        .put("realm", credential.realm())
        .put("expires", credential.expires().toString())
        .put("iceServers", new JsonArray(servers));
  }

  private Future<Answer> revoke(Call call) {
    JsonObject words = call.words("username", "reason");
    String username = Call.neededText(words, "username", 1, NAME_MAX);
    String reason = Call.reason(words);
    return work(
        () -> {
          access.revokeCredential(username);
          return username;
        },
        revoked -> {
          trail.note(call, Change.done("revoke-credential", username, reason));
          return Answer.done();
        });
  }
}
