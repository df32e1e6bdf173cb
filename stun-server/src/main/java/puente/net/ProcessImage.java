package puente.net;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/** What this process runs. */
public final class ProcessImage {

  private ProcessImage() {}

  /** Becomes another program, with the same process id and environment; returns only to fail. */
  public static void replace(List<String> command) throws IOException {
    FunctionDescriptor shape = FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS);
    MethodHandle execv = Linkage.handle("execv", shape);
    MemorySegment state = Linkage.state();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment arguments = arena.allocate(ADDRESS, command.size() + 1L);
      for (int i = 0; i < command.size(); i++) {
        arguments.setAtIndex(ADDRESS, i, arena.allocateFrom(command.get(i)));
      }
      MemorySegment program = arena.allocateFrom(command.getFirst());
      int ignored = (int) execv.invokeExact(state, program, arguments);
      throw new IOException("cannot run " + command.getFirst() + ": errno " + Linkage.errno(state));
    } catch (IOException failure) {
      throw failure;
    } catch (Throwable failure) {
      throw Linkage.broken(failure);
    }
  }
}
