package puente.launcher;

import static puente.launcher.Setting.row;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import puente.launcher.Setting.Group;

/** The rows of the table of {@link Settings} that are about addresses of dead nodes. */
final class TakeoverSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  static final Setting<Path> HOOK =
      row(
              Group.CLUSTER,
              "takeover-hook",
              Type.PATH,
              "Program that brings an address of a dead node to this machine, called with the "
                  + "node and the address.")
          .in(ROWS);
  static final Setting<Duration> AFTER =
      row(
              Group.CLUSTER,
              "takeover-after",
              Type.duration(Duration.ofSeconds(1), Duration.ofHours(1)),
              "With takeover-hook: how long a dead node's address has to be silent before.")
          .fallback("2s")
          .in(ROWS);
  static final Setting<Duration> HOOK_TIMEOUT =
      row(
              Group.CLUSTER,
              "takeover-hook-timeout",
              Type.duration(Duration.ofSeconds(1), Duration.ofMinutes(10)),
              "Longest time of a takeover-hook; one that takes longer is killed.")
          .fallback("10s")
          .in(ROWS);

  private TakeoverSettings() {}

  static void addTo(List<Setting<?>> table) {
    table.addAll(ROWS);
  }
}
