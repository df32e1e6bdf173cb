package puente.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * A network namespace of this lab. Code can be run inside of it: the sockets that it opens stay
 * there, whoever uses them later.
 */
public final class Namespace {

  private static final int O_RDONLY_CLOEXEC = 0x80000;
  private static final int CLONE_NEWNET = 0x40000000;
  private static final long COMMAND_SECONDS = 60;

  private static final MethodHandle OPEN =
      libc(
          "open",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
  private static final MethodHandle SETNS =
      libc(
          "setns",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
  private static final MethodHandle CLOSE =
      libc("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private final String name;

  private Namespace(String name) {
    this.name = name;
  }

  @SuppressWarnings("restricted")
  private static MethodHandle libc(String function, FunctionDescriptor signature) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(function), signature);
  }

  /** A new one, with nothing but its loopback. */
  public static Namespace create(String name) {
    command("ip", "netns", "add", name);
    Namespace created = new Namespace(name);
    created.ip("link", "set", "lo", "up");
    return created;
  }

  public String name() {
    return name;
  }

  /** Deletes it; whatever runs inside loses its network. */
  public void delete() {
    command("ip", "netns", "del", name);
  }

  /** The command {@code ip} on what is in here. */
  public void ip(String... words) {
    String[] command = new String[words.length + 3];
    command[0] = "ip";
    command[1] = "-n";
    command[2] = name;
    System.arraycopy(words, 0, command, 3, words.length);
    command(command);
  }

  /** Any command, run inside. */
  public String exec(String... words) {
    return command(inside(words));
  }

  /** The words that run a command inside. */
  public String[] inside(String... words) {
    String[] command = new String[words.length + 4];
    command[0] = "ip";
    command[1] = "netns";
    command[2] = "exec";
    command[3] = name;
    System.arraycopy(words, 0, command, 4, words.length);
    return command;
  }

  /** What a command printed; one that fails or takes long ends the lab. */
  public static String command(String... words) {
    try {
      Path output = Files.createTempFile("puente-chaos", ".out");
      try {
        Process process =
            new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new IllegalStateException("longer than " + COMMAND_SECONDS + " s: " + said(words));
        }
        String text = Files.readString(output, StandardCharsets.UTF_8);
        if (process.exitValue() != 0) {
          throw new IllegalStateException(said(words) + ": " + text.strip());
        }
        return text;
      } finally {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String said(String... words) {
    return String.join(" ", words);
  }

  /** Runs this on a thread of its own that is inside. */
  public <T> T run(Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("inside " + name)
        .start(
            () -> {
              try {
                enter();
                result.complete(work.call());
              } catch (Exception | Error failure) {
                result.completeExceptionally(failure);
              }
            });
    try {
      return result.join();
    } catch (CompletionException failure) {
      throw new IllegalStateException(name + ": " + failure.getCause(), failure.getCause());
    }
  }

  private void enter() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom("/run/netns/" + name);
      int descriptor = (int) OPEN.invokeExact(path, O_RDONLY_CLOEXEC);
      int entered = (int) SETNS.invokeExact(descriptor, CLONE_NEWNET);
      int closed = (int) CLOSE.invokeExact(descriptor);
      if (descriptor < 0 || entered != 0 || closed != 0) {
        throw new IllegalStateException("cannot enter the namespace " + name);
      }
    } catch (RuntimeException failure) {
      throw failure;
    } catch (Throwable impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
