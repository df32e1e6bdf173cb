package puente.launcher.e2e;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A database of a test's own, with coturn's tables, on a free port of 127.0.0.1; its files are in a
 * directory that goes with it.
 */
final class DatabaseServer implements AutoCloseable {

  /** The kinds that coturn and we know; each with coturn's option and setting. */
  enum Kind {
    SQLITE("-b", "userdb"),
    POSTGRESQL("-e", "psql-userdb"),
    MARIADB("-M", "mysql-userdb"),
    REDIS("-N", "redis-userdb");

    final String option;
    final String setting;

    Kind(String option, String setting) {
      this.option = option;
      this.setting = setting;
    }
  }

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String PASSWORD = "geheim";

  /** As coturn's packages ship it. */
  private static final Path SCHEMA = Path.of("/usr/share/coturn/schema.sql");

  final Kind kind;
  private final Path folder;
  private final int port;
  private @Nullable Program program;

  private DatabaseServer(Kind kind, Path folder) {
    this.kind = kind;
    this.folder = folder;
    port = Ports.free(1);
  }

  /** Starts one; the test is left out, loudly, where its programs are missing. */
  static DatabaseServer start(Kind kind) throws IOException {
    Program.require("turnadmin");
    // Not under target/: another account than ours must be able to go there.
    Path folder = Files.createTempDirectory("puente-db");
    DatabaseServer server = new DatabaseServer(kind, folder);
    switch (kind) {
      case SQLITE -> {}
      case POSTGRESQL -> server.startPostgres();
      case MARIADB -> server.startMariadb();
      case REDIS -> server.startRedis();
    }
    return server;
  }

  /** What stands in the configuration and after turnadmin's option. */
  String words() {
    return switch (kind) {
      case SQLITE -> folder.resolve("turndb").toString();
      case POSTGRESQL ->
          "host=127.0.0.1 port=" + port + " dbname=postgres user=turn connect_timeout=2";
      case MARIADB ->
          "host=127.0.0.1 port="
              + port
              + " dbname=coturn user=turn password="
              + PASSWORD
              + " connect_timeout=2 read_timeout=2";
      case REDIS -> "ip=127.0.0.1 dbname=2 port=" + port + " connect_timeout=2";
    };
  }

  /** coturn's own tool on this database; what it printed. */
  String turnadmin(String... arguments) {
    List<String> command = new ArrayList<>(List.of("turnadmin", kind.option, words()));
    command.addAll(Arrays.asList(arguments));
    return run(command);
  }

  private static Path postgres(String name) {
    try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
      return versions
          .map(version -> version.resolve("bin").resolve(name))
          .filter(Files::isExecutable)
          .max(Comparator.naturalOrder())
          .orElse(Path.of("/usr/lib/postgresql/bin", name));
    } catch (IOException none) {
      return Path.of("/usr/lib/postgresql/bin", name);
    }
  }

  private void startPostgres() throws IOException {
    Program.require(postgres("initdb").toString(), "psql");
    Path data = folder.resolve("data");
    give("postgres");
    run(
        as(
            "postgres",
            postgres("initdb").toString(),
            "-D",
            "" + data,
            "-A",
            "trust",
            "-N",
            "-U",
            "turn"));
    startAgain();
    run(
        List.of(
            "psql",
            "-h",
            "127.0.0.1",
            "-p",
            "" + port,
            "-U",
            "turn",
            "-q",
            "-f",
            "" + SCHEMA,
            "postgres"));
  }

  private void startMariadb() throws IOException {
    Program.require("mariadb-install-db", "mariadb");
    give("mysql");
    run(
        as(
            "mysql",
            "mariadb-install-db",
            "--no-defaults",
            "--datadir=" + folder.resolve("data"),
            "--auth-root-authentication-method=normal",
            "--skip-test-db"));
    startAgain();
    String sql =
        "CREATE DATABASE coturn; CREATE USER turn@'127.0.0.1' IDENTIFIED BY '"
            + PASSWORD
            + "'; CREATE USER turn@localhost IDENTIFIED BY '"
            + PASSWORD
            + "'; GRANT ALL ON coturn.* TO turn@'127.0.0.1'; GRANT ALL ON coturn.* TO"
            + " turn@localhost; USE coturn; "
            + Files.readString(SCHEMA);
    run(
        List.of(
            "mariadb",
            "--no-defaults",
            "-S",
            "" + folder.resolve("socket"),
            "-u",
            "root",
            "-e",
            sql));
  }

  private void startRedis() {
    Program.require("redis-server");
    startAgain();
  }

  /** As it was before it ended; waits until it answers. */
  void startAgain() {
    Path data = folder.resolve("data");
    List<String> command =
        switch (kind) {
          case SQLITE -> throw new IllegalStateException("a file");
          case POSTGRESQL ->
              as(
                  "postgres",
                  postgres("postgres").toString(),
                  "-D",
                  "" + data,
                  "-h",
                  "127.0.0.1",
                  "-p",
                  "" + port,
                  "-k",
                  "" + folder,
                  "-F",
                  "-c",
                  "shared_buffers=8MB");
          case MARIADB ->
              as(
                  "mysql",
                  "/usr/sbin/mariadbd",
                  "--no-defaults",
                  "--datadir=" + data,
                  "--socket=" + folder.resolve("socket"),
                  "--bind-address=127.0.0.1",
                  "--port=" + port,
                  "--skip-log-bin",
                  "--innodb-buffer-pool-size=8M",
                  "--innodb-flush-log-at-trx-commit=0");
          case REDIS ->
              List.of(
                  "redis-server",
                  "--bind",
                  "127.0.0.1",
                  "--port",
                  "" + port,
                  "--dir",
                  "" + folder,
                  "--save",
                  "900 1");
        };
    Program started = Program.start(new ProcessBuilder(command), folder.resolve("server.log"));
    program = started;
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!answers()) {
      if (started.endsWithin(Duration.ofMillis(50)) || System.nanoTime() > deadline) {
        throw new AssertionError(kind + " did not start\n" + started.output());
      }
    }
  }

  private boolean answers() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), 500);
    } catch (IOException notYet) {
      return false;
    }
    return switch (kind) {
      case SQLITE -> true;
      case POSTGRESQL ->
          succeeds(
              "psql",
              "-h",
              "127.0.0.1",
              "-p",
              "" + port,
              "-U",
              "turn",
              "-c",
              "SELECT 1",
              "postgres");
      case MARIADB ->
          succeeds(
              "mariadb",
              "--no-defaults",
              "-S",
              "" + folder.resolve("socket"),
              "-u",
              "root",
              "-e",
              "SELECT 1");
      case REDIS -> true;
    };
  }

  /** It is gone, in order, with what it was told. */
  void stop() {
    Program running = program;
    if (running != null) {
      running.signal(kind == Kind.POSTGRESQL ? "INT" : "TERM");
      if (!running.endsWithin(LIMIT)) {
        throw new AssertionError(kind + " did not stop");
      }
    }
  }

  /** Servers refuse to run as root; whoever else runs the tests is good enough. */
  private static List<String> as(String account, String... command) {
    List<String> all = new ArrayList<>();
    if (isRoot()) {
      all.addAll(List.of("setpriv", "--reuid=" + account, "--regid=" + account, "--clear-groups"));
    }
    all.addAll(Arrays.asList(command));
    return all;
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private void give(String account) {
    if (isRoot()) {
      run(List.of("chown", account, folder.toString()));
    }
  }

  private boolean succeeds(String... command) {
    Program asked = Program.start(folder.resolve("ask.out"), command);
    return asked.finish(LIMIT).exit() == 0;
  }

  private String run(List<String> command) {
    Program.Finished finished =
        Program.start(new ProcessBuilder(command), folder.resolve("run.out")).finish(LIMIT);
    if (finished.exit() != 0) {
      throw new AssertionError(command.getFirst() + ": " + finished.output());
    }
    return finished.output();
  }

  @Override
  public void close() throws IOException {
    Program running = program;
    if (running != null) {
      running.close();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
