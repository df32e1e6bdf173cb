package puente.admin.records;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import puente.admin.access.StateFile;

/**
 * Records that outlive the process: one JSON object a line, numbered, in files named after the first
 * number in them. A full file is followed by the next, and the oldest goes. JSON escapes what would
 * break a line, whoever wrote it. It blocks; its calls come from workers.
 */
public final class RecordFiles {

  /** Of one file; a page is read from at most two. */
  static final long FILE_BYTES_MAX = 4 << 20;

  static final int FILES_MAX = 8;

  /** One record, so that none fills a file. */
  static final int RECORD_BYTES_MAX = 16 << 10;

  /** Without a directory, as in tests: the last ones only. */
  private static final int MEMORY_MAX = 1000;

  /** A page looks at so many records at most, so that a filter without hits ends. */
  private static final int LOOKED_AT_MAX = 50_000;

  /**
   * Some records, the newest first.
   *
   * @param next number below which the next page begins; 0 if this is the last
   */
  public record Page(List<JsonObject> records, long next) {}

  private final @Nullable Path directory;
  private final String name;
  private final Pattern fileName;
  private final long fileBytesMax;
  private final TreeMap<Long, Path> fileByFirst = new TreeMap<>();
  private final Deque<JsonObject> memory = new ArrayDeque<>();
  private @Nullable FileChannel channel;
  private long last;

  private RecordFiles(@Nullable Path directory, String name, long fileBytesMax) {
    this.directory = directory;
    this.name = name;
    this.fileBytesMax = fileBytesMax;
    fileName = Pattern.compile(Pattern.quote(name) + "-([0-9]{1,18})\\.jsonl");
  }

  /**
   * Goes on after the last record.
   *
   * @param directory null keeps them in memory only
   */
  public static RecordFiles open(@Nullable Path directory, String name) throws IOException {
    return open(directory, name, FILE_BYTES_MAX);
  }

  static RecordFiles open(@Nullable Path directory, String name, long fileBytesMax)
      throws IOException {
    RecordFiles files = new RecordFiles(directory, name, fileBytesMax);
    files.find();
    return files;
  }

  private void find() throws IOException {
    if (directory == null) {
      return;
    }
    try (Stream<Path> found = Files.list(directory)) {
      for (Path path : found.toList()) {
        Matcher matcher = fileName.matcher(String.valueOf(path.getFileName()));
        if (matcher.matches()) {
          fileByFirst.put(Long.parseLong(matcher.group(1)), path);
        }
      }
    }
    for (Map.Entry<Long, Path> file : fileByFirst.descendingMap().entrySet()) {
      List<JsonObject> records = read(file.getValue());
      last = records.isEmpty() ? file.getKey() - 1 : number(records.getLast());
      break;
    }
  }

  /**
   * Adds one. It is with the system when this returns: the end of the process does not lose it.
   *
   * @return with its number as {@code id}
   */
  public synchronized JsonObject append(JsonObject content) {
    JsonObject record = new JsonObject().put("id", Long.toString(last + 1)).mergeIn(content);
    byte[] line = (record.encode() + "\n").getBytes(StandardCharsets.UTF_8);
    if (line.length > RECORD_BYTES_MAX) {
      throw new IllegalArgumentException("a record of " + line.length + " bytes");
    }
    try {
      if (directory == null) {
        keepInMemory(record);
      } else {
        write(directory, ByteBuffer.wrap(line));
      }
    } catch (IOException full) {
      throw new UncheckedIOException(full);
    }
    last++;
    return record;
  }

  private void keepInMemory(JsonObject record) {
    memory.addFirst(record);
    if (memory.size() > MEMORY_MAX) {
      memory.removeLast();
    }
  }

  private void write(Path in, ByteBuffer line) throws IOException {
    FileChannel open = channel;
    if (open == null || open.size() + line.remaining() > fileBytesMax) {
      // A crash may have left half a line in the file before: what is new starts in a new one.
      open = next(in);
    }
    while (line.hasRemaining()) {
      open.write(line);
    }
  }

  private FileChannel next(Path in) throws IOException {
    close();
    Path path = in.resolve(name + "-" + (last + 1) + ".jsonl");
    FileChannel opened =
        FileChannel.open(
            path,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND),
            StateFile.onlyOurs(path));
    channel = opened;
    fileByFirst.put(last + 1, path);
    while (fileByFirst.size() > FILES_MAX) {
      Files.deleteIfExists(fileByFirst.pollFirstEntry().getValue());
    }
    return opened;
  }

  /**
   * The newest records that are wanted.
   *
   * @param before only with lower numbers; 0 begins with the newest
   */
  public synchronized Page page(Predicate<JsonObject> wanted, long before, int limit) {
    long bound = before == 0 ? Long.MAX_VALUE : before;
    List<JsonObject> found = new ArrayList<>();
    int looked = 0;
    try {
      Long first = directory == null ? Long.valueOf(0) : fileByFirst.lowerKey(bound);
      while (first != null) {
        List<JsonObject> records =
            directory == null ? List.copyOf(memory).reversed() : read(path(first));
        for (JsonObject record : records.reversed()) {
          long number = number(record);
          if (number >= bound) {
            continue;
          }
          if (found.size() == limit || ++looked > LOOKED_AT_MAX) {
            return new Page(found, number + 1);
          }
          if (wanted.test(record)) {
            found.add(record);
          }
        }
        first = directory == null ? null : fileByFirst.lowerKey(first);
      }
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    return new Page(found, 0);
  }

  private Path path(long first) {
    return java.util.Objects.requireNonNull(fileByFirst.get(first));
  }

  /** Lines that are none, as a crash may leave, are left out. */
  private static List<JsonObject> read(Path path) throws IOException {
    List<JsonObject> records = new ArrayList<>();
    String text = new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
    for (String line : text.split("\n")) {
      try {
        JsonObject record = new JsonObject(line);
        number(record);
        records.add(record);
      } catch (DecodeException | ClassCastException | NumberFormatException torn) {
        continue;
      }
    }
    return records;
  }

  private static long number(JsonObject record) {
    return Long.parseLong(record.getString("id", "none"));
  }

  public synchronized void close() {
    FileChannel open = channel;
    channel = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException late) {
        throw new UncheckedIOException(late);
      }
    }
  }
}
