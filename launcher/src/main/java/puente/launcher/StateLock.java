package puente.launcher;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One process at a time has a state directory: two would write one journal, and both would go on
 * with the same allocations. The system takes the lock back from a process that dies.
 */
final class StateLock implements AutoCloseable {
  private static final String FILE = "lock";

  /** A process that was killed just now may take so long to let go of everything. */
  private static final int PATIENCE_MS = 2000;

  private final FileChannel channel;

  private StateLock(FileChannel channel) {
    this.channel = channel;
  }

  static StateLock take(Path directory) throws StartFailure {
    Path file = directory.resolve(FILE);
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (isOurs(channel)) {
        name(channel);
        return new StateLock(channel);
      }
      channel.close();
    } catch (IOException e) {
      throw new StartFailure(
          StartFailure.Kind.PERMISSION, file + ": the state directory cannot be locked", e);
    }
    throw new StartFailure(
        StartFailure.Kind.PERMISSION,
        directory + ": in use by another process" + owner(file) + "; give another as state-dir");
  }

  /** Waits for whoever has it, but not for long; a wait that is given up ends with the channel. */
  private static boolean isOurs(FileChannel channel) throws IOException {
    FileLock atOnce = attempt(channel);
    if (atOnce != null) {
      return true;
    }
    FutureTask<FileLock> lock = new FutureTask<>(channel::lock);
    Thread.ofPlatform().daemon().name("puente-lock").start(lock);
    try {
      return lock.get(PATIENCE_MS, TimeUnit.MILLISECONDS).isValid();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return false;
    } catch (TimeoutException taken) {
      return false;
    } catch (ExecutionException refused) {
      if (refused.getCause() instanceof IOException failure) {
        throw failure;
      }
      // This very process has it.
      return false;
    }
  }

  private static @Nullable FileLock attempt(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException ours) {
      return null;
    }
  }

  /** Whoever finds it taken can say by whom. */
  private static void name(FileChannel channel) throws IOException {
    channel.truncate(0);
    String text = ProcessHandle.current().pid() + "\n";
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
  }

  private static String owner(Path file) {
    try {
      String pid = Files.readString(file).strip();
      return pid.matches("[0-9]{1,10}") ? " (" + pid + ")" : "";
    } catch (IOException unreadable) {
      return "";
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The system takes it back at the end of the process.
    }
  }
}
