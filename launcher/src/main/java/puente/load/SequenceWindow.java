package puente.load;

/** Which numbers of a flow have come: the last 64 below the highest are known one by one. */
final class SequenceWindow {

  /** What a number is to those that came before. */
  enum Verdict {
    NEXT,
    /** Came behind a higher one. */
    BEHIND,
    AGAIN,
    /** Too far behind to tell whether it came before. */
    ANCIENT
  }

  private static final int WIDTH = 64;

  private long highest = -1;
  private long seen;

  Verdict accept(long number) {
    long ahead = number - highest;
    if (ahead > 0) {
      seen = ahead >= WIDTH ? 1 : seen << ahead | 1;
      highest = number;
      return Verdict.NEXT;
    }
    if (-ahead >= WIDTH) {
      return Verdict.ANCIENT;
    }
    long bit = 1L << -ahead;
    if ((seen & bit) != 0) {
      return Verdict.AGAIN;
    }
    seen |= bit;
    return Verdict.BEHIND;
  }
}
