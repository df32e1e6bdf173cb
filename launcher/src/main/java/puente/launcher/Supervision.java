package puente.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;
import puente.net.DescriptorHolder;
import puente.net.EventLoops;
import puente.net.SupervisedSockets;
import puente.supervisor.Notices;
import puente.supervisor.Turn;
import puente.supervisor.Words;

/**
 * The serving process's side of its supervision. Without a supervisor everything here does nothing,
 * and it is always this process's turn.
 */
final class Supervision {
  /** Where {@code puente restart} finds the supervisor's socket. */
  static final String FILE = "supervisor";

  private final String name;
  private final boolean hasTime;
  private final BlockingQueue<String> signals;
  private @Nullable SupervisedSockets sockets;
  private volatile boolean isGone;
  private volatile boolean isUrgent;
  private @Nullable Turn turn;

  private Supervision(String variable, BlockingQueue<String> signals) {
    String[] words = variable.split(" ");
    name = words[0];
    hasTime = words.length > 1 && words[1].equals(Words.WARM);
    this.signals = signals;
  }

  /**
   * @param signals gets the signals that the supervisor passes on, and its other words
   */
  static Supervision of(Map<String, String> environment, BlockingQueue<String> signals) {
    return new Supervision(environment.getOrDefault(Words.VARIABLE, ""), signals);
  }

  private boolean exists() {
    return !name.isEmpty();
  }

  /** Whether there is a supervisor, and the configuration does without. */
  boolean isUnwanted(Config config) {
    return exists()
        && (!config.value(SupervisionSettings.SUPERVISE)
            || config.value(Settings.UDP_IO).equals("nio")
            || !EventLoops.canBeFast());
  }

  /** A signal from the system. Control-C reaches both processes, and one of them is enough. */
  void onSignal(String signal) {
    if (!signal.equals("INT") || !exists() || isGone) {
      signals.add(signal);
    }
  }

  /** Whether somebody else serves, so that there is time to prepare. */
  boolean hasTime() {
    return hasTime;
  }

  /** Whether the other one serves no more, so that preparations are to be cut short. */
  boolean isUrgent() {
    return isUrgent;
  }

  /** Lets the supervisor talk to this process; its turn comes when it is ready. */
  void connect() throws StartFailure {
    if (!exists()) {
      return;
    }
    try {
      sockets = SupervisedSockets.connect(name, this::onWord);
    } catch (IOException refused) {
      throw new StartFailure(StartFailure.Kind.OTHER, "the supervisor is gone", refused);
    }
  }

  /** What is done when the turn is near. */
  interface Outlook {
    void lookAhead() throws StartFailure, InterruptedException;
  }

  /** Waits until nobody else serves; false if it will never be so. */
  boolean awaitTurn(Outlook outlook) throws StartFailure, InterruptedException {
    SupervisedSockets connection = sockets;
    if (connection == null) {
      return true;
    }
    connection.say(Words.READY + " " + Words.AHEAD);
    if (hasTime) {
      Events.info("standby", "meaning", "takes over at once when the server ends");
    }
    while (true) {
      String word = signals.take();
      if (word.startsWith(Words.SERVE + " ")) {
        turn = Turn.parse(word);
        return true;
      }
      if (word.equals(Words.SOON)) {
        outlook.lookAhead();
        connection.say(Words.PREPARED);
      } else if (!word.equals("HUP")) {
        return false;
      }
    }
  }

  private void onWord(String text) {
    if (text.equals(Words.HURRY)) {
      isUrgent = true;
      return;
    }
    isGone |= text.equals(SupervisedSockets.GONE);
    signals.add(text.startsWith(Words.SIGNAL) ? text.substring(Words.SIGNAL.length() + 1) : text);
  }

  DescriptorHolder holder() {
    return sockets == null ? DescriptorHolder.none() : sockets;
  }

  /** Whether nobody served before, so that a person may be watching. */
  boolean isFirst() {
    return turn == null || turn.how() == Turn.How.FIRST;
  }

  /** Tells that clients are served again. */
  void serving(Config config, StateDirectory state) {
    SupervisedSockets connection = sockets;
    Turn mine = turn;
    if (connection == null || mine == null) {
      Notices.of(System.getenv()).serving();
      return;
    }
    connection.say(
        Words.SERVING + (config.value(SupervisionSettings.STANDBY) ? " " + Words.STANDBY : ""));
    long gapMs = System.currentTimeMillis() - mine.sinceMs();
    switch (mine.how()) {
      case FIRST -> writeName(state);
      case RESPAWNED -> Events.warn("respawned", "gap_ms", gapMs);
      case TAKEN_OVER -> Events.info("taken-over", "gap_ms", gapMs);
    }
  }

  private void writeName(StateDirectory state) {
    Path file = state.directory().resolve(FILE);
    try {
      Files.deleteIfExists(file);
      Files.writeString(file, name + "\n", StandardCharsets.US_ASCII);
    } catch (IOException e) {
      Events.warn("supervisor", "file", file, "warning", "cannot be written; no 'puente restart'");
    }
  }

  /** The supervisor's socket, as the serving process wrote it down. */
  static Optional<String> nameIn(Path stateDirectory) {
    try {
      return Optional.of(Files.readString(stateDirectory.resolve(FILE)).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Tells that this process reads no more. */
  void yielded() {
    if (sockets != null) {
      sockets.say(Words.YIELDED);
    }
  }

  /** The process that gets the signals. */
  long pid() {
    ProcessHandle own = ProcessHandle.current();
    return exists() ? own.parent().orElse(own).pid() : own.pid();
  }
}
