package puente.launcher;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import puente.admin.access.StateFile;

/**
 * Users, shared secrets and quotas that operators added over the admin API. They lie over the
 * configuration, and never take anything of it away. All nodes have them all. Immutable; kept in a file
 * of the state directory.
 *
 * @param userByName by name
 * @param secrets the newest first
 * @param generatedEnds when the generated secret ends; null: it does not
 * @param quotaBySetting by the setting's name
 * @param changedByEntry when each of {@link AddedEntries} was changed last; those removed too
 */
record AddedAccess(
    Map<String, User> userByName,
    List<Secret> secrets,
    @Nullable Instant generatedEnds,
    Map<String, Integer> quotaBySetting,
    Map<String, Instant> changedByEntry) {

  static final AddedAccess NOTHING = new AddedAccess(Map.of(), List.of(), null, Map.of(), Map.of());

  static final List<Setting<Integer>> QUOTAS =
      List.of(
          Settings.USER_QUOTA, Settings.REALM_QUOTA, Settings.SOURCE_QUOTA, Settings.TOTAL_QUOTA);

  /** A user of these. */
  record User(String password, Instant created) {}

  /** A secret of these; without an end it is good until it is rotated or removed. */
  record Secret(String text, Instant created, Optional<Instant> ends) {
    boolean isLive(Instant now) {
      return ends.isEmpty() || now.isBefore(ends.get());
    }

    /** The time only. */
    @Override
    public String toString() {
      return "(secret) of " + created;
    }
  }

  AddedAccess {
    userByName = new TreeMap<>(userByName);
    secrets = List.copyOf(secrets);
    quotaBySetting = Map.copyOf(quotaBySetting);
    changedByEntry = Map.copyOf(changedByEntry);
  }

  // ---- the file

  static StateFile file(StateDirectory state) {
    return new StateFile(state.directory().resolve("turn-access.json"));
  }

  static AddedAccess read(StateDirectory state) throws StartFailure {
    try {
      return read(file(state).read());
    } catch (IOException | RuntimeException broken) {
      throw StartFailure.configuration(
          state.directory().resolve("turn-access.json") + ": cannot be read; mend it or move it");
    }
  }

  private static AddedAccess read(JsonObject json) {
    Map<String, User> users = new TreeMap<>();
    for (Object one : json.getJsonArray("users", new JsonArray())) {
      JsonObject user = (JsonObject) one;
      users.put(
          user.getString("name"),
          new User(user.getString("password"), Instant.parse(user.getString("created"))));
    }
    List<Secret> secrets = new ArrayList<>();
    for (Object one : json.getJsonArray("secrets", new JsonArray())) {
      JsonObject secret = (JsonObject) one;
      secrets.add(
          new Secret(
              secret.getString("text"),
              Instant.parse(secret.getString("created")),
              Optional.ofNullable(secret.getString("ends")).map(Instant::parse)));
    }
    Map<String, Integer> quotas = new HashMap<>();
    JsonObject quota = json.getJsonObject("quota", new JsonObject());
    quota.fieldNames().forEach(name -> quotas.put(name, quota.getInteger(name)));
    String ends = json.getString("generatedEnds");
    Map<String, Instant> changed = new HashMap<>();
    for (Map.Entry<String, Object> one : json.getJsonObject("changed", new JsonObject())) {
      changed.put(one.getKey(), Instant.parse(String.valueOf(one.getValue())));
    }
    return new AddedAccess(
        users, secrets, ends == null ? null : Instant.parse(ends), quotas, changed);
  }

  JsonObject json() {
    JsonArray users = new JsonArray();
    userByName.forEach(
        (name, user) ->
            users.add(
                new JsonObject()
                    .put("name", name)
                    .put("password", user.password)
                    .put("created", user.created.toString())));
    JsonArray list = new JsonArray();
    for (Secret secret : secrets) {
      JsonObject one =
          new JsonObject().put("text", secret.text).put("created", secret.created.toString());
      secret.ends.ifPresent(time -> one.put("ends", time.toString()));
      list.add(one);
    }
    JsonObject quota = new JsonObject();
    quotaBySetting.forEach(quota::put);
    JsonObject changed = new JsonObject();
    changedByEntry.forEach((key, at) -> changed.put(key, at.toString()));
    JsonObject json =
        new JsonObject()
            .put("users", users)
            .put("secrets", list)
            .put("quota", quota)
            .put("changed", changed);
    return generatedEnds == null ? json : json.put("generatedEnds", generatedEnds.toString());
  }

  // ---- over the configuration

  /** What is in force when both are put together. */
  Config over(Config given, StateDirectory state, Instant now) throws StartFailure {
    Map<Setting<?>, List<Config.Value<?>>> others = new HashMap<>();
    for (Setting<Integer> setting : QUOTAS) {
      Integer quota = quotaBySetting.get(setting.name());
      if (quota != null) {
        others.put(setting, List.of(new Config.Value<>(quota, Origin.CONSOLE)));
      }
    }
    List<Config.Value<?>> live = liveSecrets(now);
    if (!live.isEmpty()) {
      others.put(Settings.STATIC_AUTH_SECRET, withThoseBefore(live, given, state, now));
    }
    boolean usesSecrets = given.usesSharedSecret();
    if (!userByName.isEmpty()) {
      List<Config.Value<?>> users = new ArrayList<>(given.values(Settings.USER));
      userByName.forEach((name, user) -> users.add(value(name, user)));
      others.put(Settings.USER, users);
    }
    // A first user must not end the credentials that nobody had to ask for, nor a secret be in
    // vain.
    if (!live.isEmpty() || usesSecrets && !userByName.isEmpty()) {
      others.put(
          Settings.USE_AUTH_SECRET, List.of(new Config.Value<>(true, Origin.derived("console"))));
    }
    return others.isEmpty() ? given : given.with(others);
  }

  private List<Config.Value<?>> liveSecrets(Instant now) {
    List<Config.Value<?>> live = new ArrayList<>();
    for (Secret secret : secrets) {
      if (secret.isLive(now)) {
        live.add(new Config.Value<>(secret.text, Origin.CONSOLE));
      }
    }
    return live;
  }

  /** The configured ones stay good; else the generated one, until it ends. */
  private List<Config.Value<?>> withThoseBefore(
      List<Config.Value<?>> live, Config given, StateDirectory state, Instant now)
      throws StartFailure {
    List<Config.Value<?>> all = new ArrayList<>(live);
    List<Config.Value<String>> configured = given.values(Settings.STATIC_AUTH_SECRET);
    all.addAll(configured);
    boolean hasGenerated = configured.isEmpty() && given.usesSharedSecret();
    if (hasGenerated && (generatedEnds == null || now.isBefore(generatedEnds))) {
      all.add(new Config.Value<>(state.sharedSecret(), Origin.derived("generated")));
    }
    return all;
  }

  private static Config.Value<puente.launcher.User> value(String name, User user) {
    return new Config.Value<>(
        puente.launcher.User.parse(name + ":" + user.password), Origin.CONSOLE);
  }

  /** When the next secret ends. */
  Optional<Instant> nextEnd(Instant now) {
    return Stream.concat(
            secrets.stream().flatMap(secret -> secret.ends.stream()),
            Optional.ofNullable(generatedEnds).stream())
        .filter(now::isBefore)
        .min(Instant::compareTo);
  }

  /** Without what has ended long since. */
  AddedAccess withSecrets(List<Secret> others, @Nullable Instant ends, Instant now) {
    List<Secret> live = others.stream().filter(secret -> secret.isLive(now)).toList();
    return new AddedAccess(userByName, live, ends, quotaBySetting, changedByEntry);
  }

  AddedAccess withUsers(Map<String, User> others) {
    return new AddedAccess(others, secrets, generatedEnds, quotaBySetting, changedByEntry);
  }

  AddedAccess withQuotas(Map<String, Integer> others) {
    return new AddedAccess(userByName, secrets, generatedEnds, others, changedByEntry);
  }
}
