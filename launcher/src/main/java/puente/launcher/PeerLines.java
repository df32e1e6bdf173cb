package puente.launcher;

import java.io.PrintStream;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.peer.Mesh;
import puente.peer.Peer;

/** What the peers' commands print: data on stdout, all else on stderr, colours on a terminal. */
final class PeerLines {
  private final Surroundings surroundings;
  private final CompletableFuture<String> ended;
  private final boolean isTerminal;
  private final boolean hasColours;
  private boolean isBarShown;
  private @Nullable Consumer<String> above;

  PeerLines(Surroundings surroundings, CompletableFuture<String> ended) {
    this.surroundings = surroundings;
    this.ended = ended;
    isTerminal = System.console() != null && System.console().isTerminal();
    hasColours = isTerminal && !surroundings.environment().containsKey("NO_COLOR");
  }

  boolean isTerminal() {
    return isTerminal;
  }

  /** From now on lines are written above the one that is typed; null: as before. */
  synchronized void above(@Nullable Consumer<String> writer) {
    above = writer;
  }

  synchronized void data(String line) {
    print(surroundings.out(), hour() + SafeText.escape(line));
  }

  synchronized void note(String line) {
    String text = "* " + SafeText.escape(line);
    print(surroundings.err(), hour() + (hasColours ? "\u001b[36m" + text + "\u001b[0m" : text));
  }

  private void print(PrintStream to, String line) {
    clear();
    Consumer<String> writer = above;
    if (writer == null) {
      to.println(line);
    } else {
      writer.accept(line);
    }
  }

  /** A line that is written over by the next; on a terminal alone. */
  synchronized void bar(String line) {
    if (isTerminal) {
      surroundings.err().print("\r" + SafeText.escape(line) + "\u001b[K");
      surroundings.err().flush();
      isBarShown = true;
    }
  }

  void end(String why) {
    ended.complete(why);
  }

  private void clear() {
    if (isBarShown) {
      surroundings.err().print("\r\u001b[K");
      isBarShown = false;
    }
  }

  private String hour() {
    return isTerminal
        ? LocalTime.ofInstant(surroundings.clock().instant(), ZoneId.systemDefault())
                .truncatedTo(ChronoUnit.SECONDS)
            + " "
        : "";
  }

  /** By which path a peer is reached. */
  static String where(Peer peer) {
    String path = peer.path();
    if (peer.isSilent()) {
      return String.format(
          Locale.ROOT, "%s: not heard for %d s", peer.name(), peer.silentMs() / 1000);
    }
    if (path.isEmpty()) {
      return peer.name() + ": no path, trying";
    }
    String code = peer.code();
    double rttMs = peer.rttMs();
    return String.format(
        Locale.ROOT,
        "%s: %s%s%s",
        peer.name(),
        path,
        rttMs == 0 ? "" : String.format(Locale.ROOT, ", %.0f ms", rttMs),
        code.isEmpty() ? "" : ", code " + code);
  }

  /** Says what becomes of the peers. */
  abstract static class Told implements Mesh.Listener {
    /** When a peer came, and what was said of it. */
    private static final class Shown {
      final long beganAt = System.nanoTime();
      String last = "";
      boolean hadPath;
      boolean hadDirect;
    }

    /** As many as may come and go before it is forgotten who they were. */
    private static final int NAMES_MAX = 1_000;

    private final PeerLines said;
    private final Map<String, Shown> shownById = new ConcurrentHashMap<>();

    /** Whoever takes a name that another had is not him: the key is of one run of a program. */
    private final Map<String, String> keyByName = new ConcurrentHashMap<>();

    Told(PeerLines said) {
      this.said = said;
    }

    final PeerLines said() {
      return said;
    }

    @Override
    public void onPeer(Peer peer) {
      shownById.put(peer.id(), new Shown());
      said.note(peer.name() + " is here");
    }

    @Override
    public void onGone(Peer peer, String why) {
      shownById.remove(peer.id());
      said.note(peer.name() + " is gone (" + why + ")");
    }

    @Override
    public void onSilent(Peer peer) {
      said.note(
          String.format(
              Locale.ROOT,
              "%s vanished: not heard for %d s; should it come back, it goes on",
              peer.name(),
              peer.silentMs() / 1000));
    }

    @Override
    public void onBack(Peer peer) {
      said.note(peer.name() + " is heard again");
      onPath(peer);
    }

    @Override
    public void onPath(Peer peer) {
      Shown shown = shownById.get(peer.id());
      if (shown != null) {
        String line = news(peer, shown);
        if (!line.isEmpty()) {
          said.note(line);
        }
      }
    }

    private String news(Peer peer, Shown shown) {
      synchronized (shown) {
        String path = peer.path();
        if (path.isEmpty() && !shown.last.isEmpty()) {
          shown.last = "";
          return peer.isSilent() ? "" : peer.name() + ": the path is gone";
        }
        String now = path + peer.code();
        if (path.isEmpty() || peer.isSilent() || peer.code().isEmpty() || now.equals(shown.last)) {
          return "";
        }
        shown.last = now;
        boolean isFirst = !shown.hadPath || peer.isDirect() && !shown.hadDirect;
        String whose = shown.hadPath ? "" : whose(peer);
        shown.hadPath = true;
        shown.hadDirect |= peer.isDirect();
        long tookMs = (System.nanoTime() - shown.beganAt) / 1_000_000;
        return where(peer) + (isFirst ? "; after " + tookMs + " ms" : "") + whose;
      }
    }

    private String whose(Peer peer) {
      if (keyByName.size() >= NAMES_MAX) {
        keyByName.clear();
      }
      String before = keyByName.put(peer.name(), peer.key());
      if (before == null) {
        return "";
      }
      return before.equals(peer.key())
          ? "; is back with the same key"
          : "; has another key than the " + peer.name() + " before: compare the code";
    }

    @Override
    public void onNotice(String line) {
      said.note(line);
    }

    @Override
    public void onFailed(String why) {
      said.end(why);
    }
  }
}
