package puente.supervisor;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Asks the server that runs here whether it is well, for whoever starts processes: exit code 0 if it
 * is, 1 if not. A start of its own each time, so it takes nothing but the JDK.
 */
public final class HealthCheck {
  /** Where a server notes its admin port, in its state directory. */
  public static final String FILE = "admin-address";

  private static final int PATIENCE_MS = 3000;
  private static final int ANSWER_BYTES_MAX = 4096;

  private HealthCheck() {}

  public static void main(String[] arguments) {
    String said = check(directory(System.getenv()));
    System.err.println("puente: " + said);
    System.exit(said.startsWith("200 ") ? 0 : 1);
  }

  private static Path directory(Map<String, String> environment) {
    String named = environment.get("PUENTE_STATE_DIR");
    return Path.of(named == null ? "/var/lib/puente" : named);
  }

  /** The status and the body of {@code /healthz}, or why there is none. */
  static String check(Path stateDirectory) {
    Path file = stateDirectory.resolve(FILE);
    try {
      String[] address = Files.readString(file).strip().split(" ");
      if (address.length != 2) {
        return file + ": not an address and a port";
      }
      return ask(new InetSocketAddress(address[0], Integer.parseInt(address[1])));
    } catch (IOException | IllegalArgumentException failure) {
      return "no server is well here: " + failure;
    }
  }

  private static String ask(InetSocketAddress admin) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(admin, PATIENCE_MS);
      socket.setSoTimeout(PATIENCE_MS);
      String request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return answer(socket.getInputStream());
    }
  }

  private static String answer(InputStream in) throws IOException {
    String all = new String(in.readNBytes(ANSWER_BYTES_MAX), StandardCharsets.UTF_8);
    String status = all.startsWith("HTTP/1.1 ") ? all.substring(9, Math.min(12, all.length())) : "";
    int body = all.indexOf("\r\n\r\n");
    return body < 0 || status.length() < 3
        ? "what answers there is not Puente"
        : status + " " + all.substring(body + 4);
  }
}
