package puente.launcher;

import static puente.launcher.Setting.row;

import java.util.ArrayList;
import java.util.List;
import puente.launcher.Setting.Group;

/** The rows of the table of {@link Settings} for more work than there is time. */
final class OverloadSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  static final Setting<Integer> OVERLOAD_SHEDDING =
      row(
              Group.LIMITS,
              "overload-shedding",
              Type.count(0, 10_000),
              "Milliseconds for which UDP packets come faster than they are handled until 401s are"
                  + " left out; five times as long Bindings, fifteen times new Allocates, never"
                  + " what allocations carry. 0 is never.")
          .fallback("100")
          .in(ROWS);

  private OverloadSettings() {}

  static void addTo(List<Setting<?>> table) {
    table.addAll(ROWS);
  }
}
