package puente.users;

import com.zaxxer.hikari.HikariConfig;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.RedisOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.sqlite.SQLiteConfig;

/** Opens databases as coturn's settings name them; a database that is down is opened all the same. */
public final class Databases {

  /** What may ask a database at a time. */
  private static final int CONNECTIONS = 8;

  /** SQLite reads from its page cache: more would only wait for each other. */
  private static final int CONNECTIONS_SQLITE = 2;

  private static final int CONNECT_SECONDS = 5;
  private static final int PORT_MAX = 65_535;

  /** Longer than a lock of another writer is held. */
  private static final int SQLITE_BUSY_MS = 3000;

  private Databases() {}

  /**
   * {@code userdb}: a file.
   *
   * @param toWrite whether entries are to be changed; the file and its tables are made then
   */
  public static UserDatabase sqlite(Path file, boolean toWrite) throws DatabaseFailure {
    if (!toWrite && (!Files.isReadable(file) || Files.isDirectory(file))) {
      throw new DatabaseFailure(file + ": no database that can be read");
    }
    if (toWrite) {
      makePrivate(file);
    }
    SQLiteConfig config = new SQLiteConfig();
    config.setReadOnly(!toWrite);
    config.setBusyTimeout(SQLITE_BUSY_MS);
    HikariConfig pool = pool(toWrite ? 1 : CONNECTIONS_SQLITE, CONNECT_SECONDS);
    pool.setReadOnly(!toWrite);
    pool.setJdbcUrl("jdbc:sqlite:" + file);
    pool.setDataSourceProperties(config.toProperties());
    SqlDatabase database = new SqlDatabase(file.toString(), file, pool);
    try {
      if (toWrite) {
        database.makeTables();
      } else if (database.rows(Table.OPTIONS).isEmpty()) {
        // The first word with it: what is no database shows.
        database.key("", "");
      }
      return database;
    } catch (DatabaseFailure broken) {
      database.close();
      throw broken;
    }
  }

  /** SQLite would let everybody read the keys in a file that it makes. */
  private static void makePrivate(Path file) throws DatabaseFailure {
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (FileAlreadyExistsException there) {
      // It has its owner's permissions.
    } catch (IOException unwritable) {
      throw new DatabaseFailure(file + ": cannot be made", unwritable);
    }
  }

  /**
   * {@code psql-userdb}: words of libpq, or a URI.
   *
   * @throws IllegalArgumentException if that is no connection string
   */
  public static UserDatabase postgresql(String text) {
    ConnectionText words = ConnectionText.parse(text);
    String host = words.word("host", "localhost");
    if (host.startsWith("/")) {
      throw new IllegalArgumentException("host is a directory of sockets; give a host of TCP");
    }
    String database = words.word("dbname", words.word("user", "coturn"));
    int port = words.number("port", 5432, PORT_MAX);
    int seconds = words.number("connect_timeout", CONNECT_SECONDS, 3600);
    HikariConfig pool = pool(CONNECTIONS, seconds);
    pool.setJdbcUrl("jdbc:postgresql://" + bracketed(host) + ":" + port + "/" + encoded(database));
    Properties properties = new Properties();
    put(properties, "user", words, "user");
    put(properties, "password", words, "password");
    for (String name : new String[] {"sslmode", "sslrootcert", "sslcert", "sslkey"}) {
      put(properties, name, words, name);
    }
    properties.setProperty("connectTimeout", Integer.toString(seconds));
    properties.setProperty("socketTimeout", Integer.toString(2 * seconds));
    properties.setProperty("ApplicationName", words.word("application_name", "puente"));
    pool.setDataSourceProperties(properties);
    return new SqlDatabase("postgresql " + words, pool);
  }

  /**
   * {@code mysql-userdb}.
   *
   * @throws IllegalArgumentException if that is no connection string
   */
  public static UserDatabase mysql(String text) {
    ConnectionText words = ConnectionText.parse(text);
    int seconds = words.number("connect_timeout", CONNECT_SECONDS, 3600);
    int port = words.number("port", 3306, PORT_MAX);
    HikariConfig pool = pool(CONNECTIONS, seconds);
    pool.setJdbcUrl(
        "jdbc:mariadb://"
            + bracketed(words.word("host", "localhost"))
            + ":"
            + port
            + "/"
            + encoded(words.word("dbname", "coturn")));
    Properties properties = new Properties();
    put(properties, "user", words, "user");
    put(properties, "password", words, "password");
    put(properties, "localSocket", words, "unix_socket");
    if (words.find("ca").isPresent()) {
      properties.setProperty("sslMode", "verify-full");
      put(properties, "serverSslCert", words, "ca");
    }
    properties.setProperty("connectTimeout", Integer.toString(1000 * seconds));
    int read = words.number("read_timeout", 2 * seconds, 3600);
    properties.setProperty("socketTimeout", Integer.toString(1000 * read));
    pool.setDataSourceProperties(properties);
    return new SqlDatabase("mysql " + words, pool);
  }

  /**
   * {@code redis-userdb}.
   *
   * @throws IllegalArgumentException if that is no connection string
   */
  public static UserDatabase redis(String text) {
    ConnectionText words = ConnectionText.parse(text);
    int seconds = words.number("connect_timeout", CONNECT_SECONDS, 3600);
    int port = words.number("port", 6379, PORT_MAX);
    String database = words.word("dbname", "0");
    if (!database.matches("[0-9]{1,4}")) {
      throw new IllegalArgumentException("dbname is not a number");
    }
    RedisOptions options =
        new RedisOptions()
            .setConnectionString(
                "redis://"
                    + bracketed(words.word("host", "127.0.0.1"))
                    + ":"
                    + port
                    + "/"
                    + database)
            .setNetClientOptions(new NetClientOptions().setConnectTimeout(1000 * seconds))
            .setMaxPoolSize(CONNECTIONS)
            .setMaxPoolWaiting(1024)
            .setMaxWaitingHandlers(4096);
    words.find("user").ifPresent(options::setUser);
    words.find("password").ifPresent(options::setPassword);
    return new RedisDatabase("redis " + words, options, 2000 * seconds);
  }

  /**
   * Where a database is, that nobody may relay to; empty if its name is not known here.
   *
   * @param port where it is when the words name none
   */
  public static List<InetSocketAddress> endpoints(String text, int port) {
    ConnectionText words = ConnectionText.parse(text);
    int actual = words.number("port", port, PORT_MAX);
    List<InetSocketAddress> endpoints = new ArrayList<>();
    try {
      for (InetAddress address : InetAddress.getAllByName(words.word("host", "localhost"))) {
        endpoints.add(new InetSocketAddress(address, actual));
      }
    } catch (UnknownHostException unknown) {
      // Who wants to reach it has to know its address as well.
    }
    return endpoints;
  }

  private static HikariConfig pool(int connections, int seconds) {
    HikariConfig pool = new HikariConfig();
    pool.setMaximumPoolSize(connections);
    pool.setConnectionTimeout(1000L * Math.clamp(seconds, 1, 30));
    pool.setValidationTimeout(1000L * Math.clamp(seconds, 1, 5));
    pool.setIdleTimeout(60_000);
    return pool;
  }

  private static void put(Properties into, String name, ConnectionText words, String word) {
    words.find(word).ifPresent(text -> into.setProperty(name, text));
  }

  private static String bracketed(String host) {
    return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
