package puente.top;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The greatest of very many, with a fixed number of counters (Metwally, Agrawal, El Abbadi:
 * "Efficient computation of frequent and top-k elements in data streams", 2005). A count is never
 * too low, and too high by at most its own error, which is at most total / counters. For one
 * thread.
 */
public final class SpaceSaving {

  /**
   * An estimate.
   *
   * @param error how much of the count may be another's
   */
  public record Count(String key, long count, long error) {}

  /** Where the heap, the least first, has it. */
  private static final class Cell {
    String key;
    long count;
    long error;
    int place;

    Cell(String key, int place) {
      this.key = key;
      this.place = place;
    }
  }

  private final int counters;
  private final Map<String, Cell> cellByKey = new HashMap<>();
  private final List<Cell> heap = new ArrayList<>();
  private long total;

  public SpaceSaving(int counters) {
    if (counters < 1) {
      throw new IllegalArgumentException("at least one counter");
    }
    this.counters = counters;
  }

  public void add(String key, long weight) {
    if (weight <= 0) {
      return;
    }
    total += weight;
    Cell cell = cellByKey.get(key);
    if (cell == null && heap.size() < counters) {
      cell = new Cell(key, heap.size());
      heap.add(cell);
      cellByKey.put(key, cell);
      cell.count = weight;
      up(cell);
      return;
    }
    if (cell == null) {
      cell = heap.getFirst();
      cellByKey.remove(cell.key);
      cell.key = key;
      cell.error = cell.count;
      cellByKey.put(key, cell);
    }
    cell.count += weight;
    down(cell);
  }

  /** All that was added. */
  public long total() {
    return total;
  }

  /** What a key that has no counter may have had at most. */
  public long missedMax() {
    return heap.size() < counters ? 0 : heap.getFirst().count;
  }

  /** All counters, the greatest first. */
  public List<Count> counts() {
    return heap.stream()
        .map(cell -> new Count(cell.key, cell.count, cell.error))
        .sorted(Comparator.comparingLong(Count::count).reversed().thenComparing(Count::key))
        .toList();
  }

  private void up(Cell cell) {
    while (cell.place > 0) {
      Cell parent = heap.get((cell.place - 1) / 2);
      if (parent.count <= cell.count) {
        return;
      }
      swap(cell, parent);
    }
  }

  private void down(Cell cell) {
    while (true) {
      int left = 2 * cell.place + 1;
      if (left >= heap.size()) {
        return;
      }
      Cell child = heap.get(left);
      if (left + 1 < heap.size() && heap.get(left + 1).count < child.count) {
        child = heap.get(left + 1);
      }
      if (child.count >= cell.count) {
        return;
      }
      swap(cell, child);
    }
  }

  private void swap(Cell a, Cell b) {
    int place = a.place;
    a.place = b.place;
    b.place = place;
    heap.set(a.place, a);
    heap.set(b.place, b);
  }
}
