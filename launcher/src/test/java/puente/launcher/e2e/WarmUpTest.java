package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that nobody uses yet rehearses, where nobody sees it. */
@Tag("e2e")
@Timeout(120)
class WarmUpTest {

  @BeforeEach
  void ours() {
    assumeTrue(ServerProcess.isPuente());
  }

  /** All of it is played, nothing of it counts, and nothing is left of it. */
  @Test
  void rehearsesUnseen() throws Exception {
    Path temporary = Files.createTempDirectory("warm-up");
    List<String> options = List.of("-Djava.io.tmpdir=" + temporary);
    try (var server = ServerProcess.startWith(options, "warm-up", "warm-up=yes")) {
      while (lines(server, "event=warmed-up") == 0) {
        assertEquals(0, server.metric("puente_turn_allocations_created_total", ""));
      }
      assertEquals(0, server.metric("puente_turn_allocations_created_total", ""));
      assertEquals(0, server.metric("puente_turn_relay_bytes_total", ""));
      assertEquals(1, lines(server, "event=started"), server.log());
      try (var left = Files.list(temporary)) {
        assertEquals(List.of(), left.filter(WarmUpTest::isRehearsals).toList());
      }
    }
  }

  /** They have been told where the server is before: after a restart they are there at once. */
  @Test
  void clientsComeFirst() throws Exception {
    try (var server = ServerProcess.start("warm-up-busy", "warm-up=yes", "log-min-level=debug");
        var client = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      var binding = Stun.request(Stun.BINDING).bytes();
      var answer = new DatagramPacket(new byte[2048], 2048);
      client.setSoTimeout(5000);
      while (lines(server, "event=warm-up-left") == 0) {
        assertFalse(server.log().contains("event=warmed-up"), server.log());
        for (int i = 0; i < 100; i++) {
          client.send(new DatagramPacket(binding, binding.length, server.address()));
          client.receive(answer);
        }
      }
    }
  }

  private static boolean isRehearsals(Path file) {
    return file.getFileName().toString().startsWith("puente-rehearsal");
  }

  private static long lines(ServerProcess server, String event) {
    return server.log().lines().filter(line -> line.contains(event)).count();
  }
}
