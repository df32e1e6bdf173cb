package puente.natlab;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/** A file to send, of bytes that nobody could guess. */
final class LabFile {
  private static final int LOOK_BYTES = 64 << 10;

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

  static Path folder(Path parent, String name) {
    try {
      return Files.createDirectories(parent.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until so much of what is received in this folder has come; it lies there with holes. */
  static void awaitPart(Path folder, int megabytes, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    while (arrived(folder) < megabytes * 1_000_000L && System.nanoTime() < end) {
      LockSupport.parkNanos(20_000_000);
    }
  }

  /** What is not here yet is zeros, and no block of random bytes begins with so many. */
  private static long arrived(Path folder) {
    try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, ".*.part")) {
      long bytes = 0;
      for (Path part : parts) {
        try (RandomAccessFile file = new RandomAccessFile(part.toFile(), "r")) {
          for (long at = 0; at + 8 <= file.length(); at += LOOK_BYTES) {
            file.seek(at);
            bytes += file.readLong() == 0 ? 0 : LOOK_BYTES;
          }
        }
      }
      return bytes;
    } catch (FileNotFoundException finished) {
      return Long.MAX_VALUE;
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

  /** A folder that holds files alone. */
  static void deleteAll(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      files.forEach(LabFile::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    delete(folder);
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
