package puente.admin;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import puente.plan.Outlook;

/**
 * Where the series went that somebody has asked about lately. They are known by all their numbers: a
 * new day makes another series, so nothing here can be out of date. For any thread.
 */
final class KnownOutlooks implements Function<Outlook.Series, Outlook> {

  /** Four resources of a few people; the longest of them takes 60 kB. */
  static final int SERIES_MAX = 32;

  private final Map<Outlook.Series, Outlook> bySeries =
      new LinkedHashMap<>(SERIES_MAX, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Outlook.Series, Outlook> eldest) {
          return size() > SERIES_MAX;
        }
      };

  @Override
  public Outlook apply(Outlook.Series series) {
    Outlook known = known(series);
    if (known != null) {
      return known;
    }
    // Two who ask the same at once both work it out: nobody waits for anybody.
    Outlook outlook = Outlook.of(series);
    synchronized (bySeries) {
      bySeries.put(series, outlook);
    }
    return outlook;
  }

  private @Nullable Outlook known(Outlook.Series series) {
    synchronized (bySeries) {
      return bySeries.get(series);
    }
  }

  int size() {
    synchronized (bySeries) {
      return bySeries.size();
    }
  }
}
