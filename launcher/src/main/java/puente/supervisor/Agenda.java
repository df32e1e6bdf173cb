package puente.supervisor;

import java.util.Comparator;
import java.util.PriorityQueue;

/** What is to be done later, in the order of time. */
final class Agenda {

  private record Task(long dueMs, Runnable work) {}

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparingLong(Task::dueMs));

  void in(long delayMs, Runnable work) {
    tasks.add(new Task(nowMs() + delayMs, work));
  }

  /** How long nothing is to be done. */
  long idleMs() {
    Task next = tasks.peek();
    return next == null ? Long.MAX_VALUE : Math.max(0, next.dueMs - nowMs());
  }

  /** Does what is due. */
  void run() {
    while (idleMs() == 0) {
      tasks.remove().work.run();
    }
  }

  private static long nowMs() {
    return System.nanoTime() / 1_000_000;
  }
}
