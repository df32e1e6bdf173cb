package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** RFC 8489 §10: clients are sent to those of the other servers that answer. */
@Tag("e2e")
@Timeout(180)
class AlternateServersTest {
  private static final int ALTERNATE_SERVER = 0x8023;
  private static final String UP = "puente_alternate_server_up{";
  private static final int CLIENTS = 6;

  @BeforeEach
  void ours() {
    org.junit.jupiter.api.Assumptions.assumeTrue(ServerProcess.isPuente());
  }

  /** RFC 8489 §10: nobody is sent to a server that is gone, and all are served when all are. */
  @Test
  void nobodyIsSentToADeadServer() throws Exception {
    try (var one = ServerProcess.start("alternate-one");
        var two = ServerProcess.start("alternate-two");
        var server =
            ServerProcess.start(
                "alternate-from",
                "alternate-check-interval=1s",
                "alternate-check-timeout=1s",
                "alternate-check-fall=2",
                "alternate-server=127.0.0.1:" + one.port,
                "alternate-server=127.0.0.1:" + two.port,
                "tls-alternate-server=127.0.0.1:" + one.tlsPort,
                "tls-alternate-server=127.0.0.1:" + two.tlsPort)) {
      awaitAnswers(server, one);
      awaitAnswers(server, two);
      assertEquals(Set.of(one.port, two.port), toldTo(server, false));
      assertEquals(Set.of(one.tlsPort, two.tlsPort), toldTo(server, true));

      one.kill();
      awaitOut(server, one);
      assertEquals(Set.of(two.port), toldTo(server, false));
      assertEquals(Set.of(two.tlsPort), toldTo(server, true));
      assertEquals(0, server.metric("puente_alternate_servers_all_out_total", ""));
      var detail = server.get("/api/v1/nodes/self");
      assertTrue(detail.contains("\"down\""), detail);

      two.kill();
      awaitOut(server, two);
      assertEquals(1, server.metric("puente_alternate_servers_all_out_total", ""));
      TurnClient.udp(server).allocate();
      TurnClient.tls(server).allocate();
      Admission.awaits("an alert", () -> server.get("/api/v1/alerts").contains("alternates-out"));

      two.startAgain();
      Admission.awaits("two is in again", () -> server.metric(UP, ":" + two.port + "\"") == 2);
      assertEquals(Set.of(two.port), toldTo(server, false));
      assertTrue(server.log().contains("event=alternate-server-out"), server.log());
      assertTrue(server.log().contains("event=alternate-server-in"), server.log());
    }
  }

  private static void awaitAnswers(ServerProcess server, ServerProcess other) throws Exception {
    for (var transport : new String[] {"udp", "tcp", "tls", "dtls"}) {
      int port = transport.contains("tls") ? other.tlsPort : other.port;
      var labels = "result=\"answered\",server=\"127.0.0.1:" + port + "\",transport=\"" + transport;
      Admission.awaits(
          labels, () -> server.metric("puente_alternate_server_checks_total{", labels) > 0);
    }
  }

  private static void awaitOut(ServerProcess server, ServerProcess other) throws Exception {
    Admission.awaits(
        "out",
        () ->
            server.metric(UP, ":" + other.port + "\"") == 0
                && server.metric(UP, ":" + other.tlsPort + "\"") == 0);
  }

  /** Where some clients of one transport are sent. */
  private static Set<Integer> toldTo(ServerProcess server, boolean secure) throws Exception {
    Set<Integer> told = new TreeSet<>();
    for (int i = 0; i < CLIENTS; i++) {
      try (var client = secure ? TurnClient.tls(server) : TurnClient.udp(server)) {
        var answer = Admission.allocate(client);
        assertEquals(300, Admission.code(answer));
        var address = Stun.attribute(answer, ALTERNATE_SERVER);
        told.add(ByteBuffer.wrap(address).getShort(2) & 0xFFFF);
      }
    }
    return told;
  }
}
