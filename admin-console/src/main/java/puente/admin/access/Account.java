package puente.admin.access;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A person who may sign in to the console.
 *
 * @param password as {@link Passwords} writes it
 * @param changed when its role or password was set last: of two, the later is right
 * @param lastLogin on this node; null: never
 */
public record Account(
    String name,
    Role role,
    String password,
    Instant created,
    Instant passwordChanged,
    Instant changed,
    @Nullable Instant lastLogin) {

  static Account read(JsonObject json) {
    String login = json.getString("lastLogin");
    String passwordChanged = json.getString("passwordChanged");
    return new Account(
        json.getString("name"),
        Role.ofWord(json.getString("role")).orElseThrow(),
        json.getString("password"),
        Instant.parse(json.getString("created")),
        Instant.parse(passwordChanged),
        Instant.parse(json.getString("changed", passwordChanged)),
        login == null ? null : Instant.parse(login));
  }

  JsonObject write() {
    JsonObject json =
        new JsonObject()
            .put("name", name)
            .put("role", role.word())
            .put("password", password)
            .put("created", created.toString())
            .put("passwordChanged", passwordChanged.toString())
            .put("changed", changed.toString());
    return lastLogin == null ? json : json.put("lastLogin", lastLogin.toString());
  }

  Account withRole(Role other, Instant now) {
    return new Account(name, other, password, created, passwordChanged, now, lastLogin);
  }

  Account withPassword(String hashed, Instant now) {
    return new Account(name, role, hashed, created, now, now, lastLogin);
  }

  Account withLogin(@Nullable Instant now) {
    return new Account(name, role, password, created, passwordChanged, changed, now);
  }

  /** Not the password. */
  @Override
  public String toString() {
    return name + " (" + role.word() + ")";
  }
}
