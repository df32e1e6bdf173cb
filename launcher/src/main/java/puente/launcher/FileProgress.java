package puente.launcher;

import java.util.Locale;
import puente.peer.FileSending;
import puente.peer.Peer;

/** A bar, the rate and the path of one transfer; without a terminal its beginning and end. */
final class FileProgress implements FileSending.Progress {
  private static final long REDRAW_NANOS = 200_000_000;
  private static final long PAUSE_NANOS = 300_000_000;
  private static final int BAR = 24;

  private final PeerLines said;
  private final Peer peer;
  private final String towards;
  private long beganAt = System.nanoTime();
  private long from = -1;
  private long shownAt;
  private long last;
  private long lastAt;
  private long longestPause;

  /**
   * @param towards " to " or " from "
   */
  FileProgress(PeerLines said, Peer peer, String towards) {
    this.said = said;
    this.peer = peer;
    this.towards = towards;
  }

  void begin(String name, long size, long start) {
    beganAt = System.nanoTime();
    from = start;
    said.note(
        String.format(
            Locale.ROOT,
            "%s, %s%s%s%s",
            name,
            bytes(size),
            towards,
            peer.name(),
            start == 0 ? "" : ", going on at " + bytes(start)));
  }

  void at(String name, long size, long bytes) {
    long now = System.nanoTime();
    longestPause = lastAt == 0 ? 0 : Math.max(longestPause, now - lastAt);
    lastAt = now;
    last = bytes;
    if (now - shownAt < REDRAW_NANOS && bytes < size) {
      return;
    }
    shownAt = now;
    int full = size == 0 ? BAR : (int) (BAR * bytes / size);
    said.bar(
        String.format(
            Locale.ROOT,
            "%s%s%s [%s%s] %3d %% %s/s %s",
            name,
            towards,
            peer.name(),
            "#".repeat(full),
            ".".repeat(BAR - full),
            size == 0 ? 100 : 100 * bytes / size,
            bytes(rate(now)),
            peer.path()));
  }

  private long rate(long now) {
    double seconds = Math.max(0.001, (now - beganAt) / 1e9);
    return (long) ((last - Math.max(0, from)) / seconds);
  }

  void done(String name, boolean isGood, String what) {
    long now = System.nanoTime();
    said.note(
        String.format(
            Locale.ROOT,
            "%s%s%s: %s, %.1f s, %s/s by %s%s, %d sent again%s",
            name,
            towards,
            peer.name(),
            isGood ? "whole" : "FAILED",
            (now - beganAt) / 1e9,
            bytes(rate(now)),
            peer.path().isEmpty() ? "no path" : peer.path(),
            relayed() + paused(),
            peer.resent(),
            what.isEmpty() ? "" : " (" + what + ")"));
    from = -1;
    last = 0;
    lastAt = 0;
    longestPause = 0;
  }

  @Override
  public void at(FileSending.Source file, long bytes) {
    if (from < 0) {
      begin(file.name(), file.size(), Math.max(0, bytes - (256 << 10)));
    }
    at(file.name(), file.size(), bytes);
  }

  @Override
  public void done(FileSending.Source file, boolean isGood, String why) {
    done(file.name(), isGood, why);
  }

  private String paused() {
    return longestPause < PAUSE_NANOS
        ? ""
        : String.format(Locale.ROOT, ", longest pause %.1f s", longestPause / 1e9);
  }

  private String relayed() {
    long percent = Math.round(100 * peer.relayedShare());
    return percent == 0 || percent == 100 ? "" : ", " + percent + " % relayed";
  }

  static String bytes(long count) {
    String[] units = {"B", "kB", "MB", "GB", "TB"};
    double value = count;
    int unit = 0;
    while (value >= 1000 && unit < units.length - 1) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  }
}
