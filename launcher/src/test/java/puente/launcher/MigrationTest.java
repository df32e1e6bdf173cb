package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A configuration and a database of coturn's become a configuration of Puente's. */
class MigrationTest {
  private static final String KEY = "0123456789abcdef0123456789abcdef";

  @TempDir Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void coturn() throws IOException, SQLException {
    Files.writeString(
        directory.resolve("turnserver.conf"),
        """
        realm=example.org
        listening-port=3500
        static-auth-secret=north-wind
        userdb=/var/lib/turn/turndb
        psql-userdb=host=db
        prometheus-port=9700
        """);
    sql(
        // As coturn's schema.sql has them.
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
        "CREATE TABLE admin_user (name varchar(32), realm varchar(127), password varchar(127),"
            + " primary key (name))",
        "INSERT INTO turnusers_lt VALUES ('example.org', 'ana', '" + KEY + "')",
        "INSERT INTO turnusers_lt VALUES ('other.org', 'ben', '" + KEY + "')",
        "INSERT INTO turn_secret VALUES ('example.org', 'south-wind')",
        "INSERT INTO allowed_peer_ip VALUES ('', '10.0.0.7')",
        "INSERT INTO denied_peer_ip VALUES ('example.org', '10.0.0.0-10.255.255.255')",
        "INSERT INTO turn_origin_to_realm VALUES ('https://a.example', 'other.org')",
        "INSERT INTO turn_realm_option VALUES ('example.org', 'user-quota', '12')",
        "INSERT INTO turn_realm_option VALUES ('other.org', 'user-quota', '3')",
        "INSERT INTO admin_user VALUES ('root', '', '$5$hash')");
  }

  private void sql(String... statements) throws SQLException {
    String url = "jdbc:sqlite:" + directory.resolve("turndb");
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      for (String one : statements) {
        statement.executeUpdate(one);
      }
    }
  }

  private int migrate(String... arguments) {
    out.reset();
    err.reset();
    Surroundings surroundings =
        new Surroundings(
            Map.of(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            directory,
            Clock.systemUTC());
    String[] all = new String[arguments.length + 2];
    all[0] = "migrate";
    all[1] = "turnserver.conf";
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return Puente.run(surroundings, WiredNode.STARTER, all);
  }

  private String said() {
    return out.toString(StandardCharsets.UTF_8).replaceAll(" +", " ");
  }

  private String complained() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void theDatabaseComesAlong() throws Exception {
    assertEquals(0, migrate("--userdb", "turndb", "-o", "puente.conf"), this::complained);
    for (String line :
        List.of(
            "# line 4 userdb not needed its entries",
            "# line 5 psql-userdb not needed its entries",
            "# line 6 prometheus-port renamed prometheus-port is admin-port",
            "# turnusers_lt user kept\n",
            "# turnusers_lt user ben unsupported of realm other.org, this is example.org",
            "# turn_secret static-auth-secret kept\n",
            "# turn_realm_option user-quota kept\n",
            "# turn_realm_option user-quota unsupported of realm other.org",
            "# turn_origin_to_realm https://a.example unsupported ",
            "# admin_user root unsupported ")) {
      assertTrue(said().contains(line), line + "\n" + said());
    }
    for (String secret : List.of("north-wind", "south-wind", KEY, "$5$hash")) {
      assertFalse(said().contains(secret), secret);
    }
    Path written = directory.resolve("puente.conf");
    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(written)));
    Config config =
        ConfigLoader.load(
            new ConfigLoader.Sources(Optional.of(written), false, Map.of(), List.of(), directory));
    assertEquals(List.of(), config.warnings());
    assertEquals("example.org", config.value(Settings.REALM));
    assertEquals(9700, config.value(Settings.ADMIN_PORT));
    assertEquals(12, config.value(Settings.USER_QUOTA));
    assertEquals(List.of("north-wind", "south-wind"), config.all(Settings.STATIC_AUTH_SECRET));
    assertEquals(List.of("ana"), config.all(Settings.USER).stream().map(User::name).toList());
    assertEquals(1, config.all(Settings.ALLOWED_PEER_IP).size());
    assertEquals(1, config.all(Settings.DENIED_PEER_IP).size());
  }

  @Test
  void nothingIsWrittenOverUnlessTold() throws IOException {
    Path there = Files.writeString(directory.resolve("puente.conf"), "mine\n");
    assertEquals(2, migrate("-o", "puente.conf"));
    assertTrue(complained().contains("--force"), this::complained);
    assertEquals("mine\n", Files.readString(there));
    assertEquals(0, migrate("-o", "puente.conf", "--force"));
    assertTrue(Files.readString(there).contains("static-auth-secret=north-wind"));
  }

  @Test
  void aDatabaseThatIsNamedButNotGivenIsSaid() {
    assertEquals(0, migrate());
    assertTrue(complained().contains("--userdb"), this::complained);
  }

  @Test
  void whatIsNoDatabaseIsRefused() throws IOException, SQLException {
    assertEquals(2, migrate("--userdb", "nowhere"));
    assertEquals(2, migrate("--userdb", "turnserver.conf"));
    assertTrue(complained().contains("cannot be read as SQLite"), this::complained);
    sql("DROP TABLE turnusers_lt");
    assertEquals(2, migrate("--userdb", "turndb"));
    assertTrue(complained().contains("no database of coturn's"), this::complained);
  }

  /** A key that our users cannot have stops the writing, with its place. */
  @Test
  void aMalformedEntryStopsTheWriting() throws SQLException {
    sql("UPDATE turnusers_lt SET hmackey = 'abc' WHERE name = 'ana'");
    assertEquals(2, migrate("--userdb", "turndb", "-o", "puente.conf"));
    assertTrue(said().contains("# turnusers_lt user malformed a key is 0x"), this::said);
    assertFalse(Files.exists(directory.resolve("puente.conf")));
  }
}
