package puente.launcher;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import puente.turn.store.Snapshot;

/**
 * What has ended here, as long as a record of it may live: a network that heals brings back the
 * records of the part that has not seen the end. Thread-safe.
 */
final class EndedRecords {
  /** About 20 MB; beyond, the oldest are forgotten, and their records expire by themselves. */
  private static final int MAX = 100_000;

  private record Ended(long epoch, long untilMs) {}

  private final int max;
  private final Map<String, Ended> endedByKey = new LinkedHashMap<>();

  EndedRecords() {
    this(MAX);
  }

  EndedRecords(int max) {
    this.max = max;
  }

  synchronized void add(String key, Snapshot last, long nowMs) {
    endedByKey.remove(key);
    endedByKey.put(key, new Ended(last.epoch(), last.expiresMs()));
    Iterator<Ended> oldest = endedByKey.values().iterator();
    while (oldest.hasNext() && (oldest.next().untilMs <= nowMs || endedByKey.size() > max)) {
      oldest.remove();
    }
  }

  /** The client has a new one. */
  synchronized void forget(String key) {
    endedByKey.remove(key);
  }

  /** Whether this record is of one that has ended here, or of an older one. */
  synchronized boolean isOver(String key, Snapshot record) {
    Ended ended = endedByKey.get(key);
    return ended != null && record.epoch() <= ended.epoch;
  }

  synchronized int size() {
    return endedByKey.size();
  }
}
