package puente.supervisor;

/**
 * How it came to be a process's turn to serve.
 *
 * @param sinceMs the time at which the process before it was no longer there
 */
public record Turn(How how, long sinceMs) {

  /** What became of the process before. */
  public enum How {
    /** There was none. */
    FIRST,
    /** It died. */
    RESPAWNED,
    /** It handed over. */
    TAKEN_OVER
  }

  String text() {
    return Words.SERVE + " " + how + " " + sinceMs;
  }

  /** Reads what the supervisor said. */
  public static Turn parse(String text) {
    String[] words = text.split(" ");
    return new Turn(How.valueOf(words[1]), Long.parseLong(words[2]));
  }
}
