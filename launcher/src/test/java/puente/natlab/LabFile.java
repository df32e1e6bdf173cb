package puente.natlab;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** A file to send, of bytes that nobody could guess. */
final class LabFile {
  private LabFile() {}

  static Path random(Path folder, String name, int megabytes) {
    try {
      Files.createDirectories(folder);
      Path file = folder.resolve(name);
      Random random = new Random(name.hashCode());
      byte[] block = new byte[1_000_000];
      try (OutputStream out = Files.newOutputStream(file)) {
        for (int i = 0; i < megabytes; i++) {
          random.nextBytes(block);
          out.write(block);
        }
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static boolean same(Path one, Path other) {
    try {
      return Files.exists(other) && Files.mismatch(one, other) < 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void delete(Path... files) {
    for (Path file : files) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
