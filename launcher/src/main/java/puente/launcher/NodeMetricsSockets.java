package puente.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Datagrams that the kernel dropped because our sockets were full, from /proc/net/udp and udp6.
 * There each socket has its own count, which is gone with the socket; so the growth of each is
 * added up here. What a relay lost between the last look and its end is not seen.
 */
final class NodeMetricsSockets {

  private static final Logger LOG = LoggerFactory.getLogger("puente");

  /** Many readers in a row need no new look: the kernel walks through all sockets for it. */
  private static final long FRESH_NANOS = 1_000_000_000;

  /**
   * Between looks, so many times as long as the last one took: 3 % of a core at most. The kernel
   * begins anew for each 4 KiB of its table, so that a look at 100,000 sockets takes a second.
   */
  private static final long PAUSE_FACTOR = 32;

  private static final int BUFFER_SIZE = 1 << 16;

  // Columns of a line, counted from 0.
  private static final int LOCAL_ADDRESS = 1;
  private static final int USER = 7;
  private static final int INODE = 9;
  private static final int DROPS = 12;
  private static final int COLUMNS = 13;

  private final IntPredicate isOurPort;
  private final long user;
  private final List<Path> tables;
  private final LongSupplier nanos;
  private final byte[] buffer = new byte[BUFFER_SIZE];

  /** Sockets that have dropped something, which few do. */
  private Map<Long, Long> dropsByInode = Map.of();

  private long total;
  private long lookAt;

  /**
   * @param user whose sockets count: relay ports can be other programs' ports as well
   */
  NodeMetricsSockets(IntPredicate isOurPort, long user, List<Path> tables, LongSupplier nanos) {
    this.isOurPort = isOurPort;
    this.user = user;
    this.tables = tables;
    this.nanos = nanos;
    lookAt = nanos.getAsLong();
  }

  static NodeMetricsSockets ofThisProcess(IntPredicate isOurPort) {
    List<Path> tables = List.of(Path.of("/proc/net/udp"), Path.of("/proc/net/udp6"));
    return new NodeMetricsSockets(
        isOurPort, user(), tables.stream().filter(Files::isReadable).toList(), System::nanoTime);
  }

  boolean isReadable() {
    return !tables.isEmpty();
  }

  /** All that were dropped since the start; looks again unless that was done not long ago. */
  synchronized long drops() {
    long began = nanos.getAsLong();
    if (began - lookAt >= 0) {
      look();
      long ended = nanos.getAsLong();
      lookAt = ended + Math.max(FRESH_NANOS, (ended - began) * PAUSE_FACTOR);
    }
    return total;
  }

  /** As of the last look. */
  synchronized long total() {
    return total;
  }

  /** Reads the tables now. */
  synchronized void look() {
    Map<Long, Long> seen = new HashMap<>();
    try {
      for (Path table : tables) {
        read(table, seen);
      }
    } catch (IOException unreadable) {
      LOG.debug("event=unreadable what=udp-sockets", unreadable);
      return;
    }
    seen.forEach(
        (inode, drops) -> {
          long before = dropsByInode.getOrDefault(inode, 0L);
          // Fewer than before: another socket got the number.
          total += drops >= before ? drops - before : drops;
        });
    dropsByInode = seen;
  }

  private void read(Path table, Map<Long, Long> seen) throws IOException {
    Line line = new Line();
    try (InputStream in = Files.newInputStream(table)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        for (int i = 0; i < n; i++) {
          if (buffer[i] != '\n') {
            line.add(buffer[i]);
          } else {
            if (line.isOurs()) {
              seen.merge(line.inode, line.drops, Long::sum);
            }
            line.clear();
          }
        }
      }
    }
  }

  private static long user() {
    try {
      return ((Number) Files.getAttribute(Path.of("/proc/self"), "unix:uid")).longValue();
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException unknown) {
      return 0;
    }
  }

  /** One line as it is read; of tens of thousands, so nothing is made for each. */
  private final class Line {
    private int column = -1;
    private boolean inSpace = true;
    private long port;
    private long owner;
    private long inode;
    private long drops;

    void clear() {
      column = -1;
      inSpace = true;
      port = 0;
      owner = 0;
      inode = 0;
      drops = 0;
    }

    void add(byte next) {
      if (next == ' ') {
        inSpace = true;
        return;
      }
      if (inSpace) {
        inSpace = false;
        column++;
      }
      switch (column) {
        // Address:port in hexadecimal; the last four digits are what stays.
        case LOCAL_ADDRESS -> port = (port << 4 | Character.digit(next, 16) & 0xf) & 0xffff;
        case USER -> owner = owner * 10 + next - '0';
        case INODE -> inode = inode * 10 + next - '0';
        case DROPS -> drops = drops * 10 + next - '0';
        default -> {}
      }
    }

    boolean isOurs() {
      return column == COLUMNS - 1 && drops > 0 && owner == user && isOurPort.test((int) port);
    }
  }
}
