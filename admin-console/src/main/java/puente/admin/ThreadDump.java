package puente.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Comparator;

/** What each thread of this process does now. It stops them for some milliseconds. */
final class ThreadDump {

  private static final int THREADS_MAX = 500;
  private static final int FRAMES_MAX = 40;

  private ThreadDump() {}

  /** By name. */
  static JsonArray take() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    JsonArray list = new JsonArray();
    Arrays.stream(threads.dumpAllThreads(false, false, FRAMES_MAX))
        .sorted(Comparator.comparing(ThreadInfo::getThreadName))
        .limit(THREADS_MAX)
        .forEach(thread -> list.add(json(thread, threads)));
    return list;
  }

  private static JsonObject json(ThreadInfo thread, ThreadMXBean threads) {
    JsonArray stack = new JsonArray();
    for (StackTraceElement frame : thread.getStackTrace()) {
      stack.add(frame.toString());
    }
    JsonObject json =
        new JsonObject()
            .put("id", thread.getThreadId())
            .put("name", thread.getThreadName())
            .put("state", String.valueOf(thread.getThreadState()))
            .put("stack", stack);
    long nanos =
        threads.isThreadCpuTimeSupported() ? threads.getThreadCpuTime(thread.getThreadId()) : -1;
    if (nanos >= 0) {
      json.put("processorSeconds", nanos / 1e9);
    }
    return thread.getLockName() == null ? json : json.put("waitsFor", thread.getLockName());
  }
}
