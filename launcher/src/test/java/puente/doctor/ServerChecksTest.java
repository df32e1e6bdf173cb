package puente.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.doctor.Findings.named;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import puente.doctor.Finding.Verdict;
import puente.net.Addresses;
import puente.stun.AttributeType;
import puente.stun.ErrorCode;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;

/** What a server or a network does wrong is found; e2e.DoctorTest looks at real servers. */
@Timeout(120)
class ServerChecksTest {
  /** Long enough for a busy machine where an answer comes; short where none is to come. */
  private static final int PATIENCE_MS = 10_000;

  private static final int SHORT_MS = 700;

  private static List<Finding> look(InetSocketAddress server, int patienceMs) {
    ServerChecks.Credential ana = new ServerChecks.Credential("ana", "pw");
    return new ServerChecks(
            new ServerChecks.Target(
                server.getAddress().getHostAddress(),
                server.getPort(),
                server.getPort(),
                Optional.of(seconds -> ana),
                List.of(),
                patienceMs),
            Instant.now())
        .findings();
  }

  private static MessageBuilder mapped(Message request, InetSocketAddress to) {
    return new MessageBuilder()
        .answer(MessageClass.SUCCESS, request)
        .xorAddress(AttributeType.XOR_MAPPED_ADDRESS, Addresses.of(to));
  }

  private static MessageBuilder refusal(Message request, ErrorCode error) {
    return new MessageBuilder()
        .answer(MessageClass.ERROR, request)
        .errorCode(error)
        .bytes(AttributeType.REALM, "example.org".getBytes(StandardCharsets.UTF_8))
        .bytes(AttributeType.NONCE, "0123456789".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void anUnknownNameIsSaid() {
    List<Finding> all =
        new ServerChecks(
                new ServerChecks.Target(
                    "nobody.invalid", 3478, 5349, Optional.empty(), List.of(), SHORT_MS),
                Instant.now())
            .findings();
    assertEquals(Verdict.PROBLEM, named(all, "name").verdict());
    assertEquals(1, all.size());
  }

  @Test
  void blockedUdpAndClosedTcpAreSaid() throws IOException {
    try (ScriptedServer silent = new ScriptedServer((request, asked, from) -> null)) {
      List<Finding> all = look(silent.open("127.0.0.1", 0), SHORT_MS);
      assertEquals(Verdict.PROBLEM, named(all, "udp").verdict());
      assertEquals(Verdict.PROBLEM, named(all, "stun udp").verdict());
      assertEquals(Verdict.PROBLEM, named(all, "turn tcp").verdict());
      assertEquals(Verdict.PROBLEM, named(all, "turn tls").verdict());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "UNAUTHORIZED,PROBLEM,refused",
    "ALLOCATION_QUOTA_REACHED,PROBLEM,quota",
    "INSUFFICIENT_CAPACITY,PROBLEM,no relay port",
    "TRY_ALTERNATE,WARNING,drains",
    "SERVER_ERROR,PROBLEM,500",
  })
  void aRefusedAllocationIsExplained(ErrorCode error, Verdict verdict, String words)
      throws IOException {
    ScriptedServer.Script script =
        (request, asked, from) ->
            request.method() == Method.BINDING
                ? mapped(request, from)
                : refusal(
                    request, request.has(AttributeType.USERNAME) ? error : ErrorCode.UNAUTHORIZED);
    try (ScriptedServer server = new ScriptedServer(script)) {
      Finding found = named(look(server.open("127.0.0.1", 0), PATIENCE_MS), "turn udp");
      assertEquals(verdict, found.verdict(), found::toString);
      assertTrue(found.detail().contains(words), found::toString);
    }
  }

  @Test
  void amplificationIsSaid() throws IOException {
    byte[] long1 = "x".repeat(600).getBytes(StandardCharsets.UTF_8);
    ScriptedServer.Script script =
        (request, asked, from) ->
            request.method() == Method.BINDING
                ? mapped(request, from)
                : refusal(request, ErrorCode.UNAUTHORIZED).bytes(AttributeType.SOFTWARE, long1);
    try (ScriptedServer server = new ScriptedServer(script)) {
      Finding found = named(look(server.open("127.0.0.1", 0), PATIENCE_MS), "authentication");
      assertEquals(Verdict.WARNING, found.verdict(), found::toString);
    }
  }

  /** RFC 5780 §4.3, §4.4: four endpoints that see us as a NAT of each kind would show us. */
  @ParameterizedTest
  @CsvSource({
    "0,0,0,GOOD,endpoint-independent",
    "0,1,1,WARNING,address-dependent",
    "0,1,2,WARNING,address- and port-dependent",
  })
  void mapping(int first, int second, int third, Verdict verdict, String words) throws IOException {
    int[] shift = {first, second, third};
    InetSocketAddress[] at = new InetSocketAddress[2];
    ScriptedServer.Script script =
        (request, asked, from) -> {
          if (request.has(AttributeType.CHANGE_REQUEST)) {
            return null;
          }
          boolean isFirst = asked.getAddress().equals(at[0].getAddress());
          int which = isFirst ? 0 : asked.getPort() == at[0].getPort() ? 1 : 2;
          InetSocketAddress seen = new InetSocketAddress("203.0.114.7", 20_000 + shift[which]);
          return mapped(request, seen).address(AttributeType.OTHER_ADDRESS, Addresses.of(at[1]));
        };
    try (ScriptedServer server = new ScriptedServer(script)) {
      at[1] = server.open("127.0.0.2", 0);
      at[0] = server.open("127.0.0.1", 0);
      server.open("127.0.0.2", at[0].getPort());
      List<Finding> all = new NatBehavior(at[0], SHORT_MS * 3).findings();
      Finding found = named(all, "nat mapping");
      assertEquals(verdict, found.verdict(), all::toString);
      assertEquals(words, found.detail());
      assertEquals("address- and port-dependent", named(all, "nat filtering").detail());
      assertEquals("no", named(all, "nat hairpin").detail());
    }
  }

  @Test
  void hiddenRelaysAreSeen() {
    InetAddress world = InetAddress.ofLiteral("203.0.114.7");
    assertTrue(RelayChecks.isHidden(world, InetAddress.ofLiteral("10.0.0.4")));
    assertFalse(RelayChecks.isHidden(world, InetAddress.ofLiteral("203.0.114.7")));
    assertFalse(
        RelayChecks.isHidden(InetAddress.ofLiteral("10.0.0.4"), InetAddress.ofLiteral("10.0.0.4")));
  }

  @Test
  void reportsAreForPeopleAndPrograms() {
    Report report =
        new Report(
            List.of(
                Finding.good(Finding.Part.SERVER, "name", "a is b"),
                Finding.problem(Finding.Part.HOST, "clock", "behind", "set it")));
    String text = report.text(false);
    assertTrue(text.contains("✖ clock"), text);
    assertTrue(text.contains("→ set it"), text);
    assertTrue(text.contains("1 problem, 0 warnings. Fix first: clock."), text);
    assertEquals(1, report.json().get("schemaVersion"));
    assertEquals(1L, report.json().get("problems"));
  }
}
