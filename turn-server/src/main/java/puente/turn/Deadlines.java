package puente.turn;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * All that waits for a time, in one heap, the soonest first. An entry knows its place, so that it
 * is moved or taken out without a search. An allocation has one entry for all its permissions and
 * channels.
 *
 * <p>The times stand side by side, four children to a parent: to compare them never waits for an
 * entry's memory, which is cold where there are thousands.
 */
final class Deadlines {

  static final int ABSENT = -1;
  private static final int SMALLEST = 16;
  private static final int CHILDREN = 4;

  private @Nullable Deadline[] heap = new Deadline[SMALLEST];

  /** Of the entry at each place. */
  private long[] dues = new long[SMALLEST];

  private int size;

  int size() {
    return size;
  }

  /** When the soonest is due; {@link Long#MAX_VALUE} if nothing waits. */
  long nextMs() {
    return size == 0 ? Long.MAX_VALUE : dues[0];
  }

  /** Adds an entry, or moves it to another time. */
  void schedule(Deadline entry, long dueMs) {
    entry.dueMs = dueMs;
    if (entry.place == ABSENT) {
      if (size == heap.length) {
        heap = Arrays.copyOf(heap, 2 * size);
        dues = Arrays.copyOf(dues, 2 * size);
      }
      entry.place = size++;
    }
    sift(entry, dueMs, entry.place);
  }

  void cancel(Deadline entry) {
    int place = entry.place;
    if (place == ABSENT) {
      return;
    }
    entry.place = ABSENT;
    Deadline last = at(--size);
    heap[size] = null;
    if (last != entry) {
      sift(last, dues[size], place);
    }
  }

  /** Takes the soonest entry out if it is due, else null. */
  @Nullable Deadline poll(long now) {
    if (size == 0 || dues[0] > now) {
      return null;
    }
    Deadline first = at(0);
    cancel(first);
    return first;
  }

  private void sift(Deadline entry, long dueMs, int from) {
    int place = from;
    while (place > 0 && dues[(place - 1) / CHILDREN] > dueMs) {
      place = move((place - 1) / CHILDREN, place);
    }
    int child = soonestChild(place);
    while (child < size && dues[child] < dueMs) {
      place = move(child, place);
      child = soonestChild(place);
    }
    set(place, entry, dueMs);
  }

  /** Not below {@link #size} if there is none. */
  private int soonestChild(int place) {
    int soonest = CHILDREN * place + 1;
    int end = Math.min(soonest + CHILDREN, size);
    for (int child = soonest + 1; child < end; child++) {
      if (dues[child] < dues[soonest]) {
        soonest = child;
      }
    }
    return soonest;
  }

  /** Returns where there is room now. */
  private int move(int from, int to) {
    set(to, at(from), dues[from]);
    return from;
  }

  private void set(int place, Deadline entry, long dueMs) {
    heap[place] = entry;
    dues[place] = dueMs;
    entry.place = place;
  }

  private Deadline at(int place) {
    Deadline entry = heap[place];
    if (entry == null) {
      throw new IllegalStateException("a hole in the heap");
    }
    return entry;
  }
}
