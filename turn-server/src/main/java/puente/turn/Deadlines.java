package puente.turn;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * All that waits for a time, in one binary heap, the soonest first. An entry knows its place, so
 * that it is moved or taken out without a search. An allocation has one entry for all its
 * permissions and channels.
 */
final class Deadlines {

  static final int ABSENT = -1;
  private static final int SMALLEST = 16;

  private @Nullable Deadline[] heap = new Deadline[SMALLEST];
  private int size;

  int size() {
    return size;
  }

  /** When the soonest is due; {@link Long#MAX_VALUE} if nothing waits. */
  long nextMs() {
    return size == 0 ? Long.MAX_VALUE : at(0).dueMs;
  }

  /** Adds an entry, or moves it to another time. */
  void schedule(Deadline entry, long dueMs) {
    entry.dueMs = dueMs;
    if (entry.place == ABSENT) {
      if (size == heap.length) {
        heap = Arrays.copyOf(heap, 2 * size);
      }
      entry.place = size++;
    }
    int place = entry.place;
    sift(entry, place);
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
      sift(last, place);
    }
  }

  /** Takes the soonest entry out if it is due, else null. */
  @Nullable Deadline poll(long now) {
    if (size == 0 || at(0).dueMs > now) {
      return null;
    }
    Deadline first = at(0);
    cancel(first);
    return first;
  }

  private void sift(Deadline entry, int from) {
    int place = from;
    while (place > 0 && at(place - 1 >> 1).dueMs > entry.dueMs) {
      set(place, at(place - 1 >> 1));
      place = place - 1 >> 1;
    }
    while (2 * place + 1 < size) {
      int child = 2 * place + 1;
      if (child + 1 < size && at(child + 1).dueMs < at(child).dueMs) {
        child++;
      }
      if (at(child).dueMs >= entry.dueMs) {
        break;
      }
      set(place, at(child));
      place = child;
    }
    set(place, entry);
  }

  private void set(int place, Deadline entry) {
    heap[place] = entry;
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
