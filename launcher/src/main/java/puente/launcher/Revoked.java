package puente.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ephemeral usernames that ended before their time, in memory and in a file of the state directory:
 * a cluster that restarts as a whole has not forgotten them. Each is kept until it would have ended
 * anyhow. Bounded: of too many, those revoked first are forgotten first.
 *
 * <p>A line of the file is the second when the name ends and the name in base64url; new ones are
 * appended, and the file is written anew when most of its lines hold no more.
 */
final class Revoked {
  private static final Logger LOG = LoggerFactory.getLogger("puente.node");

  static final int NAMES_MAX = 10_000;
  static final String FILE = "revoked";

  private final Path file;
  private final char separator;
  private final Duration longest;
  private final InstantSource clock;
  private final Map<String, Long> endByName = new LinkedHashMap<>();
  private int lines;
  private boolean isFailing;

  /**
   * Reads what was revoked before.
   *
   * @param separator after the expiry that a username begins with
   * @param longest how long a name is kept that does not say when it ends
   */
  Revoked(Path directory, char separator, Duration longest, InstantSource clock)
      throws StartFailure {
    file = directory.resolve(FILE);
    this.separator = separator;
    this.longest = longest;
    this.clock = clock;
    try {
      Files.readAllLines(file, UTF_8).forEach(this::read);
    } catch (NoSuchFileException none) {
      // Nothing has been revoked.
    } catch (IOException broken) {
      throw StartFailure.configuration(file + ": cannot be read; mend it or move it");
    }
  }

  /** As the configuration says. */
  static Revoked read(Config config, StateDirectory state) throws StartFailure {
    return new Revoked(
        state.directory(),
        config.value(Settings.REST_API_SEPARATOR).charAt(0),
        config.value(HttpSettings.CREDENTIAL_TTL_MAX),
        InstantSource.system());
  }

  /** Leaves out of the file what holds no more; for the process that has the lock of the state. */
  synchronized void compact() throws StartFailure {
    if (lines > names().size()) {
      try {
        writeAll();
      } catch (IOException full) {
        throw new StartFailure(StartFailure.Kind.PERMISSION, file + ": cannot be written", full);
      }
    }
  }

  /** A line that was cut short by the end of the machine is none. */
  private void read(String line) {
    lines++;
    try {
      String[] words = line.split(" ", -1);
      String name = new String(Base64.getUrlDecoder().decode(words[1]), UTF_8);
      keep(name, Long.parseLong(words[0]));
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException torn) {
      LOG.warn("event=revoked-line-unreadable file={}", file);
    }
  }

  /** From now on, until it would have ended. */
  synchronized void add(String name) {
    long now = clock.instant().getEpochSecond();
    long end = end(name, now);
    if (end <= now || endByName.containsKey(name)) {
      return;
    }
    keep(name, end);
    try {
      if (lines >= 2 * NAMES_MAX) {
        writeAll();
      } else {
        append(line(name, end));
      }
      isFailing = false;
    } catch (IOException full) {
      if (!isFailing) {
        LOG.error("event=revoked-not-written file={} reason=\"{}\"", file, full.toString());
      }
      isFailing = true;
    }
  }

  synchronized Set<String> names() {
    long now = clock.instant().getEpochSecond();
    endByName.values().removeIf(end -> end <= now);
    return new TreeSet<>(endByName.keySet());
  }

  private void keep(String name, long end) {
    endByName.put(name, end);
    if (endByName.size() > NAMES_MAX) {
      endByName.remove(endByName.keySet().iterator().next());
    }
  }

  private long end(String name, long now) {
    int at = name.indexOf(separator);
    String head = at < 0 ? name : name.substring(0, at);
    String tail = at < 0 ? "" : name.substring(at + 1);
    String end = isSeconds(head) ? head : tail;
    return isSeconds(end) ? Long.parseLong(end) : now + longest.toSeconds();
  }

  private static boolean isSeconds(String text) {
    return text.matches("[0-9]{1,12}");
  }

  private void append(String line) throws IOException {
    try (FileChannel out =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
            StateDirectory.PRIVATE_FILE)) {
      out.write(UTF_8.encode(line));
    }
    lines++;
  }

  private void writeAll() throws IOException {
    StringBuilder text = new StringBuilder();
    long now = clock.instant().getEpochSecond();
    endByName.values().removeIf(end -> end <= now);
    endByName.forEach((name, end) -> text.append(line(name, end)));
    Path whole = Files.createTempFile(file.getParent(), "." + FILE, ".new");
    Files.writeString(whole, text);
    Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
    lines = endByName.size();
  }

  private static String line(String name, long end) {
    return end
        + " "
        + Base64.getUrlEncoder().withoutPadding().encodeToString(name.getBytes(UTF_8))
        + "\n";
  }
}
