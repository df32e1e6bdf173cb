package puente.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.sqlite.SQLiteConfig;

/**
 * What stands in a SQLite database of coturn's (its schema.sql). Read only; a table that an older
 * coturn did not have yet is taken for an empty one.
 */
record CoturnDatabase(
    List<Row> users,
    List<Row> secrets,
    List<Row> allowedPeers,
    List<Row> deniedPeers,
    List<Row> realmOptions,
    List<Row> origins,
    List<Row> oauthKeys,
    List<Row> admins) {

  /**
   * One entry.
   *
   * @param realm empty for every realm
   * @param name of a user, option, origin, key or administrator; empty where there is none
   * @param value what it is; never an OAuth key or an administrator's password
   */
  record Row(String realm, String name, String value) {
    /** Without the value, which may be a secret. */
    @Override
    public String toString() {
      return "Row[" + realm + ", " + name + "]";
    }
  }

  /** More than any configuration file should hold. */
  private static final int ROWS_MAX = 100_000;

  static CoturnDatabase read(Path file) throws StartFailure {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw StartFailure.configuration(file + ": no database that can be read");
    }
    SQLiteConfig config = new SQLiteConfig();
    config.setReadOnly(true);
    try (Connection connection = config.createConnection("jdbc:sqlite:" + file)) {
      Set<String> tables = tables(connection);
      if (!tables.contains("turnusers_lt")) {
        throw StartFailure.configuration(file + ": no database of coturn's: no turnusers_lt in it");
      }
      Reader reader = new Reader(connection, tables);
      return new CoturnDatabase(
          reader.rows("turnusers_lt", "realm", "name", "hmackey"),
          reader.rows("turn_secret", "realm", "''", "value"),
          reader.rows("allowed_peer_ip", "realm", "''", "ip_range"),
          reader.rows("denied_peer_ip", "realm", "''", "ip_range"),
          reader.rows("turn_realm_option", "realm", "opt", "value"),
          reader.rows("turn_origin_to_realm", "realm", "origin", "''"),
          reader.rows("oauth_key", "realm", "kid", "''"),
          reader.rows("admin_user", "realm", "name", "''"));
    } catch (SQLException broken) {
      throw new StartFailure(
          StartFailure.Kind.CONFIGURATION,
          file
              + ": cannot be read as SQLite: "
              + SafeText.excerpt(String.valueOf(broken.getMessage()), 200),
          broken);
    }
  }

  private static Set<String> tables(Connection connection) throws SQLException {
    Set<String> tables = new HashSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery("SELECT name FROM sqlite_master WHERE type = 'table'")) {
      while (result.next()) {
        tables.add(result.getString(1));
      }
    }
    return tables;
  }

  private record Reader(Connection connection, Set<String> tables) {
    /** The names are ours, never of the database. */
    List<Row> rows(String table, String realm, String name, String value)
        throws SQLException, StartFailure {
      List<Row> rows = new ArrayList<>();
      if (!tables.contains(table)) {
        return rows;
      }
      String query = "SELECT " + realm + ", " + name + ", " + value + " FROM " + table;
      try (Statement statement = connection.createStatement();
          ResultSet result = statement.executeQuery(query + " ORDER BY 1, 2, 3")) {
        while (result.next()) {
          if (rows.size() == ROWS_MAX) {
            throw StartFailure.configuration(table + ": more than " + ROWS_MAX + " entries");
          }
          rows.add(new Row(text(result, 1), text(result, 2), text(result, 3)));
        }
      }
      return rows;
    }

    private static String text(ResultSet result, int column) throws SQLException {
      String text = result.getString(column);
      return text == null ? "" : text.strip();
    }
  }
}
