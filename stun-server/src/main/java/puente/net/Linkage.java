package puente.net;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** How functions of the C library are called, and where their errno is found. */
final class Linkage {

  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
  private static final long ERRNO =
      Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  private static final FunctionDescriptor SHAPE =
      FunctionDescriptor.of(
          JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  /** Where errno is captured: per thread, since every loop calls. */
  private static final ThreadLocal<MemorySegment> STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));

  private Linkage() {}

  static boolean has(String function) {
    return LINKER.defaultLookup().find(function).isPresent();
  }

  static MemorySegment state() {
    return STATE.get();
  }

  static int errno(MemorySegment state) {
    return state.get(JAVA_INT, ERRNO);
  }

  static IllegalStateException broken(Throwable failure) {
    return new IllegalStateException("a call into the C library could not be made", failure);
  }

  /**
   * A function of up to six arguments and a result, all {@code long}. The callee finds an int in the
   * register that a long would take, in both of Linux's 64-bit calling conventions, and does not
   * look at more than it needs; of an int result, only the low half says something. A shape of its
   * own for each function would cost two milliseconds each at every start.
   */
  static MethodHandle handle(String name) {
    return handle(name, SHAPE);
  }

  @SuppressWarnings("restricted")
  static MethodHandle handle(String name, FunctionDescriptor shape) {
    return LINKER.downcallHandle(LINKER.defaultLookup().find(name).orElseThrow(), shape, CAPTURE);
  }
}
