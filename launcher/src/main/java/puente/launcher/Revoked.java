package puente.launcher;

import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Ephemeral usernames that ended before their time. Bounded: of too many, those revoked first are
 * forgotten first, and all when they would have expired anyhow.
 */
final class Revoked {
  private static final int NAMES_MAX = 10_000;

  private final Map<String, Boolean> names =
      new LinkedHashMap<>() {
        @Serial private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > NAMES_MAX;
        }
      };

  synchronized void add(String name) {
    names.put(name, true);
  }

  synchronized Set<String> names() {
    return new TreeSet<>(names.keySet());
  }
}
