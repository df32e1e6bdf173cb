package puente.launcher;

import java.util.ArrayList;
import java.util.List;
import puente.launcher.Setting.Group;

/** The rows of the table of {@link Settings} that are about the process dying. */
final class SupervisionSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  static final Setting<Boolean> SUPERVISE =
      Settings.flag(
              Group.PROCESS,
              "supervise",
              "A small process holds the sockets and starts the server again when it dies (Linux).")
          .fallback("yes")
          .in(ROWS);
  static final Setting<Boolean> STANDBY =
      Settings.flag(
              Group.PROCESS,
              "standby",
              "With supervise: a second process waits, loaded and idle, to take over at once; else "
                  + "one is started when it is needed.")
          .fallback("yes")
          .in(ROWS);

  static final Setting<Boolean> WARM_UP =
      Settings.flag(
              Group.PROCESS,
              "warm-up",
              "After its start, and until clients come, the server rehearses on loopback, a second of "
                  + "CPU, so that the first clients find it compiled.")
          .fallback("yes")
          .in(ROWS);

  private SupervisionSettings() {}

  static void addTo(List<Setting<?>> table) {
    table.addAll(ROWS);
  }
}
