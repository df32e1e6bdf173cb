package puente.launcher;

import static puente.launcher.Setting.row;

import java.util.ArrayList;
import java.util.List;
import puente.launcher.Setting.Group;

/**
 * The rows of the table of {@link Settings} that are about what outlives the process, or is found
 * out by it.
 */
final class StateSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  static final Setting<Integer> STATE_INTERVAL =
      row(
              Group.PROCESS,
              "state-interval",
              Type.count(0, 10_000),
              "Milliseconds that a change of an allocation waits for others before they are kept "
                  + "in state-dir; 0 keeps none, and a restart ends all.")
          .fallback("20")
          .in(ROWS);
  static final Setting<Boolean> STATE_FSYNC =
      Settings.flag(
              Group.PROCESS,
              "state-fsync",
              "Wait for the disk at each write: allocations then outlive the host, too.")
          .in(ROWS);

  static final Setting<String> DETECT_STUN_SERVER =
      row(
              Group.RELAY,
              "detect-stun-server",
              Type.TEXT,
              "STUN server that external-ip=auto asks besides the cloud, as host or host:port; "
                  + "several times; none: asks nobody outside.")
          .fallback("stun.cloudflare.com")
          .replaces()
          .in(ROWS);

  private StateSettings() {}

  static void addTo(List<Setting<?>> all) {
    all.addAll(ROWS);
  }
}
