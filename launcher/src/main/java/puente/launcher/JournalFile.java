package puente.launcher;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import puente.turn.store.AllocationKey;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotCodec;

/**
 * One file of the {@link Journal}: the word {@code PUENTEJ1}, then records.
 *
 * <pre>
 *   4   length n of what is below the checksum
 *   4   CRC32C of it
 *   1   kind: 1 a snapshot, 2 the key of an allocation that has ended
 *   n-1 as {@link SnapshotCodec} writes it
 * </pre>
 *
 * The process may die in the middle of a record: what cannot be read is left out, and what follows
 * it is read where the lengths still make sense.
 */
final class JournalFile implements AutoCloseable {

  static final byte SNAPSHOT = 1;
  static final byte ENDED = 2;

  private static final byte[] MAGIC = "PUENTEJ1".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = 8;

  /** A snapshot with as many peers as any configuration allows is far smaller. */
  private static final int RECORD_MAX = 1 << 22;

  private static final int BUFFER_SIZE = 1 << 18;

  private final FileChannel channel;
  private final boolean fsync;
  private final CRC32C crc = new CRC32C();
  private ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);
  private long size;

  private JournalFile(FileChannel channel, boolean fsync) {
    this.channel = channel;
    this.fsync = fsync;
    buffer.put(MAGIC);
  }

  /** Makes a file; only its owner may read who is connected. */
  static JournalFile create(Path file, boolean fsync) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return new JournalFile(channel, fsync);
  }

  /** Adds a record; it is in the file after the next {@link #flush}. */
  void add(byte kind, byte[] body) throws IOException {
    int length = 1 + body.length;
    if (buffer.remaining() < HEADER + length) {
      write();
      if (buffer.capacity() < HEADER + length) {
        buffer = ByteBuffer.allocateDirect(HEADER + length);
      }
    }
    crc.reset();
    crc.update(kind);
    crc.update(body);
    buffer.putInt(length).putInt((int) crc.getValue()).put(kind).put(body);
  }

  void flush() throws IOException {
    write();
    if (fsync) {
      channel.force(false);
    }
  }

  private void write() throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      size += channel.write(buffer);
    }
    buffer.clear();
  }

  /** Bytes written. */
  long size() {
    return size;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /**
   * What a file leaves alive, on top of what earlier ones did.
   *
   * @return how many records could not be read, or -1 if this is no journal at all
   */
  static int read(Path file, Map<AllocationKey, Snapshot> alive) throws IOException {
    Part whole = read(file, 0, alive, true);
    return whole.end == 0 ? -1 : whole.unreadable;
  }

  /**
   * What has been read of a file.
   *
   * @param end where the next record begins, 0 if this is no journal at all
   * @param unreadable how many records could not be read
   */
  record Part(long end, int unreadable) {}

  /**
   * The same, from a record on.
   *
   * @param from where that begins, 0 at the beginning of the file
   * @param isFinished whether nobody writes it any more; otherwise what cannot be read may be
   *     about to be written, and is left to the next time
   */
  static Part read(Path file, long from, Map<AllocationKey, Snapshot> alive, boolean isFinished)
      throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long length = Math.max(0, channel.size() - from);
      ByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, from, length);
      if (from == 0) {
        byte[] magic = new byte[MAGIC.length];
        if (length < magic.length || !Arrays.equals(MAGIC, get(bytes, magic))) {
          return new Part(0, 0);
        }
      }
      int unreadable = readRecords(bytes, alive, isFinished);
      return new Part(from + bytes.position(), unreadable);
    }
  }

  private static byte[] get(ByteBuffer from, byte[] target) {
    from.get(target);
    return target;
  }

  private static int readRecords(
      ByteBuffer bytes, Map<AllocationKey, Snapshot> alive, boolean isFinished) {
    CRC32C crc = new CRC32C();
    int unreadable = 0;
    while (bytes.remaining() >= HEADER) {
      int start = bytes.position();
      int length = bytes.getInt();
      int sum = bytes.getInt();
      if (length < 1 || length > RECORD_MAX || length > bytes.remaining()) {
        bytes.position(start);
        return unreadable + (isFinished ? 1 : 0);
      }
      crc.reset();
      crc.update(bytes.duplicate().limit(bytes.position() + length));
      byte kind = bytes.get();
      byte[] body = get(bytes, new byte[length - 1]);
      if ((int) crc.getValue() != sum || !apply(kind, body, alive)) {
        if (!isFinished) {
          bytes.position(start);
          return unreadable;
        }
        unreadable++;
      }
    }
    return bytes.hasRemaining() && isFinished ? unreadable + 1 : unreadable;
  }

  private static boolean apply(byte kind, byte[] body, Map<AllocationKey, Snapshot> alive) {
    if (kind == SNAPSHOT) {
      Snapshot snapshot = SnapshotCodec.decode(body);
      if (snapshot != null) {
        alive.put(snapshot.key(), snapshot);
        return true;
      }
    } else if (kind == ENDED) {
      AllocationKey key = SnapshotCodec.decodeKey(body);
      if (key != null) {
        alive.remove(key);
        return true;
      }
    }
    return false;
  }
}
