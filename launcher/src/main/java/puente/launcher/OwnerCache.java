package puente.launcher;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import puente.turn.store.AllocationKey;

/** Whose some allocations were a moment ago; the least asked for goes first when it is full. */
final class OwnerCache {
  private static final int SIZE_MAX = 4096;

  /** How long an owner is believed without being asked for again. */
  private static final long GOOD_MS = 2000;

  private record Owner(String node, long untilMs) {}

  private final Map<AllocationKey, Owner> ownerByKey =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<AllocationKey, Owner> eldest) {
          return size() > SIZE_MAX;
        }
      };

  synchronized @Nullable String find(AllocationKey key, long nowMs) {
    Owner owner = ownerByKey.get(key);
    if (owner != null && nowMs >= owner.untilMs) {
      ownerByKey.remove(key);
      return null;
    }
    return owner == null ? null : owner.node;
  }

  synchronized void put(AllocationKey key, String node, long nowMs) {
    ownerByKey.put(key, new Owner(node, nowMs + GOOD_MS));
  }

  /** It has another owner now, or none. */
  synchronized void forget(AllocationKey key) {
    ownerByKey.remove(key);
  }

  /** Anybody's owner may be another now. */
  synchronized void clear() {
    ownerByKey.clear();
  }

  synchronized int size() {
    return ownerByKey.size();
  }
}
