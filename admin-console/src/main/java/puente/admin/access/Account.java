package puente.admin.access;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A person who may sign in to the console.
 *
 * @param password as {@link Passwords} writes it
 * @param lastLogin null: never
 */
public record Account(
    String name,
    Role role,
    String password,
    Instant created,
    Instant passwordChanged,
    @Nullable Instant lastLogin) {

  static Account read(JsonObject json) {
    String login = json.getString("lastLogin");
    return new Account(
        json.getString("name"),
        Role.ofWord(json.getString("role")).orElseThrow(),
        json.getString("password"),
        Instant.parse(json.getString("created")),
        Instant.parse(json.getString("passwordChanged")),
        login == null ? null : Instant.parse(login));
  }

  JsonObject write() {
    JsonObject json =
        new JsonObject()
            .put("name", name)
            .put("role", role.word())
            .put("password", password)
            .put("created", created.toString())
            .put("passwordChanged", passwordChanged.toString());
    return lastLogin == null ? json : json.put("lastLogin", lastLogin.toString());
  }

  Account withRole(Role other) {
    return new Account(name, other, password, created, passwordChanged, lastLogin);
  }

  Account withPassword(String hashed, Instant now) {
    return new Account(name, role, hashed, created, now, lastLogin);
  }

  Account withLogin(Instant now) {
    return new Account(name, role, password, created, passwordChanged, now);
  }

  /** Not the password. */
  @Override
  public String toString() {
    return name + " (" + role.word() + ")";
  }
}
