package puente.users;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** SQLite, PostgreSQL, MySQL or MariaDB. */
final class SqlDatabase implements UserDatabase {

  /** A statement that takes longer is given up; {@code SQLITE_BUSY} and locks among the reasons. */
  private static final int STATEMENT_SECONDS = 5;

  private static final List<String> OAUTH =
      List.of("ikm_key", "as_rs_alg", "timestamp", "lifetime");

  /** The tables as coturn makes them (its schema.sql). */
  private static final List<String> SCHEMA =
      List.of(
          "CREATE TABLE turnusers_lt (realm varchar(127) default '', name varchar(512),"
              + " hmackey char(128), PRIMARY KEY (realm,name))",
          "CREATE TABLE turn_secret (realm varchar(127) default '', value varchar(256),"
              + " primary key (realm,value))",
          "CREATE TABLE allowed_peer_ip (realm varchar(127) default '', ip_range varchar(256),"
              + " primary key (realm,ip_range))",
          "CREATE TABLE denied_peer_ip (realm varchar(127) default '', ip_range varchar(256),"
              + " primary key (realm,ip_range))",
          "CREATE TABLE turn_origin_to_realm (origin varchar(127), realm varchar(127),"
              + " primary key (origin))",
          "CREATE TABLE turn_realm_option (realm varchar(127) default '', opt varchar(32),"
              + " value varchar(128), primary key (realm,opt))",
          "CREATE TABLE oauth_key (kid varchar(128), ikm_key varchar(256),"
              + " timestamp bigint default 0, lifetime integer default 0,"
              + " as_rs_alg varchar(64) default '', realm varchar(127), primary key (kid))",
          "CREATE TABLE admin_user (name varchar(32), realm varchar(127),"
              + " password varchar(127), primary key (name))");

  private final String place;
  private final @Nullable Path file;
  private final HikariDataSource pool;

  SqlDatabase(String place, HikariConfig config) {
    this(place, null, config);
  }

  /**
   * @param file of SQLite
   * @param config the pool's; its connections are made when they are wanted
   */
  SqlDatabase(String place, @Nullable Path file, HikariConfig config) {
    this.place = place;
    this.file = file;
    config.setPoolName("puente-userdb");
    // A dead database is no reason not to start.
    config.setInitializationFailTimeout(-1);
    config.setMinimumIdle(0);
    pool = new HikariDataSource(config);
  }

  @Override
  public String place() {
    return place;
  }

  @Override
  public Optional<String> key(String realm, String name) throws DatabaseFailure {
    return with(
        connection -> {
          String query = "SELECT hmackey FROM turnusers_lt WHERE realm = ? AND name = ?";
          try (PreparedStatement statement = prepared(connection, query, List.of(realm, name));
              ResultSet result = statement.executeQuery()) {
            return result.next() ? Optional.of(text(result, 1)) : Optional.empty();
          }
        });
  }

  /** When SQLite's file, or the log that is written ahead of it, was last written. */
  @Override
  public OptionalLong version() {
    Path main = file;
    if (main == null) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(31 * writtenNanos(main) + writtenNanos(Path.of(main + "-wal")));
  }

  private static long writtenNanos(Path path) {
    try {
      return Files.getLastModifiedTime(path).to(TimeUnit.NANOSECONDS);
    } catch (IOException notThere) {
      return 0;
    }
  }

  @Override
  public List<Row> rows(Table table) throws DatabaseFailure {
    List<String> columns = new ArrayList<>();
    columns.add(table.realm);
    columns.add(table.name == null ? "''" : table.name);
    columns.add(table.value == null ? "''" : table.value);
    if (table == Table.OAUTH_KEYS) {
      columns.addAll(OAUTH);
    }
    String query = "SELECT " + String.join(", ", columns) + " FROM " + table.table();
    List<Row> rows =
        with(connection -> has(connection, table) ? read(connection, query, table) : List.of());
    if (rows.size() > ROWS_MAX) {
      throw new DatabaseFailure(place + ": " + table.table() + ": more than " + ROWS_MAX + " rows");
    }
    return rows;
  }

  private static boolean has(Connection connection, Table table) throws SQLException {
    // As it is, and in capitals: some databases fold names so.
    for (String name : List.of(table.table(), table.table().toUpperCase(Locale.ROOT))) {
      try (ResultSet found =
          connection
              .getMetaData()
              .getTables(connection.getCatalog(), null, name, new String[] {"TABLE", "VIEW"})) {
        if (found.next()) {
          return true;
        }
      }
    }
    return false;
  }

  private static List<Row> read(Connection connection, String query, Table table)
      throws SQLException {
    List<Row> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      statement.setQueryTimeout(STATEMENT_SECONDS);
      statement.setMaxRows(ROWS_MAX + 1);
      try (ResultSet result = statement.executeQuery(query + " ORDER BY 1, 2, 3")) {
        while (result.next()) {
          String value = table == Table.OAUTH_KEYS ? oauth(result) : text(result, 3);
          rows.add(new Row(text(result, 1), text(result, 2), value));
        }
      }
    }
    return rows;
  }

  private static String oauth(ResultSet result) throws SQLException {
    String algorithm = text(result, 5);
    return String.join(
        ":",
        text(result, 4),
        algorithm.isEmpty() ? "A256GCM" : algorithm,
        Long.toString(result.getLong(6)),
        Long.toString(result.getLong(7)));
  }

  @Override
  public void put(Table table, Row row) throws DatabaseFailure {
    List<String> columns = columns(table, row);
    List<Object> values = values(table, row);
    String insert =
        "INSERT INTO "
            + table.table()
            + " ("
            + String.join(", ", columns)
            + ") VALUES ("
            + columns.stream().map(column -> "?").collect(Collectors.joining(", "))
            + ")";
    with(
        connection -> {
          connection.setAutoCommit(false);
          try {
            delete(connection, table, row);
            try (PreparedStatement statement = prepared(connection, insert, values)) {
              statement.executeUpdate();
            }
            connection.commit();
          } catch (SQLException refused) {
            connection.rollback();
            throw refused;
          } finally {
            connection.setAutoCommit(true);
          }
          return true;
        });
  }

  @Override
  public boolean remove(Table table, Row row) throws DatabaseFailure {
    return with(connection -> delete(connection, table, row) > 0);
  }

  private static int delete(Connection connection, Table table, Row row) throws SQLException {
    List<String> conditions = new ArrayList<>();
    List<Object> values = new ArrayList<>();
    for (String part : List.of("realm", "name", "value")) {
      String column = column(table, part);
      if (column != null && table.isKey(part)) {
        conditions.add(column + " = ?");
        values.add(part(row, part));
      }
    }
    String delete = "DELETE FROM " + table.table() + " WHERE " + String.join(" AND ", conditions);
    try (PreparedStatement statement = prepared(connection, delete, values)) {
      return statement.executeUpdate();
    }
  }

  private static List<String> columns(Table table, Row row) {
    List<String> columns = new ArrayList<>();
    for (String part : List.of("realm", "name", "value")) {
      String column = column(table, part);
      if (column != null) {
        columns.add(column);
      }
    }
    if (table == Table.OAUTH_KEYS) {
      columns.addAll(OAUTH.subList(0, row.value().split(":", -1).length));
    }
    return columns;
  }

  private static List<Object> values(Table table, Row row) {
    List<Object> values = new ArrayList<>();
    for (String part : List.of("realm", "name", "value")) {
      if (column(table, part) != null) {
        values.add(part(row, part));
      }
    }
    if (table == Table.OAUTH_KEYS) {
      String[] parts = row.value().split(":", -1);
      for (int i = 0; i < parts.length; i++) {
        values.add(i < 2 ? parts[i] : (Object) Long.parseLong(parts[i]));
      }
    }
    return values;
  }

  private static @Nullable String column(Table table, String part) {
    return switch (part) {
      case "realm" -> table.realm;
      case "name" -> table.name;
      default -> table.value;
    };
  }

  private static String part(Row row, String part) {
    return switch (part) {
      case "realm" -> row.realm();
      case "name" -> row.name();
      default -> row.value();
    };
  }

  /** Makes the tables that are missing. */
  void makeTables() throws DatabaseFailure {
    with(
        connection -> {
          Set<Table> there = EnumSet.noneOf(Table.class);
          for (Table table : Table.values()) {
            if (has(connection, table)) {
              there.add(table);
            }
          }
          for (Table table : Table.values()) {
            if (!there.contains(table)) {
              try (Statement statement = connection.createStatement()) {
                statement.execute(SCHEMA.get(table.ordinal()));
              }
            }
          }
          return true;
        });
  }

  private interface Work<T> {
    T with(Connection connection) throws SQLException;
  }

  private <T> T with(Work<T> work) throws DatabaseFailure {
    try (Connection connection = pool.getConnection()) {
      return work.with(connection);
    } catch (SQLException refused) {
      throw new DatabaseFailure(place + ": " + reason(refused), refused);
    }
  }

  /** The innermost one says most; values of statements are in none of them. */
  private static String reason(SQLException refused) {
    Throwable inner = refused;
    while (inner.getCause() != null && inner.getCause() != inner) {
      inner = inner.getCause();
    }
    String line = String.valueOf(inner.getMessage()).lines().findFirst().orElse("");
    return line.length() > 200 ? line.substring(0, 200) : line;
  }

  private static PreparedStatement prepared(Connection connection, String sql, List<?> values)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    statement.setQueryTimeout(STATEMENT_SECONDS);
    for (int i = 0; i < values.size(); i++) {
      statement.setObject(i + 1, values.get(i));
    }
    return statement;
  }

  /** coturn's key columns are char(128) in PostgreSQL: padded. */
  private static String text(ResultSet result, int column) throws SQLException {
    String text = result.getString(column);
    return text == null ? "" : text.strip();
  }

  @Override
  public void close() {
    pool.close();
  }
}
