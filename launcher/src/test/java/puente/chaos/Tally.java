package puente.chaos;

import java.util.Map;
import java.util.TreeMap;

/** What clients and peers were told besides data. For one thread. */
final class Tally {

  private final Map<String, Integer> counts = new TreeMap<>();

  void count(String what) {
    counts.merge(what, 1, Integer::sum);
  }

  int of(String what) {
    return counts.getOrDefault(what, 0);
  }

  /** How often each was counted since {@code before}. */
  Map<String, Integer> since(Map<String, Integer> before) {
    Map<String, Integer> more = new TreeMap<>(counts);
    before.forEach((what, count) -> more.merge(what, -count, Integer::sum));
    more.values().removeIf(count -> count == 0);
    return more;
  }

  Map<String, Integer> all() {
    return new TreeMap<>(counts);
  }
}
