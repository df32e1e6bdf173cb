package puente.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Datagrams that this host's kernel had no room for, by whose socket it was: the last column of
 * /proc/net/udp. Zero where there is no such file.
 *
 * @param ours at sockets of the generator
 * @param others at all other sockets, such as a server's
 */
record KernelDrops(long ours, long others) {

  static final KernelDrops NONE = new KernelDrops(0, 0);

  private static final int LOCAL = 1;
  private static final int DROPS = 12;

  static KernelDrops read(Set<Integer> ourPorts) {
    return read(Path.of("/proc/net/udp"), ourPorts).plus(read(Path.of("/proc/net/udp6"), ourPorts));
  }

  private static KernelDrops read(Path file, Set<Integer> ourPorts) {
    try (Stream<String> lines = Files.lines(file)) {
      long[] sums = new long[2];
      lines.skip(1).forEach(line -> add(line.strip().split("\\s+"), ourPorts, sums));
      return new KernelDrops(sums[0], sums[1]);
    } catch (IOException | UncheckedIOException none) {
      return NONE;
    }
  }

  private static void add(String[] columns, Set<Integer> ourPorts, long[] sums) {
    if (columns.length > DROPS) {
      String local = columns[LOCAL];
      int port = Integer.parseInt(local.substring(local.lastIndexOf(':') + 1), 16);
      sums[ourPorts.contains(port) ? 0 : 1] += Long.parseLong(columns[DROPS]);
    }
  }

  private KernelDrops plus(KernelDrops more) {
    return new KernelDrops(ours + more.ours, others + more.others);
  }

  /** What came on top of {@code before}; sockets that are gone have taken theirs along. */
  KernelDrops since(KernelDrops before) {
    return new KernelDrops(Math.max(0, ours - before.ours), Math.max(0, others - before.others));
  }
}
