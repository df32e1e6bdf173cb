package puente.launcher.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Whether SIGINT reaches the processes that this one starts. */
public final class Interrupts {
  private static final String IGNORED = "SigIgn:";
  private static final long SIGINT = 1L << 1;

  private Interrupts() {}

  /**
   * A shell without job control lets what it starts in the background ignore SIGINT, and the
   * children of that inherit it: the test is left out then, loudly.
   */
  public static void required() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith(IGNORED)
          && (Long.parseUnsignedLong(line.substring(IGNORED.length()).strip(), 16) & SIGINT) != 0) {
        System.err.println("LEFT OUT: SIGINT is ignored here; run the tests in the foreground");
        Assumptions.abort("SIGINT is ignored in this process and its children");
      }
    }
  }
}
