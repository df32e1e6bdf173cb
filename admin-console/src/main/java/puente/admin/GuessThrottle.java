package puente.admin;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Slows down those who guess tokens. Knows a bounded number of sources; the one that was quiet
 * longest is forgotten for a new one, so guessing from very many addresses is not slowed down: a
 * long token is what protects against that.
 */
final class GuessThrottle {

  /** Wrong tokens that a source may send within the window. */
  static final int GUESSES_MAX = 5;

  static final long WINDOW_MS = 60_000;
  static final long LOCKOUT_MS = 30_000;

  /** About half a megabyte when full. */
  static final int SOURCES_MAX = 4096;

  private static final class Guesses {
    private int wrong;
    private long since;
    private long lockedUntil = Long.MIN_VALUE;
  }

  private final int guessesMax;

  /** By network, or by what else is guessed at. */
  private final Map<Object, Guesses> guessesBySource =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, Guesses> eldest) {
          return size() > SOURCES_MAX;
        }
      };

  GuessThrottle() {
    this(GUESSES_MAX);
  }

  /**
   * @param guessesMax that are wrong within the window
   */
  GuessThrottle(int guessesMax) {
    this.guessesMax = guessesMax;
  }

  boolean isLocked(InetAddress source, long nowMs) {
    return isLocked((Object) key(source), nowMs);
  }

  /** For what is guessed at: the name of an account. */
  boolean isLocked(Object target, long nowMs) {
    Guesses guesses = guessesBySource.get(target);
    return guesses != null && nowMs < guesses.lockedUntil;
  }

  /** A wrong token came; answers whether the source is locked out from now on. */
  boolean wrong(InetAddress source, long nowMs) {
    return wrong((Object) key(source), nowMs);
  }

  boolean wrong(Object target, long nowMs) {
    Guesses guesses = guessesBySource.computeIfAbsent(target, unused -> new Guesses());
    if (guesses.wrong == 0 || nowMs - guesses.since >= WINDOW_MS) {
      guesses.wrong = 0;
      guesses.since = nowMs;
    }
    guesses.wrong++;
    if (guesses.wrong < guessesMax) {
      return false;
    }
    guesses.wrong = 0;
    guesses.lockedUntil = nowMs + LOCKOUT_MS;
    return true;
  }

  void right(InetAddress source) {
    right((Object) key(source));
  }

  void right(Object target) {
    guessesBySource.remove(target);
  }

  int sources() {
    return guessesBySource.size();
  }

  /** An IPv4 address, or the /64 that one IPv6 host can use at will. */
  private static ByteBuffer key(InetAddress source) {
    return ByteBuffer.wrap(source.getAddress(), 0, source.getAddress().length == 4 ? 4 : 8).slice();
  }
}
