package puente.users;

import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import puente.net.EventLoops;

/** Redis, with the keys that coturn uses (its schema.userdb.redis). */
final class RedisDatabase implements UserDatabase {

  private static final String REALM = "turn/realm/";
  private static final int SCAN_COUNT = 1000;
  private static final List<String> OPTIONS = List.of("max-bps", "total-quota", "user-quota");

  private final String place;
  private final Vertx vertx;
  private final Redis redis;
  private final int timeoutMs;

  RedisDatabase(String place, RedisOptions options, int timeoutMs) {
    this.place = place;
    this.timeoutMs = timeoutMs;
    // Of its own: what waits for Redis is then in nobody's way, and a command needs no node.
    vertx =
        Vertx.vertx(
            new io.vertx.core.VertxOptions()
                .setEventLoopPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setWorkerPoolSize(1)
                .setFileSystemOptions(EventLoops.withoutCache()));
    redis = Redis.createClient(vertx, options);
  }

  @Override
  public String place() {
    return place;
  }

  @Override
  public Optional<String> key(String realm, String name) throws DatabaseFailure {
    Response found = send(Command.GET, userKey(realm, name));
    return found == null ? Optional.empty() : Optional.of(found.toString().strip());
  }

  private static String userKey(String realm, String name) {
    return REALM + realm + "/user/" + name + "/key";
  }

  @Override
  public List<Row> rows(Table table) throws DatabaseFailure {
    List<Row> rows = new ArrayList<>();
    for (String key : keys(pattern(table))) {
      read(table, key, rows);
      if (rows.size() > ROWS_MAX) {
        throw new DatabaseFailure(place + ": " + table.table() + ": more than " + ROWS_MAX);
      }
    }
    rows.sort(Comparator.comparing(Row::realm).thenComparing(Row::name).thenComparing(Row::value));
    return rows;
  }

  private static String pattern(Table table) {
    return switch (table) {
      case USERS -> REALM + "*/user/*/key";
      case SECRETS -> REALM + "*/secret";
      case ALLOWED_PEERS -> REALM + "*/allowed-peer-ip";
      case DENIED_PEERS -> REALM + "*/denied-peer-ip";
      case OPTIONS -> REALM + "*/*";
      case ORIGINS -> "turn/origin/*";
      case OAUTH_KEYS -> "turn/oauth/kid/*";
      case ADMINS -> "turn/admin_user/*";
    };
  }

  private Set<String> keys(String pattern) throws DatabaseFailure {
    Set<String> keys = new HashSet<>();
    String cursor = "0";
    do {
      Response page =
          send(Command.SCAN, cursor, "MATCH", pattern, "COUNT", Integer.toString(SCAN_COUNT));
      if (page == null || page.size() != 2 || keys.size() > ROWS_MAX) {
        throw new DatabaseFailure(place + ": " + pattern + ": cannot be listed");
      }
      cursor = page.get(0).toString();
      page.get(1).forEach(key -> keys.add(key.toString()));
    } while (!cursor.equals("0"));
    return keys;
  }

  private void read(Table table, String key, List<Row> into) throws DatabaseFailure {
    switch (table) {
      case USERS -> {
        int user = key.indexOf("/user/");
        String realm = key.substring(REALM.length(), user);
        String name = key.substring(user + "/user/".length(), key.length() - "/key".length());
        into.add(new Row(realm, name, text(send(Command.GET, key))));
      }
      case SECRETS, ALLOWED_PEERS, DENIED_PEERS -> {
        String realm = key.substring(REALM.length(), key.lastIndexOf('/'));
        Response members = send(Command.SMEMBERS, key);
        if (members != null) {
          members.forEach(member -> into.add(new Row(realm, "", member.toString())));
        }
      }
      case OPTIONS -> {
        int slash = key.lastIndexOf('/');
        String option = key.substring(slash + 1);
        if (OPTIONS.contains(option)) {
          String realm = key.substring(REALM.length(), slash);
          into.add(new Row(realm, option, text(send(Command.GET, key))));
        }
      }
      case ORIGINS ->
          into.add(
              new Row(text(send(Command.GET, key)), key.substring("turn/origin/".length()), ""));
      case OAUTH_KEYS -> {
        String kid = key.substring("turn/oauth/kid/".length());
        String algorithm = field(key, "as_rs_alg");
        String value =
            String.join(
                ":",
                field(key, "ikm_key"),
                algorithm.isEmpty() ? "A256GCM" : algorithm,
                number(field(key, "timestamp")),
                number(field(key, "lifetime")));
        into.add(new Row(field(key, "realm"), kid, value));
      }
      case ADMINS ->
          into.add(
              new Row(
                  field(key, "realm"),
                  key.substring("turn/admin_user/".length()),
                  field(key, "password")));
    }
  }

  private String field(String key, String field) throws DatabaseFailure {
    return text(send(Command.HGET, key, field));
  }

  private static String number(String text) {
    return text.isEmpty() ? "0" : text;
  }

  private static String text(@Nullable Response response) {
    return response == null ? "" : response.toString().strip();
  }

  @Override
  public void put(Table table, Row row) throws DatabaseFailure {
    switch (table) {
      case USERS -> send(Command.SET, userKey(row.realm(), row.name()), row.value());
      case SECRETS, ALLOWED_PEERS, DENIED_PEERS ->
          send(Command.SADD, setKey(table, row), row.value());
      case OPTIONS -> send(Command.SET, REALM + row.realm() + "/" + row.name(), row.value());
      case ORIGINS -> send(Command.SET, "turn/origin/" + row.name(), row.realm());
      case ADMINS ->
          send(
              Command.HSET,
              "turn/admin_user/" + row.name(),
              "realm",
              row.realm(),
              "password",
              row.value());
      case OAUTH_KEYS -> {
        String[] parts = row.value().split(":", -1);
        String key = "turn/oauth/kid/" + row.name();
        send(Command.HSET, key, "ikm_key", parts[0], "as_rs_alg", parts[1], "realm", row.realm());
        if (parts.length > 3) {
          send(Command.HSET, key, "timestamp", parts[2], "lifetime", parts[3]);
        }
      }
    }
  }

  @Override
  public boolean remove(Table table, Row row) throws DatabaseFailure {
    Response removed =
        switch (table) {
          case USERS -> send(Command.DEL, userKey(row.realm(), row.name()));
          case SECRETS, ALLOWED_PEERS, DENIED_PEERS ->
              send(Command.SREM, setKey(table, row), row.value());
          case OPTIONS -> send(Command.DEL, REALM + row.realm() + "/" + row.name());
          case ORIGINS -> send(Command.DEL, "turn/origin/" + row.name());
          case OAUTH_KEYS -> send(Command.DEL, "turn/oauth/kid/" + row.name());
          case ADMINS -> send(Command.DEL, "turn/admin_user/" + row.name());
        };
    return removed != null && removed.toLong() > 0;
  }

  private static String setKey(Table table, Row row) {
    String set =
        switch (table) {
          case ALLOWED_PEERS -> "allowed-peer-ip";
          case DENIED_PEERS -> "denied-peer-ip";
          default -> "secret";
        };
    return REALM + row.realm() + "/" + set;
  }

  private @Nullable Response send(Command command, String... arguments) throws DatabaseFailure {
    Request request = Request.cmd(command);
    for (String argument : arguments) {
      request.arg(argument);
    }
    try {
      return redis
          .send(request)
          .toCompletionStage()
          .toCompletableFuture()
          .get(timeoutMs, TimeUnit.MILLISECONDS);
    } catch (ExecutionException refused) {
      Throwable cause = refused.getCause() == null ? refused : refused.getCause();
      throw new DatabaseFailure(place + ": " + cause.getMessage(), cause);
    } catch (TimeoutException silent) {
      throw new DatabaseFailure(place + ": no answer within " + timeoutMs + " ms", silent);
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
      throw new DatabaseFailure(place + ": interrupted", ending);
    }
  }

  @Override
  public void close() {
    redis.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
