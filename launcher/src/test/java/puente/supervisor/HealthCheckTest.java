package puente.supervisor;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class HealthCheckTest {
  @TempDir Path state;

  @Test
  void repeatsWhatTheServerSays() throws Exception {
    assertEquals(
        "200 {\"status\":\"alive\"}",
        answered("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"status\":\"alive\"}"));
    assertEquals("503 stuck", answered("HTTP/1.1 503 No\r\n\r\nstuck"));
    assertEquals("what answers there is not Puente", answered("SSH-2.0-x\r\n"));
    assertEquals("what answers there is not Puente", answered(""));
  }

  @Test
  void saysWhyNobodyCouldBeAsked() throws IOException {
    assertTrue(HealthCheck.check(state).contains("NoSuchFile"), "no server has started yet");
    note("nonsense");
    assertTrue(HealthCheck.check(state).endsWith("not an address and a port"));
    note("127.0.0.1 port");
    assertTrue(HealthCheck.check(state).contains("NumberFormat"));
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      note("127.0.0.1 " + closed.getLocalPort());
    }
    assertTrue(HealthCheck.check(state).contains("refused"));
  }

  private String answered(String response) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      note("127.0.0.1 " + server.getLocalPort() + "\n");
      Thread answering = Thread.ofVirtual().start(() -> answer(server, response));
      String said = HealthCheck.check(state);
      answering.join();
      return said;
    }
  }

  private static void answer(ServerSocket server, String response) {
    try (Socket asker = server.accept()) {
      String request = new String(asker.getInputStream().readNBytes(22), US_ASCII);
      assertEquals("GET /healthz HTTP/1.1\r", request);
      asker.getOutputStream().write(response.getBytes(US_ASCII));
      asker.shutdownOutput();
      asker.getInputStream().readAllBytes();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  private void note(String text) throws IOException {
    Files.writeString(state.resolve(HealthCheck.FILE), text);
  }
}
