package puente.supervisor;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import puente.net.HeldSockets;
import puente.net.ProcessImage;
import puente.net.UnixSocket;
import puente.supervisor.Child.State;
import puente.supervisor.Inbox.Connected;
import puente.supervisor.Inbox.Disconnected;
import puente.supervisor.Inbox.Ended;
import puente.supervisor.Inbox.Event;
import puente.supervisor.Inbox.Heard;
import puente.supervisor.Inbox.Signalled;
import puente.supervisor.Turn.How;

/**
 * Starts the serving process, holds its sockets open, and starts another one when it dies. It is
 * small and does little that could make it die itself: it sees no packet and reads no configuration.
 * Everything happens on one thread, one event after the other.
 */
public final class Supervisor {

  /** A process that lives shorter counts as one that cannot start. */
  private static final long SETTLED_MS = 10_000;

  private static final long[] BACK_OFF_MS = {0, 0, 100, 500, 1000, 2000};

  /** After so many short lives in a row somebody must look. */
  private static final int SHORT_LIVES_MAX = 8;

  /** A process that is to take over has this long to prepare. */
  private static final long PREPARE_MAX_MS = 60_000;

  /** To stop reading and to write down what is known takes a moment; longer, and it hangs. */
  private static final long YIELD_MAX_MS = 5000;

  /** What waited for a process that has taken over is handled within that time. */
  private static final long CATCH_UP_MS = 1000;

  /** Time for a process that has handed over to close what is left. */
  private static final long LEAVE_MAX_MS = 60_000;

  /** After a second signal a process ends soon; one that does not is ended. */
  private static final long LAST_GRACE_MS = 10_000;

  private static final int EXIT_FAILURE = 1;

  private final List<String> command;
  private final String name;
  private final Inbox inbox = new Inbox(Supervisor::say);
  private final HeldSockets held = new HeldSockets();
  private final List<Child> children = new ArrayList<>();
  private final Map<UnixSocket, Child> childBySocket = new IdentityHashMap<>();
  private final Agenda agenda = new Agenda();
  private final Notices notices = Notices.of(System.getenv());

  private @Nullable Child serving;
  private @Nullable Restart restart;
  private Turn turn = new Turn(How.FIRST, System.currentTimeMillis());
  private boolean wantsStandby;
  private int shortLives;
  private int stops;
  private int exitCode;
  private boolean stopping;

  private Supervisor(List<String> command) {
    this.command = command;
    byte[] random = new byte[8];
    new SecureRandom().nextBytes(random);
    name = "puente-" + ProcessHandle.current().pid() + "-" + HexFormat.of().formatHex(random);
  }

  /**
   * @param command the serving process: the program and its arguments
   */
  public static void main(String[] command) throws IOException, InterruptedException {
    System.exit(new Supervisor(List.of(command)).run());
  }

  private int run() throws IOException, InterruptedException {
    inbox.signals("TERM", "INT", "HUP");
    inbox.listen(UnixSocket.listen(name));
    start(false);
    while (true) {
      agenda.run();
      if (stopping && children.isEmpty()) {
        return exitCode;
      }
      Event event = inbox.next(agenda.idleMs());
      switch (event) {
        case null -> {}
        case Signalled(String signal) -> onSignal(signal);
        case Connected(UnixSocket socket, UnixSocket.Peer peer) -> onConnected(socket, peer);
        case Heard(UnixSocket socket, UnixSocket.Delivery delivery) -> onHeard(socket, delivery);
        case Disconnected(UnixSocket socket) -> onDisconnected(socket);
        case Ended(Child child, int code) -> onEnded(child, code);
      }
    }
  }

  // ---- what is heard

  private void onSignal(String signal) {
    if (signal.equals("HUP")) {
      children.stream().filter(Supervisor::serves).forEach(child -> child.say(signalled(signal)));
      return;
    }
    stops++;
    stopping = true;
    notices.stopping();
    for (Child child : children) {
      if (!serves(child) || !child.say(signalled(signal))) {
        child.process.destroy();
      }
    }
    if (stops > 1) {
      agenda.in(LAST_GRACE_MS, () -> children.forEach(child -> child.process.destroyForcibly()));
    }
  }

  private static String signalled(String signal) {
    return Words.SIGNAL + " " + signal;
  }

  private static boolean serves(Child child) {
    return child.state == State.TAKING
        || child.state == State.SERVING
        || child.state == State.YIELDING;
  }

  private void onConnected(UnixSocket socket, UnixSocket.Peer peer) {
    for (Child child : children) {
      if (child.process.pid() == peer.pid()) {
        child.connected(socket);
        childBySocket.put(socket, child);
        hurry(child);
      }
    }
    inbox.hear(socket);
  }

  private void onHeard(UnixSocket socket, UnixSocket.Delivery delivery) {
    Child child = childBySocket.get(socket);
    if (child == null) {
      UnixSocket.closeAll(delivery.descriptors());
      if (delivery.text().equals(Words.RESTART)) {
        onRestart(socket);
      }
      return;
    }
    if (held.apply(delivery)) {
      return;
    }
    String[] words = delivery.text().split(" ");
    switch (words[0]) {
      case Words.READY -> {
        child.looksAhead = words.length > 1;
        onReady(child);
      }
      case Words.PREPARED -> onPrepared(child);
      case Words.SERVING -> onServing(child, words.length > 1);
      case Words.YIELDED -> onYielded(child);
      default -> say("the server said what is not understood here: " + words[0]);
    }
  }

  private void onReady(Child child) {
    if (child.state != State.STARTING) {
      return; // It has been told to end meanwhile.
    }
    child.state = State.READY;
    Restart planned = restart;
    Child old = serving;
    if (old == null) {
      serve(child);
    } else if (planned != null && planned.next == child) {
      // The many now, while the old one serves; then only what has changed.
      child.give(held);
      if (!child.looksAhead) {
        retire(old);
      } else if (!child.say(Words.SOON)) {
        child.process.destroyForcibly();
      }
    }
  }

  private void onPrepared(Child child) {
    Restart planned = restart;
    Child old = serving;
    if (planned != null && planned.next == child && old != null && old.state == State.SERVING) {
      child.give(held);
      retire(old);
    }
  }

  private void onServing(Child child, boolean standby) {
    child.state = State.SERVING;
    notices.serving();
    wantsStandby = standby;
    answer(Words.DONE + " " + (System.currentTimeMillis() - turn.sinceMs()));
    for (Child other : children) {
      if (other.state == State.GONE && other.looksAhead) {
        other.say(Words.SUCCEEDED);
      }
    }
    // Who has taken over has much to do just now.
    agenda.in(turn.how() == How.TAKEN_OVER ? CATCH_UP_MS : 0, this::startStandby);
  }

  private void onYielded(Child old) {
    old.state = State.GONE;
    agenda.in(LEAVE_MAX_MS, old.process::destroyForcibly);
    replace(0);
  }

  private void onDisconnected(UnixSocket socket) {
    Child child = childBySocket.remove(socket);
    if (child != null && child.state != State.GONE) {
      // Either it is dead, or nobody can tell it anything any more; one that was told to end may.
      agenda.in(stopping ? LAST_GRACE_MS : 0, child.process::destroyForcibly);
    }
    socket.close();
    if (child != null) {
      child.disconnected();
      child.exitCode().ifPresent(code -> onGone(child, code));
    }
  }

  /** What it said last may still be on the way: that it serves, and a socket to be held. */
  private void onEnded(Child child, int code) {
    child.ended(code);
    if (!child.isConnected()) {
      onGone(child, code);
    }
  }

  private void onGone(Child child, int code) {
    children.remove(child);
    State was = child.state;
    child.state = State.GONE;
    if (stopping) {
      exitCode = was == State.SERVING ? ours(code) : exitCode;
    } else if (child == serving || serving == null && was != State.GONE) {
      onServerEnded(child, was, code);
    } else if (was != State.GONE) {
      onWaitingEnded(child, code);
    }
  }

  private void onServerEnded(Child child, State was, int code) {
    boolean served = was == State.SERVING || was == State.YIELDING;
    // The first one knows why it cannot start, unless somebody else ended it.
    if (!served && turn.how() == How.FIRST && !isSignal(code) || code == 0) {
      end(child, code);
      return;
    }
    long now = System.currentTimeMillis();
    if (served) {
      turn = new Turn(How.RESPAWNED, now);
    }
    shortLives = now - child.startedMs < SETTLED_MS ? shortLives + 1 : 0;
    if (shortLives >= SHORT_LIVES_MAX) {
      say(
          "the server died "
              + shortLives
              + " times within seconds ("
              + words(code)
              + "); giving up");
      end(child, EXIT_FAILURE);
      return;
    }
    say("the server died (" + words(code) + "); its sockets are held, another one takes over");
    replace(BACK_OFF_MS[Math.min(shortLives, BACK_OFF_MS.length - 1)]);
  }

  /** Whoever is ready serves next; if nobody is even on the way, one is started. */
  private void replace(long delayMs) {
    serving = null;
    Child next = waiting();
    if (next == null) {
      agenda.in(delayMs, () -> start(false));
    } else if (next.state == State.READY) {
      serve(next);
    } else {
      hurry(next);
    }
  }

  /** Who prepares at leisure is told when nobody serves any more. */
  private void hurry(Child child) {
    if (serving == null && child.state == State.STARTING) {
      child.say(Words.HURRY);
    }
  }

  private void onWaitingEnded(Child child, int code) {
    Restart planned = restart;
    if (planned != null && planned.next == child) {
      answer(Words.FAILED + " the new process ended (" + words(code) + ")");
      // The one that waited before was ended for it.
      startStandby();
    } else {
      say("the standby ended (" + words(code) + "); there is none until the next restart");
      wantsStandby = false;
    }
  }

  /** The outer face knows no exit codes of signals. */
  private static int ours(int code) {
    return isSignal(code) ? EXIT_FAILURE : code;
  }

  private static boolean isSignal(int code) {
    return code > 128;
  }

  private static String words(int code) {
    return isSignal(code) ? "signal " + (code - 128) : "exit code " + code;
  }

  // ---- what is done

  /** Ends everything, since the server ended as it was meant to, or cannot be started. */
  private void end(Child child, int code) {
    if (code == Words.EXIT_ALONE && turn.how() == How.FIRST) {
      leaveAlone();
    }
    exitCode = ours(code);
    stopping = true;
    answer(Words.FAILED + " the server ended");
    children.stream().filter(other -> other != child).forEach(other -> other.process.destroy());
  }

  /** The configuration wants one process: this one becomes it. */
  private void leaveAlone() {
    try {
      ProcessImage.replace(Child.possible(command));
    } catch (IOException failure) {
      say(String.valueOf(failure.getMessage()));
    }
  }

  private void start(boolean warm) {
    if (stopping) {
      return;
    }
    try {
      children.add(Child.start(command, name, warm, inbox::ended));
    } catch (IOException failure) {
      say("the server cannot be started: " + firstLine(failure));
      if (serving == null && ++shortLives < SHORT_LIVES_MAX) {
        agenda.in(BACK_OFF_MS[BACK_OFF_MS.length - 1], () -> start(false));
      } else if (serving == null) {
        say("giving up");
        exitCode = EXIT_FAILURE;
        stopping = true;
      }
    }
  }

  private static String firstLine(IOException failure) {
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
  }

  private void startStandby() {
    if (wantsStandby && waiting() == null) {
      start(true);
    }
  }

  /** The process that waits for its turn, or is about to. */
  private @Nullable Child waiting() {
    for (Child child : children) {
      if (child.state == State.STARTING || child.state == State.READY) {
        return child;
      }
    }
    return null;
  }

  private void serve(Child child) {
    serving = child;
    child.serve(held, turn);
  }

  /** Always a new process, since the one that waits may be of an older version. */
  private void onRestart(UnixSocket asked) {
    Child old = serving;
    if (stopping || restart != null || old == null || old.state != State.SERVING) {
      Restart.answer(asked, Words.FAILED + " it is starting or stopping; try again later");
      return;
    }
    Child standby = waiting();
    if (standby != null) {
      standby.state = State.GONE;
      standby.process.destroy();
    }
    start(true);
    Child next = waiting();
    if (next == null) {
      Restart.answer(asked, Words.FAILED + " no new process can be started; the old one serves on");
      return;
    }
    restart = new Restart(asked, next);
    agenda.in(
        PREPARE_MAX_MS,
        () -> {
          boolean waits = next.state == State.READY && old.state == State.SERVING;
          if (next.state == State.STARTING || waits) {
            next.process.destroyForcibly();
          }
        });
  }

  private void retire(Child old) {
    old.state = State.YIELDING;
    turn = new Turn(How.TAKEN_OVER, System.currentTimeMillis());
    old.say(Words.YIELD);
    agenda.in(
        YIELD_MAX_MS,
        () -> {
          if (old.state == State.YIELDING) {
            old.process.destroyForcibly();
          }
        });
  }

  private void answer(String text) {
    Restart planned = restart;
    if (planned != null) {
      restart = null;
      planned.answer(text);
    }
  }

  private static void say(String line) {
    System.err.println("puente: " + line);
  }
}
