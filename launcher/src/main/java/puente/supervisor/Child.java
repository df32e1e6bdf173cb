package puente.supervisor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import puente.net.HeldSockets;
import puente.net.UnixSocket;

/** A serving process, one that is about to be, or one that has been. */
final class Child {

  /** What it is there for, and how far it has come. */
  enum State {
    /** Loads what it needs. */
    STARTING,
    /** Waits for its turn. */
    READY,
    /** Opens its listeners. */
    TAKING,
    SERVING,
    /** Stops reading for another. */
    YIELDING,
    /** Serves no more. */
    GONE
  }

  /** A reaper of processes needs next to nothing. */
  private static final long STACK_BYTES = 128 << 10;

  private static final String AOT_CACHE = "-XX:AOTCache=";

  final Process process;
  final long startedMs;
  State state = State.STARTING;

  /** Whether it knows of {@link Words#SOON}: it may be of an older version. */
  boolean looksAhead;

  private @Nullable UnixSocket socket;
  private @Nullable Integer exitCode;
  private long has;

  private Child(Process process, long startedMs) {
    this.process = process;
    this.startedMs = startedMs;
  }

  /**
   * @param ended hears the exit code, on a thread of its own
   */
  static Child start(
      List<String> command, String socketName, boolean warm, BiConsumer<Child, Integer> ended)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(possible(command)).inheritIO();
    builder.environment().put(Words.VARIABLE, socketName + (warm ? " " + Words.WARM : ""));
    Child child = new Child(builder.start(), System.currentTimeMillis());
    Runnable reaper = () -> ended.accept(child, child.awaitEnd());
    new Thread(null, reaper, "reaper", STACK_BYTES).start();
    return child;
  }

  /** A virtual machine that is told of a cache that is not there starts without any. */
  static List<String> possible(List<String> command) {
    return command.stream()
        .filter(
            word ->
                !word.startsWith(AOT_CACHE)
                    || Files.exists(Path.of(word.substring(AOT_CACHE.length()))))
        .toList();
  }

  private int awaitEnd() {
    while (true) {
      try {
        return process.waitFor();
      } catch (InterruptedException ignored) {
        // Nobody has a reason to; the process is still to be waited for.
      }
    }
  }

  void connected(UnixSocket newSocket) {
    socket = newSocket;
  }

  void disconnected() {
    socket = null;
  }

  boolean isConnected() {
    return socket != null;
  }

  void ended(int code) {
    exitCode = code;
  }

  /** Once it has ended. */
  Optional<Integer> exitCode() {
    return Optional.ofNullable(exitCode);
  }

  /** Whether it was said; if not, the end of the process is about to be heard. */
  boolean say(String text) {
    UnixSocket connection = socket;
    if (connection == null) {
      return false;
    }
    try {
      connection.send(text);
      return true;
    } catch (IOException gone) {
      return false;
    }
  }

  /** Gives it what it does not have yet of the sockets; it does nothing with them before its turn. */
  void give(HeldSockets held) {
    UnixSocket connection = socket;
    if (connection == null) {
      throw new IllegalStateException("a process that never connected cannot be ready");
    }
    try {
      has = held.giveTo(connection, has);
    } catch (IOException failure) {
      process.destroyForcibly();
    }
  }

  /** Gives it its turn, and the sockets for it. */
  void serve(HeldSockets held, Turn turn) {
    state = State.TAKING;
    give(held);
    if (!say(turn.text())) {
      // What cannot be told to serve must not be waited for.
      process.destroyForcibly();
    }
  }
}
