package puente.launcher;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What operators added, entry by entry, so that nodes can put together what each of them was told: of two
 * changes to an entry the later is right, and what was removed stays so.
 */
final class AddedEntries {

  static final int USERS_MAX = 10_000;

  /** More than one node takes in by itself: two may be told at the same time. */
  private static final int SECRETS_MAX = 40;

  /** The oldest removals are forgotten beyond that: a node that was away since brings them back. */
  static final int REMOVED_MAX = 1000;

  /** A clock that is further ahead would be right for ever. */
  private static final Duration AHEAD_MAX = Duration.ofDays(1);

  private static final String USER = "user ";
  private static final String SECRET = "secret ";
  private static final String QUOTA = "quota ";
  private static final String GENERATED = "generated";

  private AddedEntries() {}

  /** Each as text: what is the same on two nodes is the same text. */
  static Map<String, String> of(AddedAccess added) {
    Map<String, String> entries = new TreeMap<>();
    added
        .userByName()
        .forEach(
            (name, user) ->
                entries.put(
                    USER + name,
                    new JsonObject()
                        .put("password", user.password())
                        .put("created", user.created().toString())
                        .encode()));
    for (AddedAccess.Secret secret : added.secrets()) {
      JsonObject json =
          new JsonObject().put("text", secret.text()).put("created", secret.created().toString());
      secret.ends().ifPresent(end -> json.put("ends", end.toString()));
      entries.put(SECRET + digest(secret.text()), json.encode());
    }
    added.quotaBySetting().forEach((name, max) -> entries.put(QUOTA + name, max.toString()));
    Instant generatedEnds = added.generatedEnds();
    if (generatedEnds != null) {
      entries.put(GENERATED, generatedEnds.toString());
    }
    return entries;
  }

  private static AddedAccess from(Map<String, String> entries, Map<String, Instant> changed) {
    Map<String, AddedAccess.User> users = new TreeMap<>();
    List<AddedAccess.Secret> secrets = new ArrayList<>();
    Map<String, Integer> quotas = new HashMap<>();
    Instant generatedEnds = null;
    for (Map.Entry<String, String> entry : entries.entrySet()) {
      String key = entry.getKey();
      if (key.startsWith(USER)) {
        JsonObject json = new JsonObject(entry.getValue());
        Instant created = Instant.parse(json.getString("created"));
        users.put(
            key.substring(USER.length()),
            new AddedAccess.User(json.getString("password"), created));
      } else if (key.startsWith(SECRET)) {
        secrets.add(secret(entry.getValue()));
      } else if (key.startsWith(QUOTA)) {
        quotas.put(key.substring(QUOTA.length()), Integer.valueOf(entry.getValue()));
      } else {
        generatedEnds = Instant.parse(entry.getValue());
      }
    }
    // Without an end first: the first of them signs.
    secrets.sort(
        Comparator.comparing((AddedAccess.Secret one) -> one.ends().isPresent())
            .thenComparing(AddedAccess.Secret::created, Comparator.reverseOrder())
            .thenComparing(AddedAccess.Secret::text));
    return new AddedAccess(users, secrets, generatedEnds, quotas, changed);
  }

  private static AddedAccess.Secret secret(String text) {
    JsonObject json = new JsonObject(text);
    return new AddedAccess.Secret(
        json.getString("text"),
        Instant.parse(json.getString("created")),
        Optional.ofNullable(json.getString("ends")).map(Instant::parse));
  }

  /**
   * What a change makes of what is there meanwhile.
   *
   * @param base what the change was made to
   * @param next what it made of it
   */
  static AddedAccess changed(AddedAccess there, AddedAccess base, AddedAccess next, Instant now) {
    Map<String, String> entries = of(there);
    Map<String, Instant> changed = new TreeMap<>(there.changedByEntry());
    Map<String, String> before = of(base);
    Map<String, String> after = of(next);
    TreeSet<String> keys = new TreeSet<>(before.keySet());
    keys.addAll(after.keySet());
    for (String key : keys) {
      String value = after.get(key);
      if (value == null ? before.containsKey(key) : !value.equals(before.get(key))) {
        put(entries, key, value);
        Instant last = changed.getOrDefault(key, Instant.EPOCH);
        changed.put(key, now.isAfter(last) ? now : last.plusMillis(1));
      }
    }
    forget(entries, changed);
    return from(entries, changed);
  }

  private static void put(Map<String, String> entries, String key, @Nullable String value) {
    if (value == null) {
      entries.remove(key);
    } else {
      entries.put(key, value);
    }
  }

  private static void forget(Map<String, String> entries, Map<String, Instant> changed) {
    List<String> removed =
        changed.keySet().stream()
            .filter(key -> !entries.containsKey(key))
            .sorted(Comparator.comparing(changed::get))
            .toList();
    changed.keySet().removeAll(removed.subList(0, Math.max(0, removed.size() - REMOVED_MAX)));
  }

  // ---- between nodes

  /** Those that differ from what was there; all of them if nothing was. */
  static List<JsonObject> told(AddedAccess before, AddedAccess added) {
    Map<String, String> entries = of(added);
    TreeSet<String> keys = new TreeSet<>(entries.keySet());
    keys.addAll(added.changedByEntry().keySet());
    List<JsonObject> told = new ArrayList<>();
    for (String key : keys) {
      Instant at = at(added, key);
      if (before == AddedAccess.NOTHING || !at.equals(at(before, key))) {
        told.add(
            new JsonObject().put("k", key).put("at", at.toString()).put("v", entries.get(key)));
      }
    }
    return told;
  }

  /** What an older version has left has no time: any change is later. */
  private static Instant at(AddedAccess added, String key) {
    return added.changedByEntry().getOrDefault(key, Instant.EPOCH);
  }

  /**
   * With what another node says.
   *
   * @return the same if that is no news
   * @throws RuntimeException if it makes no sense
   */
  static AddedAccess merged(AddedAccess there, JsonArray told, Instant now) {
    Map<String, String> entries = of(there);
    Map<String, Instant> changed = new TreeMap<>(there.changedByEntry());
    boolean isNews = false;
    for (Object one : told) {
      JsonObject entry = (JsonObject) one;
      String key = entry.getString("k");
      String value = entry.getString("v");
      Instant at = Instant.parse(entry.getString("at"));
      check(key, value);
      if (at.isAfter(now.plus(AHEAD_MAX)) || !isLater(key, value, at, entries, changed)) {
        continue;
      }
      put(entries, key, value);
      changed.put(key, at);
      isNews = true;
    }
    if (!isNews || isTooMuch(entries)) {
      return there;
    }
    forget(entries, changed);
    return from(entries, changed);
  }

  /** At the same instant on two nodes: the same one on both. */
  private static boolean isLater(
      String key,
      @Nullable String value,
      Instant at,
      Map<String, String> entries,
      Map<String, Instant> changed) {
    Instant last = changed.get(key);
    String own = entries.get(key);
    if (last == null && own == null) {
      return true;
    }
    int order = at.compareTo(last == null ? Instant.EPOCH : last);
    String text = value == null ? "" : value;
    return order > 0 || order == 0 && text.compareTo(own == null ? "" : own) > 0;
  }

  private static boolean isTooMuch(Map<String, String> entries) {
    return entries.keySet().stream().filter(key -> key.startsWith(USER)).count() > USERS_MAX
        || entries.keySet().stream().filter(key -> key.startsWith(SECRET)).count() > SECRETS_MAX;
  }

  private static void check(String key, @Nullable String value) {
    boolean isKnown =
        key.startsWith(USER)
            || key.startsWith(SECRET)
            || key.equals(GENERATED)
            || AddedAccess.QUOTAS.stream().anyMatch(quota -> key.equals(QUOTA + quota.name()));
    if (!isKnown) {
      throw new IllegalArgumentException("no entry of these");
    }
    if (value == null) {
      return;
    }
    if (key.startsWith(USER)) {
      String password = new JsonObject(value).getString("password");
      User.parse(key.substring(USER.length()) + ":" + password);
    } else if (key.startsWith(SECRET) && !key.equals(SECRET + digest(secret(value).text()))) {
      throw new IllegalArgumentException("another secret");
    } else if (key.startsWith(QUOTA) && Integer.parseInt(value) < 0) {
      throw new IllegalArgumentException("less than nothing");
    }
  }

  /** So that a secret that was removed is not kept for saying so. */
  private static String digest(String secret) {
    try {
      byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
