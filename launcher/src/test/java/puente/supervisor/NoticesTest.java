package puente.supervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import puente.net.NotifySocket;
import puente.net.UnixSocket;

/** What systemd is told, heard by a foreign program at the other end, since Java has no such socket. */
@Tag("e2e")
@Timeout(120)
class NoticesTest {
  private static final Path PYTHON = Path.of("/usr/bin/python3");
  private static final String LISTENER =
      """
      import socket, sys
      listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      listening.bind(sys.argv[1].replace('@', '\\0', 1) if sys.argv[1][0] == '@' else sys.argv[1])
      print('bound', flush=True)
      while True:
          print(listening.recv(4096).decode().split('\\n')[0], flush=True)
      """;

  @TempDir Path folder;

  @Test
  void isToldOfTheStartTheHealthAndTheEnd() throws Exception {
    hears(folder.resolve("notify").toString());
  }

  /** As under systemd in a container. */
  @Test
  void isToldUnderAnAbstractName() throws Exception {
    hears("@puente-test-" + ProcessHandle.current().pid());
  }

  private void hears(String address) throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(PYTHON) && UnixSocket.isUsable());
    Process listener =
        new ProcessBuilder(PYTHON.toString(), "-c", LISTENER, address)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader heard = listener.inputReader()) {
      assertEquals("bound", heard.readLine());
      Notices manager = Notices.of(Map.of("NOTIFY_SOCKET", address, "WATCHDOG_USEC", "40000"));
      manager.serving();
      assertEquals("READY=1", heard.readLine());
      assertEquals("WATCHDOG=1", heard.readLine());
      assertEquals("WATCHDOG=1", heard.readLine());
      manager.stopping();
      String line = heard.readLine();
      while (line.equals("WATCHDOG=1")) {
        line = heard.readLine();
      }
      assertEquals("STOPPING=1", line);
    } finally {
      listener.destroyForcibly();
      assertTrue(listener.waitFor(60, TimeUnit.SECONDS));
    }
  }

  /** A server that is not well is not called well: nothing answers in this state directory. */
  @Test
  void saysNothingForAServerThatIsNotWell() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(PYTHON) && UnixSocket.isUsable());
    String address = folder.resolve("notify").toString();
    Process listener = new ProcessBuilder(PYTHON.toString(), "-c", LISTENER, address).start();
    try (BufferedReader heard = listener.inputReader()) {
      assertEquals("bound", heard.readLine());
      Map<String, String> environment =
          Map.of(
              "NOTIFY_SOCKET",
              address,
              "WATCHDOG_USEC",
              "4000",
              "PUENTE_STATE_DIR",
              folder.toString());
      Notices.of(environment).serving();
      assertEquals("READY=1", heard.readLine());
      Notices.of(environment).stopping();
      assertEquals("STOPPING=1", heard.readLine());
    } finally {
      listener.destroyForcibly();
      assertTrue(listener.waitFor(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void whoIsNotThereIsNotTold() {
    assertFalse(NotifySocket.send(folder.resolve("nobody").toString(), "READY=1"));
    assertFalse(NotifySocket.send("relative", "READY=1"));
    assertFalse(NotifySocket.send("/" + "x".repeat(200), "READY=1"));
  }
}
