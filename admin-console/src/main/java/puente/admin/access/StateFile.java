package puente.admin.access;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A small JSON file that only we may read. It is replaced whole: after a crash it is the old one or
 * the new one. It blocks.
 */
public final class StateFile {

  /** Far more than there is reason for. */
  private static final long BYTES_MAX = 16 << 20;

  private final @Nullable Path path;

  /**
   * @param path null keeps nothing, as in tests
   */
  public StateFile(@Nullable Path path) {
    this.path = path;
  }

  /** What was written last; an empty object if there is no such file. */
  public JsonObject read() throws IOException {
    if (path == null) {
      return new JsonObject();
    }
    try {
      if (Files.size(path) > BYTES_MAX) {
        throw new IOException(path + " is longer than " + BYTES_MAX + " bytes");
      }
      return new JsonObject(Files.readString(path));
    } catch (NoSuchFileException none) {
      return new JsonObject();
    } catch (DecodeException | ClassCastException broken) {
      throw new IOException(path + " is not JSON; move it away or mend it", broken);
    }
  }

  public void write(JsonObject content) throws IOException {
    if (path != null) {
      writePrivately(path, content.encodePrettily() + "\n");
    }
  }

  /** For changes that are in force only when they are in the file. */
  void writeOrFail(JsonObject content) {
    try {
      write(content);
    } catch (IOException full) {
      throw new UncheckedIOException(full);
    }
  }

  /** Puts a text where only we can read it, in one step. */
  public static void writePrivately(Path path, String text) throws IOException {
    Path next = path.resolveSibling(path.getFileName() + ".new");
    Files.deleteIfExists(next);
    Set<StandardOpenOption> fresh = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try (FileChannel channel = FileChannel.open(next, fresh, onlyOurs(next))) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** For a new file; a system without such permissions has other ways. */
  public static FileAttribute<?>[] onlyOurs(Path path) {
    Set<PosixFilePermission> ours = PosixFilePermissions.fromString("rw-------");
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(ours)}
        : new FileAttribute<?>[0];
  }
}
