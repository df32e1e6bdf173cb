package puente.launcher;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import puente.peer.FileExchange;
import puente.peer.Peer;

/** A bar, the rate and the paths; without a terminal the beginning and the end of each file. */
abstract class FileProgress implements FileExchange.Progress {
  private static final long REDRAW_NANOS = 200_000_000;
  private static final long PAUSE_NANOS = 300_000_000;
  private static final int BAR = 24;
  private static final int NAMES_MAX = 3;

  private final PeerLines said;
  private final CompletableFuture<Supplier<Collection<Peer>>> peers = new CompletableFuture<>();
  private String current = "";
  private long beganAt = System.nanoTime();
  private long from;
  private long shownAt;
  private long last;
  private long lastAt;
  private long longestPause;

  FileProgress(PeerLines said) {
    this.said = said;
  }

  /** Who is there, as soon as that can be known. */
  void among(Supplier<Collection<Peer>> all) {
    peers.complete(all);
  }

  final PeerLines said() {
    return said;
  }

  @Override
  public final synchronized void begin(String name, long size, long start) {
    forget(name, start);
    said.note(
        name
            + ", "
            + bytes(size)
            + (start == 0 ? "" : ", going on at " + bytes(start))
            + sources(size));
  }

  private void forget(String name, long start) {
    current = name;
    beganAt = System.nanoTime();
    from = start;
    last = start;
    lastAt = 0;
    longestPause = 0;
  }

  @Override
  public final synchronized void at(String name, long size, long bytes) {
    if (!name.equals(current)) {
      forget(name, bytes);
    }
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
            "%s [%s%s] %3d %% %s/s, %s left, by %s",
            name,
            "#".repeat(full),
            ".".repeat(BAR - full),
            size == 0 ? 100 : 100 * bytes / size,
            bytes(rate(now)),
            time((size - bytes) / Math.max(1, rate(now))),
            paths(there())));
  }

  private static String time(long seconds) {
    return seconds < 100
        ? seconds + " s"
        : seconds < 6000 ? seconds / 60 + " min" : seconds / 3600 + " h";
  }

  private long rate(long now) {
    return (long) ((last - from) / Math.max(0.001, (now - beganAt) / 1e9));
  }

  @Override
  public synchronized void done(String name, boolean isGood, String what) {
    long now = System.nanoTime();
    Collection<Peer> all = there();
    said.note(
        String.format(
            Locale.ROOT,
            "%s%s: %s, %.1f s, %s/s by %s%s%s (%s)",
            name,
            sources(last),
            isGood ? "whole" : "FAILED",
            (now - beganAt) / 1e9,
            bytes(rate(now)),
            paths(all),
            relayed(all),
            paused(),
            what));
  }

  @Override
  public final void received(Peer by, String name, String why) {
    said.note(
        why.isEmpty()
            ? String.format(
                Locale.ROOT,
                "%s to %s: whole, by %s%s, %d packets sent again",
                name,
                by.name(),
                by.path().isEmpty() ? "no path" : by.path(),
                relayed(List.of(by)),
                by.resent())
            : name + " to " + by.name() + ": FAILED (" + why + ")");
  }

  /** Who gave what, for those who share a line or pay for a relay. */
  final void served(FileExchange exchange) {
    long all = exchange.served(false);
    long relayed = exchange.served(true);
    if (all > 0) {
      String byRelay = relayed == 0 ? "" : ", " + bytes(relayed) + " of it by the relay";
      said.note("served " + bytes(all) + byRelay);
    }
  }

  private Collection<Peer> there() {
    return peers.isDone() ? peers.join().get() : List.of();
  }

  /** Those who gave at least a hundredth. */
  private String sources(long size) {
    List<String> names =
        there().stream()
            .filter(peer -> peer.receivedBytes() > size / 100)
            .sorted(Comparator.comparingLong(Peer::receivedBytes).reversed())
            .map(Peer::name)
            .toList();
    if (names.isEmpty()) {
      return "";
    }
    String first = names.stream().limit(NAMES_MAX).collect(Collectors.joining(", "));
    int more = names.size() - NAMES_MAX;
    return " from " + first + (more > 0 ? " and " + more + " more" : "");
  }

  private static String paths(Collection<Peer> all) {
    String paths =
        all.stream()
            .map(Peer::path)
            .filter(path -> !path.isEmpty())
            .distinct()
            .sorted()
            .collect(Collectors.joining(" and "));
    return paths.isEmpty() ? "no path" : paths;
  }

  private String paused() {
    return longestPause < PAUSE_NANOS
        ? ""
        : String.format(Locale.ROOT, ", longest pause %.1f s", longestPause / 1e9);
  }

  private static String relayed(Collection<Peer> all) {
    long relayed = all.stream().mapToLong(peer -> peer.bytes(true)).sum();
    long direct = all.stream().mapToLong(peer -> peer.bytes(false)).sum();
    long percent = relayed == 0 ? 0 : Math.round(100.0 * relayed / (relayed + direct));
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
