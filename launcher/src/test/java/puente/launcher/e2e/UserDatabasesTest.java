package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import puente.launcher.e2e.DatabaseServer.Kind;
import puente.turn.Credentials;
import puente.users.DatabaseLookup;
import puente.users.Databases;
import puente.users.Row;
import puente.users.Table;
import puente.users.UserDatabase;

/**
 * Databases that coturn's own turnadmin has filled, used as they are: who stands there comes in,
 * changes are seen while the server runs, and a database that dies takes nobody with it.
 */
@Tag("e2e")
class UserDatabasesTest {

  /** Only bounds failure: what is changed is seen within two seconds. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final String REALM = ServerProcess.REALM;

  @ParameterizedTest
  @EnumSource(Kind.class)
  void whatTurnadminMadeIsUsed(Kind kind) throws Exception {
    try (DatabaseServer database = DatabaseServer.start(kind)) {
      database.turnadmin("-a", "-u", "ana", "-r", REALM, "-p", "secreto");
      database.turnadmin("-s", "north-wind", "-r", REALM);
      database.turnadmin("-g", "--user-quota=2", "-r", REALM);
      database.turnadmin("-O", "-o", "https://App.example", "-r", "a.example");
      try (ServerProcess server = serve(database);
          UserDatabase ours = toWrite(database)) {
        clientsComeIn(server);
        changesAreSeen(server, database, ours);
        if (kind != Kind.SQLITE) {
          deathIsSurvived(server, database);
        } else {
          uclientRelays(server);
        }
      }
    }
  }

  private static ServerProcess serve(DatabaseServer database) {
    return ServerProcess.start(
        "userdb",
        database.kind.setting + "=" + database.words(),
        "userdb-refresh=1",
        // That SQLite's file was written is seen.
        "userdb-age=" + (database.kind == Kind.SQLITE ? 3600 : 1),
        "userdb-unknown-age=1",
        "rfc5766-channel-numbers",
        "unauthorized-ratelimit=no");
  }

  private static UserDatabase toWrite(DatabaseServer database) throws Exception {
    return switch (database.kind) {
      case SQLITE -> Databases.sqlite(Path.of(database.words()), true);
      case POSTGRESQL -> Databases.postgresql(database.words());
      case MARIADB -> Databases.mysql(database.words());
      case REDIS -> Databases.redis(database.words());
    };
  }

  private static void clientsComeIn(ServerProcess server) throws IOException {
    try (TurnClient ana = TurnClient.udp(server, "ana", "secreto");
        TurnClient second = TurnClient.udp(server, "ana", "secreto");
        TurnClient third = TurnClient.udp(server, "ana", "secreto")) {
      ana.allocate();
      ana.refresh(600);
      second.allocate();
      // user-quota of turn_realm_option.
      assertEquals(486, Admission.code(Admission.allocate(third)));
      ana.refresh(0);
      second.refresh(0);
    }
    assertEquals(401, Admission.codeFor(server, "ana", "wrong"));
    assertEquals(401, Admission.codeFor(server, "nobody", "secreto"));
    String name = Instant.now().plusSeconds(600).getEpochSecond() + ":eva";
    String password = Credentials.ephemeralPassword("north-wind", name);
    assertEquals(0, Admission.codeFor(server, name, password));
    assertEquals(0, Admission.codeFor(server, ServerProcess.USER, ServerProcess.PASSWORD));
  }

  private static void changesAreSeen(
      ServerProcess server, DatabaseServer database, UserDatabase ours) throws Exception {
    assertEquals(
        List.of(new Row("a.example", "https://app.example:443", "")), ours.rows(Table.ORIGINS));
    // What we write, coturn's tool reads.
    ours.put(Table.USERS, new Row(REALM, "leo", ours.key(REALM, "ana").orElseThrow()));
    assertTrue(database.turnadmin("-l", "-r", REALM).contains("leo"));
    assertEquals(0, Admission.codeFor(server, "ana", "secreto"));
    database.turnadmin("-a", "-u", "eva", "-r", REALM, "-p", "oculto");
    Admission.awaits("eva comes in", () -> Admission.codeFor(server, "eva", "oculto") == 0);
    whoIsGoneIsServedNoMore(server, database);
    assertTrue(ours.remove(Table.USERS, new Row(REALM, "leo", "")));
    assertFalse(ours.remove(Table.USERS, new Row(REALM, "leo", "")));

    try (TurnClient eva = TurnClient.udp(server, "eva", "oculto")) {
      eva.allocate();
      var peer = new java.net.InetSocketAddress("9.9.9.9", 4000);
      eva.permit(peer);
      ours.put(Table.DENIED_PEERS, new Row(REALM, "", "9.9.9.0/24"));
      Admission.awaits("the peer is denied", () -> refuses(() -> eva.permit(peer)));
      ours.put(Table.ALLOWED_PEERS, new Row("", "", "9.9.9.9"));
      Admission.awaits("the peer is allowed", () -> !refuses(() -> eva.permit(peer)));
      assertEquals(List.of(new Row("", "", "9.9.9.9")), ours.rows(Table.ALLOWED_PEERS));
      eva.refresh(0);
    }
    // Not eva: what is made just before the secret goes cannot be let go of, and counts.
    String name = Instant.now().plusSeconds(600).getEpochSecond() + ":nora";
    database.turnadmin("-s", "south-wind", "-r", REALM);
    String password = Credentials.ephemeralPassword("south-wind", name);
    Admission.awaits("another secret", () -> Admission.codeFor(server, name, password) == 0);
    database.turnadmin("-X", "south-wind", "-r", REALM);
    Admission.awaits("a secret less", () -> Admission.codeFor(server, name, password) == 401);
    ours.put(Table.OPTIONS, new Row(REALM, "user-quota", "3"));
    ours.put(Table.OAUTH_KEYS, new Row(REALM, "kid", "MTIzNDU2Nzg5MDEyMzQ1Ng==:A128GCM:7:8"));
    assertEquals(
        List.of(new Row(REALM, "kid", "MTIzNDU2Nzg5MDEyMzQ1Ng==:A128GCM:7:8")),
        ours.rows(Table.OAUTH_KEYS));
    assertEquals("3", ours.rows(Table.OPTIONS).getFirst().value());
    assertTrue(new DatabaseLookup(ours).place().length() > 3);
  }

  /** What ana and eva have ends, though they say nothing; leo has the key that ana had. */
  private static void whoIsGoneIsServedNoMore(ServerProcess server, DatabaseServer database)
      throws Exception {
    try (TurnClient ana = TurnClient.udp(server, "ana", "secreto");
        TurnClient eva = TurnClient.udp(server, "eva", "oculto");
        TurnClient own = TurnClient.udp(server, ServerProcess.USER, ServerProcess.PASSWORD)) {
      ana.allocate();
      eva.allocate();
      own.allocate();
      double before = ended(server);
      database.turnadmin("-d", "-u", "ana", "-r", REALM);
      Admission.awaits("ana's ends", () -> ended(server) == before + 1);
      assertEquals(401, Admission.codeFor(server, "ana", "secreto"));
      database.turnadmin("-a", "-u", "eva", "-r", REALM, "-p", "nuevo");
      Admission.awaits("eva's ends", () -> ended(server) == before + 2);
      database.turnadmin("-a", "-u", "eva", "-r", REALM, "-p", "oculto");
      Admission.awaits("eva is back", () -> Admission.codeFor(server, "eva", "oculto") == 0);
      own.refresh(0);
    }
  }

  private static double ended(ServerProcess server) throws Exception {
    return server.metric("puente_turn_allocations_closed_total", "reason=\"admin\"");
  }

  /** Who is there goes on, who is new is told to try again; and all is well when it is back. */
  private static void deathIsSurvived(ServerProcess server, DatabaseServer database)
      throws Exception {
    try (TurnClient eva = TurnClient.udp(server, "eva", "oculto")) {
      eva.allocate();
      database.stop();
      Admission.awaits("it is seen", () -> server.metric("puente_user_sources", "silent") == 1);
      Admission.awaits("who is new must wait", () -> Admission.codeFor(server, "iris", "x") == 500);
      eva.refresh(600);
      assertTrue(server.log().contains("event=users-unreachable"), server.log());
      assertFalse(server.log().contains("geheim"), "a password in the log");
      database.startAgain();
      Admission.awaits("it is back", () -> server.metric("puente_user_sources", "answers") == 1);
      eva.refresh(0);
    }
    database.turnadmin("-a", "-u", "iris", "-r", REALM, "-p", "lirio");
    Admission.awaits("who is new comes in", () -> Admission.codeFor(server, "iris", "lirio") == 0);
    assertTrue(server.log().contains("event=users-reachable"), server.log());
  }

  private static void uclientRelays(ServerProcess server) throws Exception {
    Program.require("turnutils_uclient");
    try (UdpEcho echo = new UdpEcho("127.0.0.1")) {
      List<String> command =
          List.of(
              ("turnutils_uclient -n 20 -c -u eva -w oculto -p "
                      + server.port
                      + " -e 127.0.0.1 -r "
                      + echo.port()
                      + " 127.0.0.1")
                  .split(" "));
      Program.Finished finished =
          Program.start(server.folder.resolve("uclient.out"), command.toArray(String[]::new))
              .finish(LIMIT);
      assertTrue(
          finished.output().contains("tot_send_msgs=20, tot_recv_msgs=20"), finished.output());
    }
  }

  private static boolean refuses(Runnable request) {
    try {
      request.run();
      return false;
    } catch (AssertionError refused) {
      return String.valueOf(refused.getMessage()).contains("403");
    }
  }
}
