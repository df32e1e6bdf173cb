package puente.launcher;

import static puente.launcher.Setting.row;

import java.util.ArrayList;
import java.util.List;
import puente.launcher.Setting.Group;

/** The rows of the table of {@link Settings} for limits that hold over all nodes. */
final class FleetSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  static final Setting<Long> USER_BPS =
      row(
              Group.LIMITS,
              "user-bps",
              Type.BYTES_PER_SECOND,
              "Bytes/s of all allocations of one user, on all nodes together, each way.")
          .fallback("0")
          .in(ROWS);
  static final Setting<Long> CLUSTER_BPS_CAPACITY =
      row(
              Group.LIMITS,
              "cluster-bps-capacity",
              Type.BYTES_PER_SECOND,
              "Bytes/s of all nodes together, each way.")
          .fallback("0")
          .in(ROWS);

  private FleetSettings() {}

  static void addTo(List<Setting<?>> table) {
    table.addAll(ROWS);
  }
}
