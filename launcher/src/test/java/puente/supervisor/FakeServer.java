package puente.supervisor;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import puente.net.UnixSocket;

/**
 * A serving process that serves nobody: it tells a test what the supervisor says, and says to the
 * supervisor what the test wants. It ends with the test.
 */
final class FakeServer {
  private FakeServer() {}

  /** The test's port is the only argument. */
  public static void main(String[] arguments) throws IOException {
    try (Socket test =
        new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]))) {
      PrintWriter told = new PrintWriter(test.getOutputStream(), true, StandardCharsets.US_ASCII);
      Signals.on(
          signal -> {
            told.println("SIG" + signal);
            System.exit(0);
          },
          "TERM");
      String variable = System.getenv(Words.VARIABLE);
      UnixSocket supervisor = UnixSocket.connect(variable.split(" ")[0]);
      told.println(ProcessHandle.current().pid() + " " + variable);
      Thread.ofPlatform().daemon().start(() -> obey(test, supervisor));
      UnixSocket.Delivery next;
      while ((next = supervisor.receive()) != null) {
        UnixSocket.closeAll(next.descriptors());
        told.println(next.text());
      }
    } catch (ConnectException over) {
      // The test has ended just when this was started.
      System.exit(1);
    }
  }

  private static void obey(Socket test, UnixSocket supervisor) {
    try {
      BufferedReader words =
          new BufferedReader(
              new InputStreamReader(test.getInputStream(), StandardCharsets.US_ASCII));
      String word;
      while ((word = words.readLine()) != null && !word.equals("exit")) {
        supervisor.send(word);
      }
      System.exit(word == null ? 1 : 0);
    } catch (IOException gone) {
      System.exit(1);
    }
  }
}
