package puente.story;

/**
 * One thing that happened, or the same thing several times in a row.
 *
 * @param what in a few fixed words: {@code allocate}, {@code channel-bind}, {@code close}
 * @param code of the answer; 0 for none
 * @param text what decided, in words
 * @param peer empty if it is about none
 */
public record Step(
    long atMs,
    long untilMs,
    int count,
    String what,
    Outcome outcome,
    int code,
    String text,
    String peer)
    implements Entry {

  /** How it ended. */
  public enum Outcome {
    OK,
    /** Not yet: the client was told what to prove. */
    ASKED,
    REFUSED,
    NOTE
  }

  public static Step of(long atMs, String what, Outcome outcome, int code, String text) {
    return new Step(atMs, atMs, 1, what, outcome, code, text, "");
  }

  public Step withPeer(String newPeer) {
    return new Step(atMs, untilMs, count, what, outcome, code, text, newPeer);
  }

  @Override
  public Step step() {
    return this;
  }

  boolean hasWordsOf(Step other) {
    return code == other.code && text.equals(other.text) && peer.equals(other.peer);
  }

  Step again(Step later) {
    return new Step(atMs, later.untilMs, count + later.count, what, outcome, code, text, peer);
  }
}
