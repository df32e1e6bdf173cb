package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import puente.users.Databases;
import puente.users.Row;
import puente.users.Table;
import puente.users.UserDatabase;

/** puente user, secret, realm and peer-rule, as turnadmin does it. */
class UserCommandsTest {

  @TempDir Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private String input = "";

  @BeforeEach
  void configuration() throws Exception {
    Files.writeString(
        directory.resolve("puente.conf"), "realm=example.org\nuserdb=" + file() + "\n");
  }

  private Path file() {
    return directory.resolve("turndb");
  }

  private int run(String... words) {
    out.reset();
    err.reset();
    Surroundings surroundings =
        new Surroundings(Map.of(), stream(out), stream(err), directory, Clock.systemUTC());
    CommandLine line = Puente.commandLine(surroundings, (config, state, holder) -> startsNothing());
    line.addSubcommand(
        "user2",
        UserCommand.of(
            surroundings, new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8))));
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("-c", directory.resolve("puente.conf").toString()));
    all.add("--state-dir=" + directory.resolve("state"));
    return Puente.run(line, surroundings, all.toArray(String[]::new));
  }

  private static RunningNode startsNothing() {
    throw new AssertionError("nothing is started");
  }

  private static PrintStream stream(ByteArrayOutputStream into) {
    return new PrintStream(into, true, StandardCharsets.UTF_8);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private List<Row> rows(Table table) throws Exception {
    try (UserDatabase database = Databases.sqlite(file(), false)) {
      return database.rows(table);
    }
  }

  @Test
  void usersComeAndGo() throws Exception {
    assertEquals(0, run("user", "add", "ana", "--password", "secreto"));
    // The digest that coturn makes: MD5 of ana:example.org:secreto.
    List<Row> rows = rows(Table.USERS);
    assertEquals("md5", 32, rows.getFirst().value().length());
    String first = rows.getFirst().value();
    input = "otro\n";
    assertEquals(0, run("user2", "add", "ana", "--password-stdin", "--sha256"));
    assertEquals(96, rows(Table.USERS).getFirst().value().length());
    assertFalse(rows(Table.USERS).getFirst().value().startsWith(first));
    assertEquals(0, run("user", "add", "eva", "--realm", "a.example"));
    assertTrue(out().contains("password "), out());
    assertEquals(0, run("user", "list"));
    assertEquals("ana\texample.org\neva\ta.example\n", sorted(out()));
    assertEquals(0, run("user", "list", "--realm", "a.example"));
    assertEquals("eva\ta.example\n", out());
    assertEquals(0, run("user", "remove", "ana"));
    assertEquals(1, run("user", "remove", "ana"));
    assertTrue(err.toString(StandardCharsets.UTF_8).contains("there is no user ana"));
    assertEquals(1, rows(Table.USERS).size());
  }

  private static void assertEquals(String what, int expected, int actual) {
    org.junit.jupiter.api.Assertions.assertEquals(expected, actual, what);
  }

  private static void assertEquals(Object expected, Object actual) {
    org.junit.jupiter.api.Assertions.assertEquals(expected, actual);
  }

  private static String sorted(String lines) {
    return String.join("\n", lines.lines().sorted().toList()) + "\n";
  }

  @Test
  void secretsAreNotShownUnasked() throws Exception {
    assertEquals(0, run("secret", "add", "north-wind"));
    assertEquals(0, run("secret", "add"));
    assertTrue(out().contains("secret "), out());
    assertEquals(2, rows(Table.SECRETS).size());
    assertEquals(0, run("secret", "list"));
    assertFalse(out().contains("north-wind"), out());
    assertEquals(0, run("secret", "list", "--show-secrets"));
    assertTrue(out().contains("north-wind\texample.org"), out());
    assertEquals(0, run("secret", "remove", "north-wind"));
    assertEquals(1, rows(Table.SECRETS).size());
  }

  @Test
  void realmsHaveLimitsAndOrigins() throws Exception {
    assertEquals(0, run("realm", "add", "a.example", "--user-quota", "10", "--max-bps", "250000"));
    assertEquals(0, run("realm", "add", "a.example", "--origin", "https://App.a.example"));
    assertEquals(
        List.of(new Row("a.example", "https://app.a.example:443", "")), rows(Table.ORIGINS));
    assertEquals(0, run("realm", "add", "a.example", "--max-bps", "0"));
    assertEquals(0, run("realm", "list"));
    assertEquals("a.example\tuser-quota=10\torigin=https://app.a.example:443\n", out());
    assertEquals(2, run("realm", "add", "a.example"));
    assertEquals(0, run("realm", "remove", "a.example", "--origin", "https://app.a.example"));
    assertEquals(1, rows(Table.OPTIONS).size());
    assertEquals(0, run("realm", "remove", "a.example"));
    assertEquals(1, run("realm", "remove", "a.example"));
  }

  @Test
  void peerRules() throws Exception {
    assertEquals(0, run("peer-rule", "add", "deny", "203.0.113.0/24"));
    assertEquals(0, run("peer-rule", "add", "allow", "10.1.2.3", "--every-realm"));
    assertEquals(2, run("peer-rule", "add", "deny", "nonsense"));
    assertEquals(0, run("peer-rule", "list"));
    assertEquals("allow\t10.1.2.3\t(every realm)\ndeny\t203.0.113.0/24\texample.org\n", out());
    assertEquals(0, run("peer-rule", "remove", "deny", "203.0.113.0/24"));
    assertEquals(1, run("peer-rule", "remove", "deny", "203.0.113.0/24"));
  }

  /** Without a configured database there is one in the state directory. */
  @Test
  void theDatabaseOfNobodyElse() throws Exception {
    Files.writeString(directory.resolve("puente.conf"), "realm=example.org\n");
    assertEquals(0, run("user", "add", "ana"));
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(directory.resolve("state/turndb"))));
  }

  @Test
  void wrongWordsAreRefused() throws Exception {
    assertEquals(2, run("user", "add", "ana", "--password", ""));
    assertEquals(2, run("user", "add", "x".repeat(509)));
    Files.writeString(
        directory.resolve("puente.conf"),
        "userdb=" + file() + "\nredis-userdb=ip=127.0.0.1 password=hunter2\n");
    assertEquals(2, run("user", "list"));
    assertTrue(err.toString(StandardCharsets.UTF_8).contains("one user database"));
    Files.writeString(
        directory.resolve("puente.conf"), "redis-userdb=ip=127.0.0.1 pasword=hunter2\n");
    assertEquals(2, run("user", "list"));
    assertTrue(err.toString(StandardCharsets.UTF_8).contains("unknown word pasword"));
    assertFalse(err.toString(StandardCharsets.UTF_8).contains("hunter2"));
  }
}
