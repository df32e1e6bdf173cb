package puente.launcher;

import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How often events of one kind may be logged: so that nobody fills the disk from afar. Bounded in
 * memory; the kind seen longest ago is forgotten first.
 */
final class LogBudget {
  private static final int KEYS_MAX = 1024;

  private final int eventsPerWindow;
  private final long windowMs;
  private final Map<String, Window> windowByKey =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Serial private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Window> eldest) {
          return size() > KEYS_MAX;
        }
      };

  LogBudget(int eventsPerWindow, long windowMs) {
    this.eventsPerWindow = eventsPerWindow;
    this.windowMs = windowMs;
  }

  /**
   * Spends one event.
   *
   * @return how many events were kept back since the last one that was logged, or -1 when this one
   *     is to be kept back too
   */
  synchronized int spend(String key, long nowMs) {
    Window window = windowByKey.computeIfAbsent(key, any -> new Window(nowMs));
    if (nowMs - window.startMs >= windowMs) {
      window.startMs = nowMs;
      window.logged = 0;
    }
    if (window.logged >= eventsPerWindow) {
      window.keptBack++;
      return -1;
    }
    window.logged++;
    int keptBack = window.keptBack;
    window.keptBack = 0;
    return keptBack;
  }

  private static final class Window {
    private long startMs;
    private int logged;
    private int keptBack;

    Window(long startMs) {
      this.startMs = startMs;
    }
  }
}
