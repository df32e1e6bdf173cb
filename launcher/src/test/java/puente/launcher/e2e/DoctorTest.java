package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static puente.doctor.Findings.named;

import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import puente.doctor.Finding;
import puente.doctor.Finding.Verdict;
import puente.doctor.ServerChecks;

/** The doctor looks at real servers, in order and out of it. */
@Tag("e2e")
class DoctorTest {
  private static final int PATIENCE_MS = 10_000;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static List<Finding> look(ServerProcess server, ServerChecks.Credentials credentials) {
    return look("127.0.0.1", server, credentials);
  }

  private static List<Finding> look(
      String host, ServerProcess server, ServerChecks.Credentials credentials) {
    return new ServerChecks(
            new ServerChecks.Target(
                host,
                server.port,
                server.tlsPort,
                Optional.of(credentials),
                List.of(),
                PATIENCE_MS),
            Instant.now())
        .findings();
  }

  private static void is(Verdict verdict, List<Finding> all, String name, String words) {
    Finding found = named(all, name);
    assertEquals(verdict, found.verdict(), found::toString);
    assertTrue(found.detail().contains(words), found::toString);
  }

  /** Every transport, a round trip, NAT discovery, IPv6, and a loopback that is open by mistake. */
  @Test
  void aServerAndWhatItAllows() {
    assumeTrue(ServerProcess.isPuente(), "our secrets");
    try (var server = ServerProcess.start("doctor", "static-auth-secret=north-wind-and-sun")) {
      ServerChecks.Credential user =
          new ServerChecks.Credential(ServerProcess.USER, ServerProcess.PASSWORD);
      List<Finding> all = look(server, seconds -> user);
      for (String name : List.of("udp", "turn udp", "turn tcp", "turn tls", "turn dtls", "relay")) {
        assertEquals(Verdict.GOOD, named(all, name).verdict(), all::toString);
      }
      is(Verdict.GOOD, all, "authentication", "401");
      is(Verdict.GOOD, all, "relay ipv6", ":1]");
      is(Verdict.WARNING, all, "tls chain", "self-signed");
      is(Verdict.PROBLEM, all, "peers", "127.0.0.1");

      is(Verdict.GOOD, look("::1", server, seconds -> user), "ipv6", "answers");

      ServerChecks.Credential wrong = new ServerChecks.Credential("user", "mistaken");
      is(Verdict.PROBLEM, look(server, seconds -> wrong), "turn udp", "401");
      // As a host makes them whose clock is an hour behind.
      is(
          Verdict.PROBLEM,
          look(server, seconds -> rest("north-wind-and-sun", seconds - 3600)),
          "turn udp",
          "clock is ahead");
    }
  }

  /** Warnings alone are no failure, unless it is asked for; here a certificate that nobody signed. */
  @Test
  void warningsCountWhereTheyAreToCount() {
    assumeTrue(ServerProcess.isPuente(), "our command");
    try (var server = ServerProcess.start("doctor-strict", "dtls=no")) {
      String[] words = {
        "doctor",
        "--server=127.0.0.1",
        "--port=" + server.port,
        "--tls-port=" + server.tlsPort,
        "--timeout=10",
        "--strict"
      };
      var strict = server.command("strict", words).finish(LIMIT);
      assertEquals(3, strict.exit(), strict::output);
      assertTrue(strict.output().contains("self-signed"), strict::output);
      assertTrue(strict.output().contains("no DTLS at UDP " + server.tlsPort), strict::output);
      assertTrue(strict.output().contains("transport=udp"), strict::output);
      var lenient = server.command("lenient", Arrays.copyOf(words, 5)).finish(LIMIT);
      assertEquals(0, lenient.exit(), lenient::output);
    }
  }

  private static ServerChecks.Credential rest(String secret, long seconds) {
    String user = Instant.now().getEpochSecond() + seconds + ":ana";
    try {
      var mac = javax.crypto.Mac.getInstance("HmacSHA1");
      mac.init(new javax.crypto.spec.SecretKeySpec(secret.getBytes(), "HmacSHA1"));
      String password = java.util.Base64.getEncoder().encodeToString(mac.doFinal(user.getBytes()));
      return new ServerChecks.Credential(user, password);
    } catch (java.security.GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }

  /** The command itself: an open relay is a problem, and its report is for programs, too. */
  @Test
  void anOpenRelayByTheCommandLine() throws Exception {
    assumeTrue(ServerProcess.isPuente(), "our command");
    try (var server =
        ServerProcess.bare(
                "doctor-open",
                "listening-ip=127.0.0.1",
                "listening-port=%PORT%",
                "no-tls",
                "min-port=%MIN%",
                "max-port=%MAX%",
                "no-auth")
            .ready()) {
      Path file = server.folder.resolve("doctor.conf");
      Files.writeString(
          file,
          "listening-ip=127.0.0.1\nlistening-port="
              + server.port
              + "\nno-tls\nmin-port="
              + server.relayPort
              + "\nmax-port="
              + (server.relayPort + 99)
              + "\nno-auth\ndetect-stun-server=none\nstate-dir="
              + server.folder.resolve("state")
              + "\n");
      var done =
          server
              .command("doctor", "doctor", "-c", file.toString(), "--ntp", "none", "--json")
              .finish(LIMIT);
      assertEquals(1, done.exit(), done::output);
      String text = done.output();
      JsonObject report = new JsonObject(text.substring(text.indexOf("{\n")));
      assertTrue(report.getInteger("problems") > 0, text);
      var findings = report.getJsonArray("findings").stream().map(JsonObject.class::cast).toList();
      assertTrue(
          findings.stream()
              .anyMatch(
                  one ->
                      one.getString("check").equals("authentication")
                          && one.getString("verdict").equals("problem")
                          && one.getString("fix").contains("no-auth")),
          text);
      for (String part : List.of("network", "server", "host", "cluster")) {
        assertTrue(findings.stream().anyMatch(one -> one.getString("part").equals(part)), text);
      }
    }
  }
}
