package puente.launcher;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import puente.series.History;
import puente.series.PointCodec;
import puente.series.Tier;

/**
 * The history of one node in a file that is only added to, until it is twice as long as what is
 * still worth keeping: then it is written anew. Not for the loop; for one thread at a time.
 */
final class HistoryFile {

  private static final long LENGTH_MAX = 32L << 20;

  private final Path path;

  HistoryFile(Path path) {
    this.path = path;
  }

  /** Reads what is there into a history. Broken ends are left out, and said. */
  void read(History history) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(path);
    } catch (NoSuchFileException first) {
      return;
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    Optional<PointCodec> codec = PointCodec.ofHead(in);
    if (codec.isEmpty()) {
      Events.warn("history-unreadable", "file", path.getFileName(), "then", "begins anew");
      rewrite(history);
      return;
    }
    codec.get().decode(in).forEach(history::put);
    if (in.hasRemaining() || !codec.get().isPresent()) {
      rewrite(history);
    }
  }

  /**
   * Adds points. They are with the system when this returns: the end of the process does not lose
   * them. To wait for the disk each minute, once for each node, would be a lot for a minute of history.
   */
  void add(List<byte[]> points) throws IOException {
    boolean isNew = !Files.exists(path);
    try (FileChannel out =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
      if (isNew) {
        out.write(ByteBuffer.wrap(PointCodec.head()));
      }
      for (byte[] point : points) {
        out.write(ByteBuffer.wrap(point));
      }
    }
  }

  boolean isLong() throws IOException {
    return Files.exists(path) && Files.size(path) > LENGTH_MAX;
  }

  /** Writes what the history has, in place of the file. */
  void rewrite(History history) throws IOException {
    write(snapshot(history));
  }

  /** All points that are kept, as bytes; on the loop. */
  static byte[][] snapshot(History history) {
    return Arrays.stream(Tier.values())
        .filter(Tier::isKept)
        .flatMap(tier -> history.points(tier, 0, Long.MAX_VALUE / 2).stream())
        .map(PointCodec::encode)
        .toArray(byte[][]::new);
  }

  void write(byte[][] points) throws IOException {
    Path next = path.resolveSibling(path.getFileName() + ".new");
    try (FileChannel out =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.wrap(PointCodec.head()));
      for (byte[] point : points) {
        out.write(ByteBuffer.wrap(point));
      }
      out.force(true);
    }
    Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
