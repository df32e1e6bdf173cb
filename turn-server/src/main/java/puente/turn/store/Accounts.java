package puente.turn.store;

import java.security.MessageDigest;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;
import puente.stun.IntegrityKey;

/**
 * The seam to users that only others know: a database, or a web service. The core only knows the
 * question and the answers; the shell asks, and feeds the answers in.
 */
public interface Accounts {

  /**
   * What the key of this user is.
   *
   * @param id of the request that waits for the answer; 0 where none does
   */
  record Question(long id, String realm, String name, FiveTuple client) {

    /** Whether one that is served is still to be. */
    public static Question again(String realm, String name, FiveTuple client) {
      return new Question(0, realm, name, client);
    }

    public boolean isAgain() {
      return id == 0;
    }
  }

  /** What was found. */
  sealed interface Answer permits Known, Failed {}

  /** There is such a user; a key is null where only the other is known. */
  record Known(@Nullable IntegrityKey md5, @Nullable IntegrityKey sha256, Terms terms)
      implements Answer {

    /** Whether this is one of the user's keys. */
    public boolean has(IntegrityKey key) {
      return isSame(key, md5) || isSame(key, sha256);
    }

    private static boolean isSame(IntegrityKey key, @Nullable IntegrityKey other) {
      return other != null && MessageDigest.isEqual(key.bytes(), other.bytes());
    }
  }

  /** Why there is no key. */
  enum Failed implements Answer {
    /** There is no such user, or none that may come in. */
    UNKNOWN,
    /** Too much is asked at once: the next copy of the request may have more luck. */
    BUSY,
    /** Who knows does not answer. */
    DOWN
  }

  /**
   * What holds for one user beyond what holds for all; 0 is what holds for all.
   *
   * @param quota allocations at a time
   * @param bytesPerSecond of one allocation, each way
   * @param lifetimeSeconds the longest lifetime of an allocation between two refreshes
   * @param uses allocations that may ever be made with this credential
   */
  record Terms(int quota, long bytesPerSecond, int lifetimeSeconds, int uses) {

    public static final Terms NONE = new Terms(0, 0, 0);

    public Terms(int quota, long bytesPerSecond, int lifetimeSeconds) {
      this(quota, bytesPerSecond, lifetimeSeconds, 0);
    }

    public Terms withUses(int newUses) {
      return new Terms(quota, bytesPerSecond, lifetimeSeconds, newUses);
    }

    public Terms {
      if (quota < 0 || bytesPerSecond < 0 || lifetimeSeconds < 0 || uses < 0) {
        throw new IllegalArgumentException("a limit is 0 (none) or more");
      }
    }
  }

  /** Knows nobody. */
  Accounts NOBODY = (question, answer) -> answer.accept(Failed.UNKNOWN);

  /** Answers at once or later, always; the answer is given to whoever asked, on any thread. */
  void ask(Question question, Consumer<Answer> answer);
}
